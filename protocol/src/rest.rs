//! Methods as resources of a REST interface: what a request to a resource is as params, and what a result is as an answer.
//!
//! A path parameter is the member of the params with its name. `GET` and `DELETE` take the other members from the query;
//! `POST`, `PUT` and `PATCH` take them as a JSON object in the body, but for those that the route names in its query. Pure
//! functions of the declarations: not here is HTTP itself.

mod answer;
mod form;
mod percent;
mod problem;
mod request;
mod resource;

use serde::Serialize;

pub use self::answer::Answer;
pub use self::form::Form;
pub use self::problem::{PROBLEM_TYPE, Problem};
pub use self::request::{Request, path_of};
pub use self::resource::{Finding, Member, Place, Resource, Resources};

/// Where all resources are.
pub const PREFIX: &str = "/api/v1";

/// The verb of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "HTTP defines them")]
pub enum Verb {
    GET,
    POST,
    PUT,
    PATCH,
    DELETE,
}

impl Verb {
    /// As it is in a request.
    pub fn name(self) -> &'static str {
        match self {
            Self::GET => "GET",
            Self::POST => "POST",
            Self::PUT => "PUT",
            Self::PATCH => "PATCH",
            Self::DELETE => "DELETE",
        }
    }

    /// Whether a request has a body.
    pub fn has_body(self) -> bool {
        matches!(self, Self::POST | Self::PUT | Self::PATCH)
    }
}

/// Where a method is found.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Route {
    /// The verb.
    pub verb: Verb,
    /// The path below [`PREFIX`], as a template: `/terminals/{terminalId}`. Where a query belongs to what the resource is, its
    /// members stand behind: `/fs/file{?path}`.
    pub path: &'static str,
    /// Where the thing is found that the method makes, as a template of the result's members, or else of the params'. A result
    /// whose `isNew` is false has made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<&'static str>,
}

impl Route {
    /// For `api!` alone.
    pub const fn new(verb: Verb, path: &'static str) -> Self {
        Self { verb, path, created: None }
    }

    /// Declares that the method makes something.
    #[must_use]
    pub const fn created(mut self, path: &'static str) -> Self {
        self.created = Some(path);
        self
    }

    /// The path without a query.
    pub fn pattern(&self) -> &'static str {
        split(self.path).0
    }

    /// The names of the members in the query that belong to the path.
    pub fn query(&self) -> impl Iterator<Item = &'static str> {
        split(self.path).1
    }
}

/// A template's path and the names in its query.
fn split(template: &'static str) -> (&'static str, impl Iterator<Item = &'static str>) {
    let (path, query) = template.split_once("{?").unwrap_or((template, ""));
    (path, query.trim_end_matches('}').split(',').filter(|name| !name.is_empty()))
}

/// The name of a parameter that stands for a whole segment of a path.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::API;
    use crate::api::{Access, MethodInfo};

    fn routes() -> Vec<(&'static MethodInfo, Route)> {
        let methods = API.iter().flat_map(|namespace| namespace.methods).copied();
        methods.filter_map(|method| Some((method, method.rest?))).collect()
    }

    #[test]
    fn a_get_reads_and_does_nothing_else() {
        let gets: Vec<_> = routes().into_iter().filter(|(_, route)| route.verb == Verb::GET).collect();
        assert!(gets.len() > 10);
        for (method, route) in gets {
            assert!(matches!(method.access, Access::Read | Access::Open), "{}", method.name);
            assert!(method.is_idempotent && route.created.is_none(), "{}", method.name);
        }
    }

    #[test]
    fn no_two_routes_are_one() {
        let fits = |one: &str, other: &str| one == other || parameter(one).is_some() || parameter(other).is_some();
        let all = routes();
        for (position, (method, route)) in all.iter().enumerate() {
            for (other_method, other) in &all[position + 1..] {
                let (one, two): (Vec<_>, Vec<_>) =
                    (route.pattern().split('/').collect(), other.pattern().split('/').collect());
                let is_alike = one.len() == two.len() && one.iter().zip(&two).all(|(one, two)| fits(one, two));
                // One path has one name for each of its parameters, and all verbs have the same.
                let is_one = is_alike && (route.verb == other.verb || one != two);
                assert!(!is_one, "{} and {}", method.name, other_method.name);
            }
        }
    }

    #[test]
    fn every_variable_of_a_template_is_declared() {
        for resource in Resources::new().all() {
            let (method, route) = (resource.method.name, resource.route);
            let in_path = route.pattern().split('/').filter_map(parameter);
            for name in in_path.chain(route.query()) {
                assert!(resource.members.iter().any(|member| member.name == name), "{method} has no member `{name}`");
            }
            let Some(created) = route.created else { continue };
            let (path, query) = split(created);
            for name in path.split('/').filter_map(parameter).chain(query) {
                assert!(resource.can_tell(name), "neither params nor result of {method} have `{name}`");
            }
            let is_there = |other: &(_, Route)| {
                other
                    .1
                    .pattern()
                    .split('/')
                    .map(|it| parameter(it).is_some())
                    .eq(path.split('/').map(|it| parameter(it).is_some()))
            };
            assert!(routes().iter().any(is_there), "{method} makes what has no route");
        }
    }
}
