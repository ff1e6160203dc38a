//! Every declared method is there, documented, and refuses wrong params and callers who may not.

use icpy_protocol::API;
use icpy_protocol::api::{Access, MethodInfo};
use icpy_protocol::error::{ERRORS, Kind};
use icpy_tests::Daemon;
use icpyd::caller::Scopes;
use serde_json::Value;

fn methods() -> impl Iterator<Item = &'static MethodInfo> {
    API.iter().flat_map(|namespace| namespace.methods).copied()
}

#[test]
fn every_method_is_mounted_and_refuses_wrong_params() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        for method in methods() {
            // No method takes an array with something in it.
            let error = client.request(method.name, "[7]".to_owned(), false).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidParams, "{}: {error}", method.name);
            assert!(error.message().contains(method.name), "{error}");
        }
    });
}

#[test]
fn every_method_refuses_a_caller_without_its_scope() {
    let all = [Access::Read, Access::Write, Access::Execute, Access::Terminal, Access::Agent, Access::Admin];
    let daemon = Daemon::boot("");
    daemon.run(async {
        for method in methods().filter(|method| method.access != Access::Open) {
            let others: Vec<Access> = all.into_iter().filter(|access| *access != method.access).collect();
            let client = daemon.client_with(Scopes::of(&others)).await;
            // Refused before the params are looked at.
            let error = client.request(method.name, "[7]".to_owned(), false).await.unwrap_err();
            assert_eq!(error.kind(), Kind::PermissionDenied, "{}: {error}", method.name);
        }
        for method in methods().filter(|method| method.access == Access::Open) {
            let client = daemon.client_with(Scopes::of(&[])).await;
            let error = client.request(method.name, "[7]".to_owned(), false).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidParams, "{}: {error}", method.name);
        }
    });
}

#[test]
fn every_method_and_event_is_named_and_documented() {
    let openrpc = icpy_protocol::documents::openrpc();
    let documented: Vec<&str> = names(&openrpc["methods"], "name").collect();
    let man = icpy_protocol::documents::man_page();
    let mut names = Vec::new();
    for namespace in API {
        for method in namespace.methods {
            let (prefix, verb) = method.name.split_once(':').expect("a name has a namespace");
            assert_eq!(prefix, namespace.name);
            assert!(verb.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{verb}");
            assert!(method.doc.trim().ends_with('.'), "{}: its doc is not a sentence", method.name);
            assert!(documented.contains(&method.name), "{}: not in OpenRPC", method.name);
            assert!(man.contains(method.name), "{}: not in the man page", method.name);
            names.push(method.name);
        }
        for event in namespace.events {
            // A service may tell of what another namespace is about.
            let is_declared = |prefix: &str| API.iter().any(|other| other.name == prefix);
            assert!(event.topic.split_once(':').is_some_and(|(prefix, _)| is_declared(prefix)), "{}", event.topic);
            assert!(event.doc.trim().ends_with('.'), "{}: its doc is not a sentence", event.topic);
            names.push(event.topic);
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is declared twice");
}

#[test]
fn the_method_that_answers_for_an_event_needs_no_params() {
    let openrpc = icpy_protocol::documents::openrpc();
    for event in API.iter().flat_map(|namespace| namespace.events) {
        let Some(state) = event.state else { continue };
        let all = openrpc["methods"].as_array().unwrap();
        let method =
            all.iter().find(|method| method["name"] == state).unwrap_or_else(|| panic!("{state} is not declared"));
        let required = method["params"].as_array().unwrap().iter().filter(|param| param["required"] == true);
        assert_eq!(required.count(), 0, "{state}");
    }
}

/// The session adds these to every payload.
#[test]
fn no_payload_has_a_member_that_every_event_has() {
    let schemas = &icpy_protocol::documents::openrpc()["components"]["schemas"];
    for event in API.iter().flat_map(|namespace| namespace.events) {
        if event.delivery == icpy_protocol::api::Delivery::Direct {
            continue;
        }
        let openrpc = icpy_protocol::documents::openrpc();
        let declared = openrpc["x-events"].as_array().unwrap().iter().find(|it| it["topic"] == event.topic).unwrap();
        let name = declared["payload"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let members = schemas[name]["properties"].as_object().unwrap();
        for reserved in ["epoch", "seq", "prev", "subscription"] {
            assert!(!members.contains_key(reserved), "`{}` has a member `{reserved}`", event.topic);
        }
    }
}

#[test]
fn discover_returns_the_committed_document() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let text = client.request("rpc:discover", "{}".to_owned(), true).await.unwrap();
        let served: Value = serde_json::from_str(&text).unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/documents/openrpc.json");
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(served, serde_json::from_str::<Value>(&committed).unwrap());
    });
}

#[test]
fn the_error_codes_of_our_own_are_in_their_range() {
    for info in ERRORS {
        let is_standard = (-32700..=-32600).contains(&info.code) || info.code == -32800;
        assert!(is_standard || (-32019..=-32009).contains(&info.code), "{}", info.code);
    }
}

fn names<'a>(list: &'a Value, member: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().filter_map(move |entry| entry[member].as_str())
}
