//! The types as TypeScript: one declaration for each type, and two maps from names to types, `Methods` and `Events`.

use std::fmt::Write as _;

use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::{definitions, paragraph, reference, schemas};
use crate::API;
use crate::api::SchemaOf;

/// The TypeScript module of this build.
pub fn typescript() -> String {
    let types = definitions(schemas("/definitions"));
    let mut generator = schemas("/definitions");
    let mut out =
        String::from("// The protocol of the icpy workspace daemon. Generated from its declarations: do not edit.\n\n");
    for (name, schema) in &types {
        declaration(&mut out, name, schema);
    }
    let mut rows = Vec::new();
    for method in API.iter().flat_map(|namespace| namespace.methods) {
        let params = type_of(method.params, &mut generator);
        let result = type_of(method.result, &mut generator);
        rows.push((method.name, method.doc, format!("{{ params: {params}; result: {result} }}")));
    }
    map(&mut out, "Methods", "Params and result of every method.", &rows);
    let events = API.iter().flat_map(|namespace| namespace.events);
    let rows: Vec<_> = events.map(|event| (event.topic, event.doc, type_of(event.payload, &mut generator))).collect();
    map(&mut out, "Events", "The payload of every event.", &rows);
    out
}

fn map(out: &mut String, name: &str, doc: &str, rows: &[(&str, &str, String)]) {
    let _ = writeln!(out, "/** {doc} */\nexport interface {name} {{");
    for (key, doc, value) in rows {
        let _ = writeln!(out, "  /** {} */\n  {key:?}: {value};", paragraph(doc));
    }
    out.push_str("}\n\n");
    let length = out.trim_end().len();
    out.truncate(length);
    out.push_str("\n\n");
}

fn type_of(schema: SchemaOf, generator: &mut SchemaGenerator) -> String {
    expression(&schema(generator).to_value())
}

fn declaration(out: &mut String, name: &str, schema: &Value) {
    if let Some(doc) = schema.get("description").and_then(Value::as_str) {
        let _ = writeln!(out, "/** {} */", paragraph(doc));
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        let _ = writeln!(out, "export type {name} = {};\n", declared(schema));
        return;
    };
    let _ = writeln!(out, "export interface {name} {{");
    for (property, schema_of) in properties {
        if let Some(doc) = schema_of.get("description").and_then(Value::as_str) {
            let _ = writeln!(out, "  /** {} */", paragraph(doc));
        }
        let _ = writeln!(out, "  {};", member(schema, property, schema_of));
    }
    out.push_str("}\n\n");
}

/// A type without properties: `Empty` accepts any object.
fn declared(schema: &Value) -> String {
    match expression(schema).as_str() {
        "Record<string, unknown>" => "Record<string, never>".to_owned(),
        other => other.to_owned(),
    }
}

fn member(parent: &Value, name: &str, schema: &Value) -> String {
    let is_required =
        parent.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|it| it == name));
    format!("{name}{}: {}", if is_required { "" } else { "?" }, expression(schema))
}

/// The TypeScript type of a schema.
fn expression(schema: &Value) -> String {
    let Some(schema) = schema.as_object() else {
        return "unknown".to_owned();
    };
    if let Some(name) = reference(&Value::Object(schema.clone())) {
        return name.to_owned();
    }
    for combination in ["anyOf", "oneOf", "enum"] {
        if let Some(parts) = schema.get(combination).and_then(Value::as_array) {
            let part = |value: &Value| {
                if combination == "enum" { value.to_string() } else { expression(value) }
            };
            return union(parts.iter().map(part));
        }
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some([single]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return expression(single);
    }
    match schema.get("type") {
        Some(Value::String(name)) => typed(name, schema),
        Some(Value::Array(names)) => union(names.iter().filter_map(Value::as_str).map(|name| typed(name, schema))),
        _ => "unknown".to_owned(),
    }
}

fn union(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" | ")
}

fn typed(name: &str, schema: &Map<String, Value>) -> String {
    match name {
        "integer" | "number" => "number".to_owned(),
        "boolean" | "string" | "null" => name.to_owned(),
        "array" => format!("Array<{}>", schema.get("items").map_or("unknown".to_owned(), expression)),
        "object" => object(schema),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Map<String, Value>) -> String {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let parent = Value::Object(schema.clone());
        let mut members: Vec<String> =
            properties.iter().map(|(name, property)| member(&parent, name, property)).collect();
        if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
            members.push("[detail: string]: unknown".to_owned());
        }
        return format!("{{ {} }}", members.join("; "));
    }
    let by_pattern = schema.get("patternProperties").and_then(Value::as_object).and_then(|it| it.values().next());
    match by_pattern.or(schema.get("additionalProperties")) {
        Some(values @ Value::Object(_)) => format!("Record<string, {}>", expression(values)),
        _ => "Record<string, unknown>".to_owned(),
    }
}
