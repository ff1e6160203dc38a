//! What is declared of each resource, and finding the one that a request names.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Form, Route, Verb, parameter, percent};
use crate::API;
use crate::api::MethodInfo;

/// Where in a request a member of the params is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
    /// The body.
    Body,
}

/// A member of the params.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// How it is written in a path or a query.
    pub form: Form,
    /// Whether the params need it.
    pub is_required: bool,
}

/// One method as a resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The method.
    pub method: &'static MethodInfo,
    /// Its route.
    pub route: Route,
    /// What its params hold. What only makes sense on a connection of the caller's own is left out.
    pub members: Vec<Member>,
    /// The schema of the result, without references.
    result: Value,
}

impl Resource {
    fn new(method: &'static MethodInfo, route: Route, schemas: &mut SchemaGenerator) -> Self {
        let params = (method.params)(schemas).to_value();
        let result = (method.result)(schemas).to_value();
        let required: Vec<&str> =
            params.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = params.get("properties").and_then(Value::as_object).into_iter().flatten();
        let members = properties.filter(|(_, schema)| !needs_session(schema)).map(|(name, schema)| {
            let place = place(route, name);
            let is_required = place == Place::Path || required.contains(&name.as_str());
            Member { name: name.clone(), place, form: Form::of(schema), is_required }
        });
        Self { method, route, members: members.collect(), result }
    }

    /// Whether the result is nothing.
    pub fn is_silent(&self) -> bool {
        self.result.get("properties").is_none() && self.result.get("additionalProperties").is_none()
    }

    /// Whether the result can say that nothing was made.
    pub fn may_find(&self) -> bool {
        self.route.created.is_some() && self.result_has("isNew")
    }

    /// Whether the result names a version of what it is about.
    pub fn has_version(&self) -> bool {
        self.result.pointer("/properties/version/x-etag").is_some()
    }

    /// Whether the request can name the version that it is about.
    pub fn takes_version(&self) -> bool {
        self.member("baseVersion").is_some()
    }

    /// The members of the params that say where the next page begins, each with the member of the result that says so.
    pub fn cursors(&self) -> impl Iterator<Item = (&Member, String)> {
        let next = |member: &str| {
            let (first, rest) = member.split_at(1);
            format!("next{}{rest}", first.to_ascii_uppercase())
        };
        let cursors = self.members.iter().map(move |member| (member, next(&member.name)));
        cursors.filter(|(_, next)| self.route.verb == Verb::GET && self.result_has(next))
    }

    /// Whether a template's variable is a member of the result, or else of the params.
    pub fn can_tell(&self, variable: &str) -> bool {
        self.result_has(variable) || self.member(variable).is_some()
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    fn result_has(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.result, |schema, name| schema.get("properties")?.get(name)).is_some()
    }
}

fn place(route: Route, name: &str) -> Place {
    if route.pattern().split('/').filter_map(parameter).any(|it| it == name) {
        Place::Path
    } else if !route.verb.has_body() || route.query().any(|it| it == name) {
        Place::Query
    } else {
        Place::Body
    }
}

/// Whether a member says what is sent on the caller's own connection.
pub(crate) fn needs_session(schema: &Value) -> bool {
    schema.get("x-needs-session").is_some()
}

/// Every resource, in the order of the declarations.
#[derive(Clone, Debug)]
pub struct Resources(Vec<Resource>);

/// What a verb and a path lead to.
#[derive(Clone, Debug)]
pub enum Finding<'a> {
    /// A resource, and the values of the path's parameters.
    Found(&'a Resource, Vec<(&'static str, String)>),
    /// The path has other verbs.
    OtherVerbs(Vec<Verb>),
    /// Nothing has the path.
    Nothing,
}

impl Resources {
    /// Reads the declarations.
    #[expect(clippy::new_without_default, reason = "there is nothing usual about reading all schemas")]
    pub fn new() -> Self {
        let mut schemas = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true).into_generator();
        let methods = API.iter().flat_map(|namespace| namespace.methods).copied();
        let routed = methods.filter_map(|method| Some((method, method.rest?)));
        Self(routed.map(|(method, route)| Resource::new(method, route, &mut schemas)).collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Resource] {
        &self.0
    }

