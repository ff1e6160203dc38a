//! The command-line client: arguments, command, exit status.

#![cfg_attr(all(unix, not(test)), no_main)]

mod commands;
mod complete;
mod output;
#[cfg(all(unix, not(test)))]
mod unix;

use icpy::args::{self, Args};

/// Without Rust's own start, which takes a tenth of a run to prepare for what never happens here. That start would also
/// ignore SIGPIPE; without it `icpy watch | head` ends as people expect.
#[cfg(all(unix, not(test)))]
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the name is the C library's, and nothing else defines it")]
extern "C" fn main() -> std::ffi::c_int {
    unix::open_standard_streams();
    run().into()
}

#[cfg(any(not(unix), test))]
fn main() -> std::process::ExitCode {
    run().into()
}

fn run() -> u8 {
    if complete::is_asked() {
        return complete::run();
    }
    let Args { general, command } = args::read();
    let status = match commands::run(command, &general) {
        Ok(()) => 0,
        Err(failure) => failure.report(general.json),
    };
    commands::tell_version(&general);
    status
}
