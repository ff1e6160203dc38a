//! `icpy call METHOD [JSON]`: any method of the daemon.

use std::io::{self, IsTerminal as _, Read as _};

use icpy::args::General;
use icpy::connection::Connection;
use icpy_protocol::error::Error;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{finder, timeout};
use crate::output::{Failure, print};

pub(super) fn run(method: &str, params: String, general: &General) -> Result<(), Failure> {
    let params = read_params(params)?;
    let connection = Connection::open_or_start(&finder(general)?)?;
    if let Some(timeout) = timeout(general) {
        let cannot = |error: io::Error| Error::unsupported(format!("`--timeout` cannot be kept here: {error}"));
        connection.set_timeout(Some(timeout)).map_err(cannot)?;
    }
    let mut printed = Ok(());
    let result = connection.request(method, params.get(), |method, params| {
        // Pieces of the result and its progress; events need a subscription, which ends with this command.
        if method.starts_with("$/") && printed.is_ok() {
            printed = print(format!("{{\"method\":\"{method}\",\"params\":{params}}}\n").as_bytes());
        }
    })?;
    printed?;
    if general.json || !io::stdout().is_terminal() {
        return Ok(print(format!("{result}\n").as_bytes())?);
    }
    let value: Value = serde_json::from_str(&result).map_err(unreadable)?;
    Ok(print(format!("{value:#}\n").as_bytes())?)
}

/// The params as JSON text without newlines, which would end the request.
fn read_params(params: String) -> Result<Box<RawValue>, Failure> {
    let text = if params == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(|error| Failure::usage(format!("standard input: {error}")))?;
        text
    } else {
        params
    };
    let wrong = |why: String| Failure::usage(format!("the params are not a JSON object: {why}"));
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if !value.is_object() {
        return Err(wrong("they are of another type".to_owned()));
    }
    serde_json::value::to_raw_value(&value).map_err(|error| wrong(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unreadable(error: serde_json::Error) -> Failure {
    Error::internal(format!("icpyd answered with something else: {error}")).into()
}