    /// Finds a resource by a verb and the path below [`PREFIX`](super::PREFIX) as it was sent.
    pub fn find(&self, verb: &str, path: &str) -> Finding<'_> {
        let mut verbs = Vec::new();
        for resource in &self.0 {
            let Some(parameters) = captured(resource.route.pattern(), path) else { continue };
            if resource.route.verb.name() == verb {
                return Finding::Found(resource, parameters);
            }
            verbs.push(resource.route.verb);
        }
        if verbs.is_empty() { Finding::Nothing } else { Finding::OtherVerbs(verbs) }
    }
}

/// The values of a pattern's parameters in a path. None of them is empty.
fn captured(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut given = path.split('/');
    let mut parameters = Vec::new();
    for segment in pattern.split('/') {
        let text = given.next()?;
        match parameter(segment) {
            Some(name) => parameters.push((name, percent::decode(text, false).filter(|value| !value.is_empty())?)),
            None if segment == text => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_a_method() {
        let resources = Resources::new();
        let check = |request: &str, expect: &str| {
            let (verb, path) = request.split_once(' ').unwrap();
            let found = match resources.find(verb, path) {
                Finding::Found(resource, parameters) => format!("{} {parameters:?}", resource.method.name),
                Finding::OtherVerbs(verbs) => format!("{verbs:?}"),
                Finding::Nothing => "nothing".to_owned(),
            };
            assert_eq!(found, expect, "{request}");
        };
        check("GET /terminals", "terminal:list []");
        check("GET /terminals/t%201", r#"terminal:get [("terminalId", "t 1")]"#);
        check("PATCH /terminals/a%2Fb", r#"terminal:rename [("terminalId", "a/b")]"#);
        check("PUT /terminals", "[POST, GET]");
        check("GET /terminals/", "nothing");
        check("GET /terminals/%ff", "nothing");
        check("GET /terminals/t1/", "nothing");
        check("GET /Terminals", "nothing");
        check("GET ", "nothing");
    }

    #[test]
    fn a_members_place_and_form_follow_from_the_route_and_the_schema() {
        let resources = Resources::new();
        let check = |method: &str, member: &str, expect: Option<(Place, Form, bool)>| {
            let resource = resources.all().iter().find(|it| it.method.name == method).unwrap();
            let found = resource.member(member).map(|it| (it.place, it.form.clone(), it.is_required));
            assert_eq!(found, expect, "{method} {member}");
        };
        check("fs:read_file", "path", Some((Place::Query, Form::TextOrObject, true)));
        check("fs:read_file", "offset", Some((Place::Query, Form::Integer, false)));
        check("fs:read_file", "encoding", Some((Place::Query, Form::Text, false)));
        check("fs:read_file", "stream", None);
        check("fs:write_file", "path", Some((Place::Query, Form::TextOrObject, true)));
        check("fs:write_file", "content", Some((Place::Body, Form::Text, true)));
        check("fs:list_directory", "after", Some((Place::Query, Form::Json, false)));
        check("fs:list_directory", "sortBy", Some((Place::Query, Form::Text, false)));
        check("fs:grep", "globs", Some((Place::Query, Form::List(Box::new(Form::Text)), false)));
        check("workspace:activate", "workspaceId", Some((Place::Path, Form::Text, true)));
        check("workspace:get_state", "workspaceId", Some((Place::Path, Form::Text, true)));
        check("terminal:data_in", "viewerId", None);
    }

    #[test]
    fn what_a_result_says_is_known_before() {
        let named = |is_it: fn(&Resource) -> bool| -> Vec<&str> {
            let resources = Resources::new();
            resources.0.into_iter().filter(is_it).map(|it| it.method.name).collect()
        };
        assert_eq!(named(Resource::has_version), ["fs:read_file", "fs:write_file", "fs:commit_write", "fs:stat"]);
        assert_eq!(named(Resource::takes_version), ["fs:write_file", "fs:begin_write"]);
        assert_eq!(named(|it| it.cursors().count() > 0), ["event:list", "file:history", "fs:list_directory"]);
        assert!(named(Resource::is_silent).contains(&"terminal:close"));
        assert!(!named(Resource::is_silent).contains(&"rpc:discover"));
    }
}
