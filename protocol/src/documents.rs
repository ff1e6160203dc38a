//! The declarations as documents for others: OpenRPC, OpenAPI, TypeScript types, and the man page of the protocol.
//!
//! Pure functions of [`API`](crate::API): a document says nothing that is not declared. Their committed copies are
//! compared with these by a test.

mod man;
mod openapi;
mod openrpc;
mod prometheus;
mod typescript;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use man::man_page;
pub use openapi::openapi;
pub use openrpc::openrpc;
pub use prometheus::prometheus;
pub use typescript::typescript;

use crate::API;
use crate::error::Error;
use crate::event::EventEntry;
use crate::signal::{AckParams, CancelParams, ProgressParams, StreamParams};

/// What `params` of every event hold beside the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventMeta {
    /// The event's entry in the event log, of what is declared durable and was logged. One that comes from the log, because
    /// `replay` asks for it, has the place of the event before it: its `seq` is its `prev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<EventEntry>,
    /// The subscription that it is delivered for.
    pub subscription: u64,
    /// The `seq` of the event before it on this subscription: another value than the last one seen means that some are
    /// missing.
    pub prev: u64,
    /// The history it belongs to.
    pub epoch: String,
    /// Its number in that history. Numbers rise and have gaps: events that did not match are not sent.
    pub seq: u64,
}

/// The types of all declarations as JSON Schema, with references below `definitions_path`.
fn schemas(definitions_path: &'static str) -> SchemaGenerator {
    SchemaSettings::draft07().with(|settings| settings.definitions_path = definitions_path.into()).into_generator()
}

/// Every type that a declaration reaches, by name.
fn definitions(mut schemas: SchemaGenerator) -> Map<String, Value> {
    for namespace in API {
        for method in namespace.methods {
            (method.params)(&mut schemas);
            (method.result)(&mut schemas);
        }
        for event in namespace.events {
            (event.payload)(&mut schemas);
        }
    }
    schemas.subschema_for::<Error>();
    schemas.subschema_for::<EventMeta>();
    schemas.subschema_for::<CancelParams<'_>>();
    schemas.subschema_for::<AckParams<'_>>();
    schemas.subschema_for::<StreamParams<'_>>();
    schemas.subschema_for::<ProgressParams<'_>>();
    schemas.take_definitions(true)
}

/// The name at the end of a schema's `$ref`.
fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// A doc comment as one paragraph. `rustfmt` has broken its lines and each begins with a space.
fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first sentence of a doc comment.
fn summary(doc: &str) -> String {
    let text = paragraph(doc);
    match text.split_once(". ") {
        Some((first, _)) => first.to_owned(),
        None => text.trim_end_matches('.').to_owned(),
    }
}
