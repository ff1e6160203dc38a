//! Who the user is, to Windows: users are told apart by security identifiers, and each object names its owner by one.
//!
//! The lock and the settings lie in the user's profile, which keeps others out. A pipe's name lies in no folder: daemon and
//! client look at the owner instead.

#![expect(unsafe_code, reason = "the system's functions take pointers")]

use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle};
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, LocalFree};
use windows_sys::Win32::Security::Authorization::{ConvertSidToStringSidW, GetSecurityInfo, SE_KERNEL_OBJECT};
use windows_sys::Win32::Security::{
    GetTokenInformation, OWNER_SECURITY_INFORMATION, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Room for what is known of a user, in bytes: an identifier has at most 68.
const USER_BYTES: u32 = 128;

/// The user whom this process runs as: `S-1-5-21-...`.
pub fn current() -> io::Result<String> {
    let mut token = null_mut();
    // SAFETY: the handle of the own process is always valid, and the token's is written into `token`.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: the call has opened it, and nothing else knows of it.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut user = [0_u64; USER_BYTES as usize / size_of::<u64>()];
    let mut written = 0;
    let room = user.as_mut_ptr().cast();
    // SAFETY: there is as much room as the call is told.
    check(unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, room, USER_BYTES, &raw mut written) })?;
    // SAFETY: the call has written a `TOKEN_USER`, whose identifier lies behind it in the same room.
    let identifier = unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    text(identifier)
}

/// Who owns an open object.
pub fn owner_of(object: BorrowedHandle<'_>) -> io::Result<String> {
    let (mut owner, mut descriptor) = (null_mut(), null_mut());
    // SAFETY: the handle is open, and the call writes to the two places or to none.
    let code = unsafe {
        GetSecurityInfo(
            object.as_raw_handle(),
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        )
    };
    if code != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(code.cast_signed()));
    }
    let owner = text(owner);
    // SAFETY: the descriptor is the caller's to free, and the identifier in it is used no more.
    unsafe { LocalFree(descriptor) };
    owner
}

/// An identifier as it is written.
fn text(identifier: PSID) -> io::Result<String> {
    if identifier.is_null() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut text = null_mut();
    // SAFETY: the identifier is one of the system's, and its text is written to where `text` will point.
    check(unsafe { ConvertSidToStringSidW(identifier, &raw mut text) })?;
    // SAFETY: the text ends with a zero.
    let length = (0..).take_while(|place| unsafe { *text.add(*place) } != 0).count();
    // SAFETY: so many letters were just seen.
    let letters = String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) });
    // SAFETY: the text is the caller's to free, and is used no more.
    unsafe { LocalFree(text.cast()) };
    Ok(letters)
}

/// What a call of the system says of itself; where it has failed the system still knows why.
pub fn check(has_succeeded: i32) -> io::Result<()> {
    match has_succeeded {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_an_identifier() {
        let user = current().unwrap();
        assert!(user.starts_with("S-1-5-21-"), "{user}");
    }
}
