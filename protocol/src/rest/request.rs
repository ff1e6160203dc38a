//! A request to a resource as the params of its method.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Form, Member, Place, Resource, percent};
use crate::error::{Error, Result};
use crate::message::without_place;
use crate::path::FilePath;

/// What of a request becomes params.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// The path's parameters.
    pub path: Vec<(&'static str, String)>,
    /// The query as it was sent.
    pub query: &'a str,
    /// The body; empty when there is none.
    pub body: &'a str,
    /// The version that the thing must have (`If-Match`).
    pub version: Option<String>,
    /// Whether the thing must be new (`If-None-Match: *`).
    pub must_be_new: bool,
}

impl Request<'_> {
    /// The params as JSON. What the schema says of members in the body is left to the method.
    pub fn params(&self, resource: &Resource) -> Result<String> {
        let mut members: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, text) in &self.path {
            add(&mut members, member(resource, name, Place::Path)?, text)?;
        }
        for pair in percent::pairs(self.query) {
            let (name, text) = pair.ok_or_else(not_utf8)?;
            add(&mut members, member(resource, &name, Place::Query)?, &text)?;
        }
        if let Some(version) = &self.version {
            members.insert("baseVersion", version.as_str().into());
        }
        if self.must_be_new {
            members.insert("mustBeNew", true.into());
        }
        let missing = resource.members.iter().filter(|it| it.place != Place::Body && it.is_required);
        for member in missing {
            if !members.contains_key(member.name.as_str()) {
                return Err(Error::invalid_params(format!("`{}` is missing in the query", member.name)));
            }
        }
        self.joined(&members)
    }

    /// The members with those of the body, whose text is kept as it is.
    fn joined(&self, members: &BTreeMap<&str, Value>) -> Result<String> {
        let body = self.body.trim_matches([' ', '\t', '\r', '\n']);
        let body = if body.is_empty() { "{}" } else { body };
        let given: BTreeMap<String, &RawValue> = serde_json::from_str(body).map_err(|error| match error.is_data() {
            true => Error::invalid_params("the body is a JSON object"),
            false => Error::parse_error(format!("the body is not valid JSON: {}", without_place(&error))),
        })?;
        if let Some(name) = members.keys().find(|name| given.contains_key(**name)) {
            return Err(Error::invalid_params(format!("`{name}` is given in the body and before it")));
        }
        let mut params = String::with_capacity(body.len() + 64);
        for (name, value) in members {
            let _ = write!(params, ",\"{name}\":{value}");
        }
        if !given.is_empty() {
            params.push(',');
            params.push_str(body.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or_default());
        }
        Ok(format!("{{{}}}", params.trim_start_matches(',')))
    }
}

/// The member `path` of a query that has nothing else.
pub fn path_of(query: &str) -> Result<FilePath> {
    let mut path = None;
    for pair in percent::pairs(query) {
        let (name, text) = pair.ok_or_else(not_utf8)?;
        if name != "path" || path.is_some() {
            return Err(Error::invalid_params("the query has one `path` and nothing else"));
        }
        path = Some(text);
    }
    let path = path.ok_or_else(|| Error::invalid_params("`path` is missing in the query"))?;
    let wrong = |why: String| Error::invalid_params(format!("`path` is not a path: {why}"));
    let value = Form::TextOrObject.json(&path).map_err(|what| wrong(format!("it is not {what}")))?;
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
}

fn not_utf8() -> Error {
    Error::invalid_request("the query is not UTF-8 in percent-encoding")
}

fn member<'a>(resource: &'a Resource, name: &str, place: Place) -> Result<&'a Member> {
    let found = resource.member(name).filter(|member| member.place == place);
    found.ok_or_else(|| {
        let name: String = name.chars().take(80).collect();
        Error::invalid_params(format!("`{}` takes no `{name}` in the query", resource.method.name))
    })
}

