//! The benchmarks of the core. They look at `/proc`, and run on Linux alone.

#![expect(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a program that measures")]
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a measurement that cannot go on has failed")]

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the benchmarks run on Linux");
}
