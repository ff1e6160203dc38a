//! The result of a method as an answer: its status, and what of it belongs into the head.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Form, PREFIX, Resource, parameter, percent, split};

/// What goes before a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where what was made is found.
    pub location: Option<String>,
    /// The version of what the answer is about.
    pub version: Option<String>,
    /// Where the next page is found.
    pub next: Option<String>,
}

/// The members of an object, whose values are not looked into.
type Members<'a> = HashMap<String, &'a RawValue>;

impl Answer {
    /// The answer to a request that had this path and query and these params, and has this result.
    pub fn of(resource: &Resource, path: &str, query: &str, params: &str, result: &str) -> Self {
        if resource.is_silent() {
            return Self { status: 204, ..Self::default() };
        }
        let mut answer = Self { status: 200, ..Self::default() };
        let is_plain =
            resource.route.created.is_none() && !resource.has_version() && resource.cursors().next().is_none();
        if is_plain {
            return answer;
        }
        let result: Members<'_> = serde_json::from_str(result).unwrap_or_default();
        if let Some(created) = resource.route.created.filter(|_| text(&result, "isNew").as_deref() != Some("false")) {
            let params: Members<'_> = serde_json::from_str(params).unwrap_or_default();
            answer.status = 201;
            answer.location = location(created, |name| text(&result, name).or_else(|| text(&params, name)));
        }
        if resource.has_version() {
            answer.version = text(&result, "version");
        }
        answer.next = next(resource, path, query, &result);
        answer
    }
}

/// A template with the values of its variables; `None` where one has none.
fn location(template: &'static str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (path, query) = split(template);
    let mut location = PREFIX.to_owned();
    for segment in path.split('/').skip(1) {
        location.push('/');
        match parameter(segment) {
            Some(name) => percent::encode(&mut location, &value(name)?, false),
            None => location.push_str(segment),
        }
    }
    for (position, name) in query.enumerate() {
        location.push(if position == 0 { '?' } else { '&' });
        location.push_str(name);
        location.push('=');
        percent::encode(&mut location, &value(name)?, true);
    }
    Some(location)
}

/// The request for the page after this one: with another place to begin at.
fn next(resource: &Resource, path: &str, query: &str, result: &Members<'_>) -> Option<String> {
    let (member, value) = resource.cursors().find_map(|(member, next)| Some((member, text(result, &next)?)))?;
    debug_assert!(!matches!(member.form, Form::List(_)), "a page begins at one place");
    let mut next = format!("{PREFIX}{path}?{}=", member.name);
    percent::encode(&mut next, &value, true);
    for (name, value) in percent::pairs(query).flatten().filter(|(name, _)| *name != member.name) {
        next.push('&');
        percent::encode(&mut next, &name, true);
        next.push('=');
        percent::encode(&mut next, &value, true);
    }
    Some(next)
}

/// A value as it is written in a path or a query: a text as itself, everything else as JSON. `null` is nothing.
fn text(members: &Members<'_>, path: &str) -> Option<String> {
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let value = members.get(name)?;
    if let Some(inner) = inner {
        return text(&Members::deserialize(*value).ok()?, inner);
    }
    match Value::deserialize(*value).ok()? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Request, Resources};
    use super::*;

    fn check(request: &str, body: &str, result: &str, expect: &str) {
        let (verb, target) = request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let resources = Resources::new();
        let Finding::Found(resource, parameters) = resources.find(verb, path) else {
            panic!("{request} leads nowhere")
        };
        let sent = Request { path: parameters, query, body, ..Request::default() };
        let answer = Answer::of(resource, path, query, &sent.params(resource).unwrap(), result);
        let shown = [Some(answer.status.to_string()), answer.location, answer.version, answer.next];
        let shown: Vec<String> = shown.into_iter().flatten().collect();
        assert_eq!(shown.join(" "), expect, "{request}");
    }

    #[test]
    fn what_was_made_has_a_location() {
        check("POST /terminals", "{}", r#"{"terminalId":"t/1"}"#, "201 /api/v1/terminals/t%2F1");
        let file = r#"{"file":{"fileId":"f1"},"isNew":true,"receivers":0}"#;
        check("POST /files", r#"{"path":"/a"}"#, file, "201 /api/v1/files/f1");
        check("POST /files", r#"{"path":"/a"}"#, &file.replace("true", "false"), "200");
        let link = r#"{"path":"/a b","target":"c"}"#;
        check("POST /fs/symlinks", link, "{}", "201 /api/v1/fs/stat?path=/a%20b");
        let path = r#"{"path":{"base64":"/w=="},"target":"c"}"#;
        let expect = "201 /api/v1/fs/stat?path=%7B%22base64%22%3A%22/w%3D%3D%22%7D";
        check("POST /fs/symlinks", path, "{}", expect);
        let written = r#"{"version":"v1","size":1,"isNew":true}"#;
        check("PUT /fs/file?path=/a", r#"{"content":"b"}"#, written, "201 /api/v1/fs/file?path=/a v1");
        check("PUT /fs/file?path=/a", r#"{"content":"b"}"#, &written.replace("true", "false"), "200 v1");
    }

    #[test]
    fn a_result_has_a_status() {
        check("DELETE /terminals/t1", "", "{}", "204");
        check("GET /openrpc", "", r#"{"openrpc":"1.3.2"}"#, "200");
        check("GET /terminals", "", r#"{"terminals":[]}"#, "200");
        check("GET /fs/file?path=/a", "", r#"{"content":"b","version":"v1"}"#, "200 v1");
    }

    #[test]
    fn a_page_names_the_next() {
        check(
            "GET /events/log?afterId=3&limit=2",
            "",
            r#"{"events":[],"nextAfterId":5}"#,
            "200 /api/v1/events/log?afterId=5&limit=2",
        );
        check("GET /events/log", "", r#"{"events":[]}"#, "200");
        let page = r#"{"entries":[],"nextAfter":{"name":"b&c"}}"#;
        let expect = "200 /api/v1/fs/directory?after=%7B%22name%22%3A%22b%26c%22%7D&path=/a%20b&limit=1";
        check("GET /fs/directory?path=/a+b&limit=1", "", page, expect);
    }
}
