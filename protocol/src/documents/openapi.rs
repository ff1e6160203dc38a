//! The OpenAPI 3.1 document, <https://spec.openapis.org/oas/v3.1>, of the methods that have routes.

mod answers;
mod content;
mod operation;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{paragraph, reference};
use crate::API;
use crate::error::{ERRORS, Error};
use crate::rest::{PREFIX, Resources};

/// The OpenAPI document of this build, as `GET /api/v1/openapi.json` returns it.
pub fn openapi() -> Map<String, Value> {
    let resources = Resources::new();
    let types = Types::new(&resources);
    let mut paths: Map<String, Value> = Map::new();
    for resource in resources.all() {
        let path = paths.entry(resource.route.pattern()).or_insert_with(|| json!({}));
        path[resource.route.verb.name().to_lowercase()] = operation::operation(resource, &types);
    }
    content::add(&mut paths);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "icpy",
            "description": "The icpy workspace daemon over HTTP. Each operation is a method of its protocol.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": PREFIX }],
        "security": [{ "token": [] }, { "cookie": [] }],
        "tags": tags(&resources),
        "paths": paths,
        "components": {
            "schemas": types.definitions,
            "responses": answers::problems(),
            "headers": answers::headers(),
            "securitySchemes": security(),
        },
        "x-errors": errors(),
    });
    let Value::Object(document) = document else { unreachable!("the literal above is an object") };
    document
}

/// The schemas of all types that operations name.
struct Types {
    definitions: Map<String, Value>,
}

impl Types {
    fn new(resources: &Resources) -> Self {
        let mut schemas = generator();
        for resource in resources.all() {
            (resource.method.params)(&mut schemas);
            (resource.method.result)(&mut schemas);
        }
        schemas.subschema_for::<Error>();
        let mut definitions = schemas.take_definitions(true);
        definitions.insert("Problem".to_owned(), answers::problem());
        Self { definitions }
    }

    /// A schema, with references to the definitions.
    fn schema(of: crate::api::SchemaOf) -> Value {
        of(&mut generator()).to_value()
    }

    /// The schema of an object itself, and not a reference to it.
    fn object(&self, of: crate::api::SchemaOf) -> Value {
        let schema = Self::schema(of);
        reference(&schema).and_then(|name| self.definitions.get(name)).cloned().unwrap_or(schema)
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|it| it.definitions_path = "/components/schemas".into()).into_generator()
}

fn tags(resources: &Resources) -> Vec<Value> {
    let has_route = |name: &str| resources.all().iter().any(|it| namespace(it.method.name) == name);
    let namespaces = API.iter().filter(|namespace| has_route(namespace.name));
    namespaces.map(|it| json!({ "name": it.name, "description": paragraph(it.doc) })).collect()
}

/// The part of a method's name before the colon.
fn namespace(method: &str) -> &str {
    method.split(':').next().unwrap_or(method)
}

fn security() -> Value {
    json!({
        "token": { "type": "http", "scheme": "bearer", "description": "A token of this daemon." },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "icpy_7070",
            "description": "The login of a browser. The number is the port; over TLS `__Host-` is in front. A request that changes something then carries the `csrfToken` of `auth:whoami` in `X-Icpy-Csrf`.",
        },
    })
}

fn errors() -> Vec<Value> {
    let row = |info: &crate::error::ErrorInfo| json!({ "kind": info.name, "status": info.kind.status(), "message": info.meaning, "retryable": info.retryable });
    ERRORS.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All values of members that are called so.
    fn all<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get(name));
                members.values().for_each(|value| all(value, name, found));
            }
            Value::Array(values) => values.iter().for_each(|value| all(value, name, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = Value::Object(openapi());
        let mut references = Vec::new();
        all(&document, "$ref", &mut references);
        assert!(references.len() > 100);
        for reference in references {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_resource_is_an_operation_with_all_its_members() {
        let document = Value::Object(openapi());
        for resource in Resources::new().all() {
            let path = &document["paths"][resource.route.pattern()];
            let operation = &path[resource.route.verb.name().to_lowercase()];
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"];
            let documented: Vec<&str> = parameters
                .filter(|it| it["in"] != "header")
                .filter_map(|it| it["name"].as_str())
                .chain(body.as_object().into_iter().flat_map(Map::keys).map(String::as_str))
                .collect();
            let mut declared: Vec<&str> = resource.members.iter().map(|it| it.name.as_str()).collect();
            let mut documented = documented;
            declared.sort_unstable();
            documented.sort_unstable();
            assert_eq!(documented, declared, "{}", resource.method.name);
            assert_eq!(operation["x-method"], resource.method.name);
        }
    }
}
