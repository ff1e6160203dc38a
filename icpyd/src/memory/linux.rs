//! Memory that was freed, with the allocator of GNU.

/// Gives the system what was freed. The allocator would keep it for the next one who needs as much.
pub fn give_back() {
    #[expect(unsafe_code, reason = "there is no safe call for it")]
    // SAFETY: it takes a number and looks at the allocator's own things.
    unsafe {
        libc::malloc_trim(0);
    }
}
