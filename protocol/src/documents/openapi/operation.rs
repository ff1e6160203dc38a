//! One method as an operation: its parameters, body and answers.

use serde_json::{Map, Value, json};

use super::super::{paragraph, summary};
use super::answers;
use super::{Types, namespace};
use crate::rest::{Form, Member, Place, Resource};

pub(super) fn operation(resource: &Resource, types: &Types) -> Value {
    let method = resource.method;
    let params = types.object(method.params);
    let mut parameters: Vec<Value> = resource
        .members
        .iter()
        .filter(|member| member.place != Place::Body)
        .map(|member| parameter(member, &params["properties"][&member.name]))
        .collect();
    parameters.extend(conditions(resource));
    let mut operation = json!({
        "operationId": method.name.replace(':', "_"),
        "tags": [namespace(method.name)],
        "summary": summary(method.doc),
        "description": paragraph(method.doc),
        "x-method": method.name,
        "x-access": method.access,
        "x-idempotent": method.is_idempotent,
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if resource.route.verb.has_body() {
        operation["requestBody"] = body(resource, &params);
    }
    operation["responses"] = answers::answers(resource);
    operation
}

fn parameter(member: &Member, schema: &Value) -> Value {
    let mut parameter = json!({
        "name": member.name,
        "in": if member.place == Place::Path { "path" } else { "query" },
        "required": member.is_required,
        "description": paragraph(schema.get("description").and_then(Value::as_str).unwrap_or_default()),
    });
    let mut schema = without_null(schema);
    if let Some(members) = schema.as_object_mut() {
        members.remove("description");
    }
    match member.form {
        Form::Json => parameter["content"] = json!({ "application/json": { "schema": schema } }),
        Form::TextOrObject => parameter["schema"] = json!({ "type": "string" }),
        _ => parameter["schema"] = schema,
    }
    if member.place == Place::Path {
        parameter["schema"]["minLength"] = 1.into();
    }
    parameter
}

/// A schema of what is written: what is absent is not written.
fn without_null(schema: &Value) -> Value {
    let is_null = |it: &Value| *it == "null" || it.get("type").is_some_and(|it| it == "null");
    let mut schema = schema.clone();
    for name in ["type", "anyOf"] {
        let Some(alternatives) = schema.get(name).and_then(Value::as_array) else { continue };
        let mut others: Vec<Value> = alternatives.iter().filter(|it| !is_null(it)).cloned().collect();
        match (name, others.len()) {
            ("type", 1) => schema["type"] = others.remove(0),
            ("anyOf", 1) => {
                let only = others.remove(0);
                if let (Some(members), Value::Object(only)) = (schema.as_object_mut(), only) {
                    members.remove("anyOf");
                    members.extend(only);
                }
            }
            _ => schema[name] = others.into(),
        }
    }
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, value| name != "default" || !value.is_null());
    }
    schema
}

/// The headers by which a request depends on a version.
fn conditions(resource: &Resource) -> Vec<Value> {
    let header = |name: &str, description: &str| json!({ "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" } });
    if resource.takes_version() {
        return vec![
            header("If-Match", "The entity tag that the file must have: the same as `baseVersion`."),
            header("If-None-Match", "`*`: the file must not exist. The same as `mustBeNew`."),
        ];
    }
    if resource.route.verb == crate::rest::Verb::GET && resource.has_version() {
        return vec![
            header("If-Match", "Entity tags of which the file must have one."),
            header("If-None-Match", "Entity tags: when the file has one of them the answer is 304 and has no content."),
        ];
    }
    Vec::new()
}

/// The members that are in the body.
fn body(resource: &Resource, params: &Value) -> Value {
    let is_in_body = |name: &str| resource.members.iter().any(|it| it.name == name && it.place == Place::Body);
    let properties = params.get("properties").and_then(Value::as_object).into_iter().flatten();
    let properties: Map<String, Value> =
        properties.filter(|(name, _)| is_in_body(name)).map(|(name, schema)| (name.clone(), schema.clone())).collect();
    let required = params.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: Vec<&Value> = required.filter(|name| name.as_str().is_some_and(is_in_body)).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    let is_required = !required.is_empty();
    if is_required {
        schema["required"] = json!(required);
    }
    json!({ "required": is_required, "content": { "application/json": { "schema": schema } } })
}
