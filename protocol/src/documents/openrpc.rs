//! The OpenRPC 1.3 document, <https://spec.open-rpc.org>, with events, access and REST routes as extensions.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{definitions, paragraph, reference, schemas, summary};
use crate::API;
use crate::api::{EventInfo, MethodInfo, SchemaOf};
use crate::error::ERRORS;

/// The OpenRPC document of this build, as `rpc:discover` returns it.
pub fn openrpc() -> Map<String, Value> {
    let types = definitions(schemas("/components/schemas"));
    let mut generator = schemas("/components/schemas");
    let methods: Vec<Value> =
        API.iter().flat_map(|namespace| namespace.methods).map(|info| method(info, &types, &mut generator)).collect();
    let events: Vec<Value> =
        API.iter().flat_map(|namespace| namespace.events).map(|info| event(info, &mut generator)).collect();
    let document = json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "icpy",
            "description": "The protocol of the icpy workspace daemon: JSON-RPC 2.0, one message per line.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "x-tags": API.iter().map(|it| json!({ "name": it.name, "description": paragraph(it.doc) })).collect::<Vec<_>>(),
        "methods": methods,
        "x-events": events,
        "x-errors": errors(),
        "components": { "schemas": types },
    });
    let Value::Object(document) = document else { unreachable!("the literal above is an object") };
    document
}

fn method(info: &MethodInfo, types: &Map<String, Value>, generator: &mut SchemaGenerator) -> Value {
    let params = resolve(info.params, types, generator);
    let required: Vec<&str> = members(&params, "required").filter_map(Value::as_str).collect();
    let properties = params.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let params: Vec<Value> = properties
        .into_iter()
        .map(|(name, schema)| {
            let is_required = required.contains(&name.as_str());
            json!({ "name": name, "required": is_required, "schema": schema })
        })
        .collect();
    let mut method = json!({
        "name": info.name,
        "summary": summary(info.doc),
        "description": paragraph(info.doc),
        "paramStructure": "by-name",
        "params": params,
        "result": { "name": "result", "schema": (info.result)(generator) },
        "x-access": info.access,
        "x-idempotent": info.is_idempotent,
    });
    if let Some(route) = info.rest {
        method["x-rest"] = json!(route);
    }
    method
}

fn event(info: &EventInfo, generator: &mut SchemaGenerator) -> Value {
    let mut event = json!({
        "topic": info.topic,
        "description": paragraph(info.doc),
        "payload": (info.payload)(generator),
        "delivery": info.delivery,
        "durable": info.is_durable,
        "x-access": info.access,
    });
    if let Some(method) = info.state {
        event["state"] = method.into();
    }
    event
}

fn errors() -> Vec<Value> {
    let row = |info: &crate::error::ErrorInfo| json!({ "code": info.code, "status": info.kind.status(), "kind": info.name, "message": info.meaning, "retryable": info.retryable });
    ERRORS.iter().map(row).collect()
}

/// The schema of a method's params itself, and not a reference to it.
fn resolve(schema: SchemaOf, types: &Map<String, Value>, generator: &mut SchemaGenerator) -> Value {
    let schema = schema(generator).to_value();
    reference(&schema).and_then(|name| types.get(name)).cloned().unwrap_or(schema)
}

fn members<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}
