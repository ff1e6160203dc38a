//! An error as problem details, RFC 9457.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;

/// The media type of [`Problem`].
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// An error as HTTP has it: with the same kind and the same members as everywhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// Names the kind as a URI.
    pub r#type: String,
    /// What the kind means.
    pub title: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The sentence for a person.
    pub detail: String,
    /// The stable name of the error.
    pub kind: &'static str,
    /// Whether the same request may succeed when it is sent again.
    pub retryable: bool,
    /// What else is told of the error.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl Problem {
    /// The error with the status of its kind.
    pub fn new(error: &Error) -> Self {
        let info = error.kind().info();
        let mut details: Map<String, Value> =
            error.details().map(|(name, value)| (name.clone(), value.clone())).collect();
        for taken in ["type", "title", "status", "detail", "instance"] {
            details.remove(taken);
        }
        Self {
            r#type: format!("urn:icpy:error:{}", info.name),
            title: info.meaning,
            status: error.kind().status(),
            detail: error.message().to_owned(),
            kind: info.name,
            retryable: info.retryable,
            details,
        }
    }

    /// With a status that says more than its kind's: what the kind means depends on the request.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// As the body of an answer.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and JSON values can be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_problem_of_its_kind() {
        let error = Error::conflict("`a.py` changed").with("currentVersion", "v2").with("status", "taken");
        assert_eq!(
            Problem::new(&error).status(412).to_json(),
            r#"{"type":"urn:icpy:error:conflict","title":"the thing's state does not allow it: it changed since the version that the caller named, or something would be lost","status":412,"detail":"`a.py` changed","kind":"conflict","retryable":false,"currentVersion":"v2"}"#
        );
    }
}
