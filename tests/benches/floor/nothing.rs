//! The floor of every program: a static binary that does nothing.

#![no_main]

#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    0
}
