//! SQLite's errors as the wire's.

use icpy_protocol::error::Error;
use rusqlite::ErrorCode;

/// What a failure of SQLite means to who asked for the change.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub fn stored(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::unavailable("the disk is full: nothing was stored"),
        Some(ErrorCode::ReadOnly) => Error::unavailable("the store is read-only: nothing was stored"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::unavailable(format!("the store is damaged: {error}"))
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::DatabaseBusy) => {
            Error::unavailable(format!("the store cannot be used: {error}; `icpy doctor` looks for the cause"))
        }
        _ => Error::internal(format!("the store failed: {error}")),
    }
}
