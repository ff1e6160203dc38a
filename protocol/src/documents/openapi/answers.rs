//! The answers of operations: results, and every problem that can come.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Types;
use crate::error::{ERRORS, Kind};
use crate::rest::{PROBLEM_TYPE, Resource, Verb};

/// Problems that any operation can have: those of the error table, and what HTTP refuses before.
pub(super) fn any_problem() -> impl Iterator<Item = u16> {
    let mut all: Vec<u16> = ERRORS.iter().map(|info| info.kind.status()).chain([412, 421, 431]).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

pub(super) fn answers(resource: &Resource) -> Value {
    let mut answers: BTreeMap<u16, Value> = any_problem().map(|status| (status, reference(status))).collect();
    let is_get = resource.route.verb == Verb::GET;
    if resource.route.verb.has_body() {
        answers.insert(415, reference(415));
    }
    if resource.is_silent() {
        answers.insert(204, json!({ "description": "It is done." }));
    } else {
        let result = success(resource);
        if resource.route.created.is_some() {
            let mut created = result.clone();
            created["description"] = "Something was made.".into();
            created["headers"]["Location"] = header("Location");
            answers.insert(201, created);
        }
        if resource.route.created.is_none() || resource.may_find() {
            answers.insert(200, result);
        }
        if is_get && resource.has_version() {
            let headers = json!({ "ETag": header("ETag") });
            answers.insert(
                304,
                json!({ "description": "It is of a version that the request names.", "headers": headers }),
            );
        }
    }
    answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect::<Map<_, _>>().into()
}

fn success(resource: &Resource) -> Value {
    let schema = Types::schema(resource.method.result);
    let mut answer = json!({ "description": "The result.", "content": { "application/json": { "schema": schema } } });
    if resource.has_version() {
        answer["headers"]["ETag"] = header("ETag");
    }
    if resource.cursors().next().is_some() {
        answer["headers"]["Link"] = header("Link");
    }
    answer
}

pub(super) fn reference(status: u16) -> Value {
    json!({ "$ref": format!("#/components/responses/{status}") })
}

pub(super) fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// Every problem, by its status.
pub(super) fn problems() -> Value {
    let further = [(412, Kind::Conflict), (415, Kind::Unsupported), (416, Kind::InvalidRequest)];
    let refused = [(421, Kind::PermissionDenied), (431, Kind::TooLarge)];
    let mut kinds: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for info in ERRORS {
        kinds.entry(info.kind.status()).or_default().push(info.name);
    }
    for (status, kind) in further.into_iter().chain(refused) {
        kinds.entry(status).or_insert_with(|| vec![kind.info().name]);
    }
    let answer = |(status, kinds): (u16, Vec<&str>)| {
        let named: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let mut answer = json!({
            "description": named.join(" or "),
            "content": { PROBLEM_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        if status == 401 {
            answer["headers"]["WWW-Authenticate"] = header("WWW-Authenticate");
        }
        if [429, 503].contains(&status) {
            answer["headers"]["Retry-After"] = header("Retry-After");
        }
        (status.to_string(), answer)
    };
    kinds.into_iter().map(answer).collect::<Map<_, _>>().into()
}

/// The schema of problem details.
pub(super) fn problem() -> Value {
    let kinds: Vec<&str> = ERRORS.iter().map(|info| info.name).collect();
    json!({
        "description": "Why a request failed (RFC 9457): branch on `kind`, show `detail`.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "kind", "retryable"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string" },
            "kind": { "type": "string", "enum": kinds },
            "retryable": { "type": "boolean" },
        },
        "additionalProperties": true,
    })
}

/// The headers of answers.
pub(super) fn headers() -> Value {
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "ETag": header("The version of the file, as an entity tag."),
        "Location": header("Where it is found."),
        "Link": header("Where the next page is found, with `rel=\"next\"`; absent on the last one."),
        "Retry-After": { "description": "When to try again, in seconds.", "schema": { "type": "integer" } },
        "WWW-Authenticate": header("How to say who you are."),
        "Content-Range": header("Which bytes of how many these are."),
        "Accept-Ranges": header("`bytes`."),
        "Content-Disposition": header("`attachment`, with the file's name."),
    })
}
