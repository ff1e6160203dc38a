//! What is no method of its own: the bytes of a file as they are, and the description of it all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answers::{any_problem, header, reference};

const BYTES: &str = "application/octet-stream";

/// Adds the operations that are not declared as methods.
pub(super) fn add(paths: &mut Map<String, Value>) {
    paths.insert("/fs/content".to_owned(), json!({ "get": read("get"), "head": read("head"), "put": write() }));
    paths.insert("/openapi.json".to_owned(), json!({ "get": document() }));
}

fn path() -> Value {
    json!({ "name": "path", "in": "query", "required": true, "description": "The file.", "schema": { "type": "string" } })
}

fn condition(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" } })
}

fn read(verb: &str) -> Value {
    let headers = json!({
        "ETag": header("ETag"),
        "Accept-Ranges": header("Accept-Ranges"),
        "Content-Disposition": header("Content-Disposition"),
    });
    let mut part = headers.clone();
    part["Content-Range"] = header("Content-Range");
    let answer = |description: &str, headers: Value| {
        let mut answer = json!({ "description": description, "headers": headers });
        if verb == "get" {
            answer["content"] = json!({ BYTES: { "schema": {} } });
        }
        answer
    };
    let own = [
        (200, answer("All bytes.", headers.clone())),
        (206, answer("The bytes that were asked for.", part)),
        (
            304,
            json!({ "description": "It is of a version that the request names.", "headers": { "ETag": header("ETag") } }),
        ),
        (416, reference(416)),
    ];
    json!({
        "operationId": if verb == "get" { "fs_read_content" } else { "fs_head_content" },
        "tags": ["fs"],
        "summary": "Returns the bytes of a file as they are",
        "description": "Returns the bytes of a file as they are, all or a range of them, whatever its size.",
        "x-method": "fs:read_file",
        "x-access": "read",
        "parameters": [
            path(),
            condition("Range", "Which bytes, as `bytes=0-499`. More than one range is not looked at: all bytes are sent."),
            condition("If-Match", "Entity tags of which the file must have one."),
            condition("If-None-Match", "Entity tags: when the file has one of them the answer is 304 and has no content."),
            condition("If-Range", "The entity tag that the file must have for the range to count."),
        ],
        "responses": with_problems(own),
    })
}

fn write() -> Value {
    let written = |description: &str| {
        json!({
            "description": description,
            "headers": { "ETag": header("ETag") },
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/FsWriteFileResult" } } },
        })
    };
    let mut created = written("The file was made.");
    created["headers"]["Location"] = header("Location");
    json!({
        "operationId": "fs_write_content",
        "tags": ["fs"],
        "summary": "Replaces the bytes of a file, or makes it",
        "description": "Replaces the bytes of a file with those of the body, whatever their number, or makes it: at every moment the file is the old or the new one.",
        "x-method": "fs:write_file",
        "x-access": "write",
        "parameters": [
            path(),
            condition("If-Match", "The entity tag that the file must have."),
            condition("If-None-Match", "`*`: the file must not exist."),
        ],
        "requestBody": { "required": true, "content": { BYTES: { "schema": {} } } },
        "responses": with_problems([(200, written("The file was replaced.")), (201, created)]),
    })
}

fn document() -> Value {
    let answer = json!({ "description": "The document.", "content": { "application/json": { "schema": { "type": "object" } } } });
    json!({
        "operationId": "openapi",
        "tags": ["rpc"],
        "summary": "Returns this document",
        "responses": with_problems([(200, answer)]),
    })
}

fn with_problems<const N: usize>(own: [(u16, Value); N]) -> Value {
    let mut answers: BTreeMap<u16, Value> = any_problem().map(|status| (status, reference(status))).collect();
    answers.extend(own);
    answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect::<Map<_, _>>().into()
}
