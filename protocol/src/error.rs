//! The one table of errors that cross the wire: code, stable kind, meaning.
//!
//! A program branches on [`Kind`], a person reads the message. Not here: how an operating system's error becomes one
//! of these (that is the business of the service that saw it).

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

macro_rules! error_table {
    ($($kind:ident $code:literal $name:literal $retryable:ident $meaning:literal $constructor:ident;)+) => {
        /// The stable name of an error, on the wire as `data.kind`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)+
        }

        /// Every error, in the order of the documentation.
        pub const ERRORS: &[ErrorInfo] = &[
            $(ErrorInfo { kind: Kind::$kind, code: $code, name: $name, retryable: $retryable, meaning: $meaning },)+
        ];

        impl Error {
            $(
                #[doc = $meaning]
                pub fn $constructor(message: impl Into<String>) -> Self {
                    Self::new(Kind::$kind, message)
                }
            )+
        }
    };
}

error_table! {
    ParseError -32700 "parse_error" false "the line is not valid JSON or not valid UTF-8" parse_error;
    InvalidRequest -32600 "invalid_request" false "the JSON is not a JSON-RPC 2.0 request" invalid_request;
    MethodNotFound -32601 "method_not_found" false "no method has this name" method_not_found;
    InvalidParams -32602 "invalid_params" false "the params do not fit the method" invalid_params;
    Internal -32603 "internal" false "the daemon failed; its log says more" internal;
    Unauthenticated -32009 "unauthenticated" false "a credential is missing, wrong or no longer good" unauthenticated;
    NotFound -32010 "not_found" false "the named thing does not exist" not_found;
    AlreadyExists -32011 "already_exists" false "the named thing exists already" already_exists;
    PermissionDenied -32012 "permission_denied" false "the caller, or the daemon's user, may not do this" permission_denied;
    Conflict -32013 "conflict" false "the thing's state does not allow it: it changed since the version that the caller named, or something would be lost" conflict;
    TooLarge -32014 "too_large" false "a stated limit on size or number was exceeded" too_large;
    Busy -32015 "busy" true "too much is under way; try again" busy;
    Timeout -32016 "timeout" true "the work did not end within its time" timeout;
    Unsupported -32017 "unsupported" false "the thing exists but is not of a kind that this works on" unsupported;
    Unavailable -32018 "unavailable" true "the daemon or something it needs is not there now: stopping, disk full, store broken" unavailable;
    Gone -32019 "gone" false "the position or session to go on from is no longer kept" gone;
    Cancelled -32800 "cancelled" false "the caller cancelled the request" cancelled;
}

/// One row of the error table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorInfo {
    /// Which error this is.
    pub kind: Kind,
    /// The JSON-RPC error code.
    pub code: i32,
    /// The kind's name on the wire.
    pub name: &'static str,
    /// Whether the same request may succeed when it is sent again.
    pub retryable: bool,
    /// What the error means, as a sentence fragment.
    pub meaning: &'static str,
}

impl Kind {
    /// The row of the table that describes this kind.
    pub fn info(self) -> &'static ErrorInfo {
        ERRORS.iter().find(|info| info.kind == self).expect("the macro writes a row for every kind")
    }

    /// The status of an answer over HTTP that is this error.
    pub fn status(self) -> u16 {
        match self {
            Self::ParseError | Self::InvalidRequest | Self::InvalidParams => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::MethodNotFound | Self::NotFound => 404,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::Unsupported => 422,
            Self::Busy => 429,
            Self::Cancelled => 499,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    fn named(name: &str) -> Option<Self> {
        ERRORS.iter().find(|info| info.name == name).map(|info| info.kind)
    }

    fn coded(code: i64) -> Option<Self> {
        ERRORS.iter().find(|info| i64::from(info.code) == code).map(|info| info.kind)
    }
}

/// An error as it crosses the wire: `{code, message, data: {kind, retryable, ...}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Kind,
    message: Box<str>,
    /// Boxed: an error is rare and a `Result` that carries one should stay small.
    details: Option<Box<Map<String, Value>>>,
}

/// About the most of a message, in bytes: half a path of the longest.
const MESSAGE_BYTES_MAX: usize = 2048;

