//! Tests of the screen: by hand, and against `alacritty_terminal`, which is what it must agree with.

mod attach;
mod cases;
mod golden;
mod hostile;
mod oracle;
mod random;
mod recorded;
mod reference;
mod reflow;
mod restore;
mod tmux;
mod tokens;
mod view;
mod xterm;