fn add<'a>(members: &mut BTreeMap<&'a str, Value>, member: &'a Member, text: &str) -> Result<()> {
    let name = member.name.as_str();
    let value = member.form.json(text).map_err(|what| Error::invalid_params(format!("`{name}` is not {what}")))?;
    match (&member.form, members.get_mut(name)) {
        (Form::List(_), Some(Value::Array(values))) => values.push(value),
        (Form::List(_), _) => drop(members.insert(name, Value::Array(vec![value]))),
        (_, None) => drop(members.insert(name, value)),
        (_, Some(_)) => return Err(Error::invalid_params(format!("`{name}` is given twice"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Resources};
    use super::*;
    use crate::error::Kind;

    /// The params of `VERB /path?query body`.
    fn params(text: &str) -> Result<String> {
        let (verb, rest) = text.split_once(' ').unwrap();
        let (target, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let resources = Resources::new();
        let Finding::Found(resource, path) = resources.find(verb, path) else { panic!("{text} leads nowhere") };
        Request { path, query, body, version: None, must_be_new: false }.params(resource)
    }

    #[test]
    fn a_request_has_params() {
        let check = |request: &str, expect: &str| assert_eq!(params(request).unwrap(), expect, "{request}");
        check("GET /terminals", "{}");
        check("GET /terminals?workspace=w+1", r#"{"workspace":"w 1"}"#);
        check("GET /terminals/t%22", r#"{"terminalId":"t\""}"#);
        check("GET /fs/file?path=/a%20b&offset=3&length=4", r#"{"length":4,"offset":3,"path":"/a b"}"#);
        check(
            "GET /fs/grep?path=/a&pattern=b&globs=*.rs&globs=!c",
            r#"{"globs":["*.rs","!c"],"path":"/a","pattern":"b"}"#,
        );
        check(r#"GET /fs/directory?path=/a&after={"name":"b"}"#, r#"{"after":{"name":"b"},"path":"/a"}"#);
        check(r#"PUT /fs/file?path=/a {"content":"b"}"#, r#"{"path":"/a","content":"b"}"#);
        check(r#"PATCH /terminals/t1 {"name":"{}"}"#, r#"{"terminalId":"t1","name":"{}"}"#);
        check("POST /terminals", "{}");
        check("POST /terminals {}", "{}");
        check("DELETE /files/f1?discard=true", r#"{"discard":true,"fileId":"f1"}"#);
        // The method is the one to refuse it.
        check(r#"POST /terminals {"name":1,"name":2}"#, r#"{"name":1,"name":2}"#);
        check(r#"POST /fs/copy {"items":[{}]}"#, r#"{"items":[{}]}"#);
        check(
            r#"PUT /terminals/t1/size {"size":{"columns":1,"rows":2}}"#,
            r#"{"terminalId":"t1","size":{"columns":1,"rows":2}}"#,
        );
    }

    #[test]
    fn a_wrong_request_is_refused() {
        let check = |request: &str, kind: Kind, expect: &str| {
            let error = params(request).unwrap_err();
            assert_eq!(error.kind(), kind, "{request}: {error}");
            assert!(error.message().contains(expect), "{request}: {error}");
        };
        check("GET /fs/file", Kind::InvalidParams, "`path` is missing");
        check("GET /fs/file?path=/a&path=/b", Kind::InvalidParams, "`path` is given twice");
        check("GET /fs/file?path=/a&offset=x", Kind::InvalidParams, "`offset` is not an integer");
        check("GET /fs/file?path=/a&limit=1", Kind::InvalidParams, "takes no `limit`");
        check("GET /fs/file?path=/a&stream=true", Kind::InvalidParams, "takes no `stream`");
        check("GET /fs/file?path=%ff", Kind::InvalidRequest, "UTF-8");
        check("GET /terminals/t1?terminalId=t2", Kind::InvalidParams, "takes no `terminalId`");
        check(r#"PATCH /terminals/t1 {"terminalId":"t2"}"#, Kind::InvalidParams, "`terminalId` is given in the body");
        check("PATCH /terminals/t1 [1]", Kind::InvalidParams, "a JSON object");
        check("PATCH /terminals/t1 {", Kind::ParseError, "not valid JSON");
        check("PATCH /terminals/t1 {}{}", Kind::ParseError, "not valid JSON");
        check("PATCH /terminals/t1?name=a", Kind::InvalidParams, "takes no `name`");
    }

    #[test]
    fn preconditions_are_members() {
        let resources = Resources::new();
        let Finding::Found(resource, path) = resources.find("PUT", "/fs/file") else {
            panic!("there is no such route")
        };
        let request =
            Request { path, query: "path=/a", body: "{}", version: Some("v\"".to_owned()), must_be_new: true };
        assert_eq!(request.params(resource).unwrap(), r#"{"baseVersion":"v\"","mustBeNew":true,"path":"/a"}"#);
        let twice = Request { body: r#"{"baseVersion":"v2"}"#, ..request };
        assert_eq!(twice.params(resource).unwrap_err().kind(), Kind::InvalidParams);
    }
}
