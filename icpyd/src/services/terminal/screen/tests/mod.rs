//! Tests of the screen: by hand, and against `alacritty_terminal`, which is what it must agree with.

mod cases;
mod oracle;
mod random;
mod restore;
mod tokens;