/// What a handler or a typed client returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind; `message` is a lower-case sentence that names the thing in backticks. Of a very long one the
    /// middle is left out.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: shortened(message.into()).into(), details: None }
    }

    /// Adds a member to `data`, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// Which error this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A request whose connection is lost before its answer: it may be done, and can be sent again where that is harmless.
    pub fn connection_lost(message: impl Into<String>) -> Self {
        Self::unavailable(message).with("connectionLost", true)
    }

    /// Whether the connection was lost before the answer.
    pub fn is_connection_lost(&self) -> bool {
        self.detail("connectionLost").is_some()
    }

    /// What is told beside kind and message.
    pub fn details(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.details.iter().flat_map(|details| details.iter())
    }

    /// A member of `data`, if it was given.
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.details.as_ref()?.get(name)
    }
}

/// A message without its middle where it is too long: that is something of the caller's which is named in it, and the reason
/// is at the end.
fn shortened(message: String) -> String {
    if message.len() <= MESSAGE_BYTES_MAX {
        return message;
    }
    let begin = message.floor_char_boundary(MESSAGE_BYTES_MAX / 2);
    let end = message.ceil_char_boundary(message.len() - MESSAGE_BYTES_MAX / 2);
    format!("{}\u{2026}{}", &message[..begin], &message[end..])
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[derive(Serialize)]
struct ErrorOut<'a> {
    code: i32,
    message: &'a str,
    data: DataOut<'a>,
}

#[derive(Serialize)]
struct DataOut<'a> {
    kind: &'static str,
    retryable: bool,
    #[serde(flatten)]
    details: Option<&'a Map<String, Value>>,
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let info = self.kind.info();
        let data = DataOut { kind: info.name, retryable: info.retryable, details: self.details.as_deref() };
        ErrorOut { code: info.code, message: &self.message, data }.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct ErrorIn {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl<'de> Deserialize<'de> for Error {
    /// A kind that this side does not know (a newer peer's) is read by its code, else as `internal`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let read = ErrorIn::deserialize(deserializer)?;
        let mut details = match read.data {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let named = details.remove("kind").and_then(|kind| Kind::named(kind.as_str()?));
        details.remove("retryable");
        let kind = named.or_else(|| Kind::coded(read.code)).unwrap_or(Kind::Internal);
        let details = (!details.is_empty()).then(|| Box::new(details));
        Ok(Self { kind, message: read.message.into(), details })
    }
}

impl JsonSchema for Error {
    fn schema_name() -> Cow<'static, str> {
        "RpcError".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<&str> = ERRORS.iter().map(|info| info.name).collect();
        json_schema!({
            "description": "Why a request failed: branch on `data.kind`, show `message`.",
            "type": "object",
            "required": ["code", "message", "data"],
            "properties": {
                "code": { "type": "integer" },
                "message": { "type": "string" },
                "data": {
                    "type": "object",
                    "required": ["kind", "retryable"],
                    "properties": {
                        "kind": { "type": "string", "enum": kinds },
                        "retryable": { "type": "boolean" },
                    },
                    "additionalProperties": true,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire_with_its_details() {
        let error = Error::conflict("`a.py` changed").with("currentVersion", "v2");
        let line = serde_json::to_string(&error).unwrap();
        assert_eq!(
            line,
            r#"{"code":-32013,"message":"`a.py` changed","data":{"kind":"conflict","retryable":false,"currentVersion":"v2"}}"#
        );
        assert_eq!(serde_json::from_str::<Error>(&line).unwrap(), error);
    }

    #[test]
    fn a_long_message_lacks_its_middle() {
        let check = |message: &str, expect: &str| assert_eq!(Error::conflict(message).message(), expect);
        let (a, b) = ("a".repeat(MESSAGE_BYTES_MAX / 2), "b".repeat(MESSAGE_BYTES_MAX / 2));
        check(&format!("{a}{b}"), &format!("{a}{b}"));
        check(&format!("{a} and {b}"), &format!("{a}\u{2026}{b}"));
        check(&format!("{}éé{}", &a[1..], &b[1..]), &format!("{}\u{2026}{}", &a[1..], &b[1..]));
    }

    #[test]
    fn an_unknown_kind_is_read_by_its_code_then_as_internal() {
        let check = |line: &str, expect: Kind| assert_eq!(serde_json::from_str::<Error>(line).unwrap().kind(), expect);
        check(r#"{"code":-32013,"message":"m","data":{"kind":"from_the_future"}}"#, Kind::Conflict);
        check(r#"{"code":-31000,"message":"m"}"#, Kind::Internal);
        check(r#"{"code":-32601,"message":"m","data":"text"}"#, Kind::MethodNotFound);
    }

    #[test]
    fn codes_and_names_are_unique() {
        for (position, info) in ERRORS.iter().enumerate() {
            for other in &ERRORS[position + 1..] {
                assert_ne!(info.code, other.code);
                assert_ne!(info.name, other.name);
            }
        }
    }
}
