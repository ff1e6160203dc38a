//! Methods as resources over HTTP.

use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use icpy_protocol::auth::AuthScope;
use icpy_protocol::rest::{PREFIX, Place, Resources, Verb};
use icpy_tests::http::{Reply, authorized};
use icpy_tests::{Daemon, Web};
use serde_json::{Value, json};

/// Somebody who may do everything.
struct Rest {
    web: Web,
    token: String,
}

impl Rest {
    async fn start(daemon: &Daemon) -> Self {
        Self { web: Web::start(daemon).await, token: Web::token(daemon, AuthScope::ALL).await }
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        authorized(Request::builder().method(method).uri(format!("{PREFIX}{path}")), &self.token)
    }

    async fn get(&self, path: &str) -> Reply {
        self.web.send(self.request("GET", path), "").await
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header("content-type", "application/json");
        self.web.send(request, body.to_string()).await
    }
}

fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &Rest)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &Rest::start(&daemon).await).await });
}

#[track_caller]
fn is_problem(reply: &Reply, status: u16, kind: &str) {
    assert_eq!(reply.status.as_u16(), status, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{reply:?}");
    let problem = reply.json();
    assert_eq!((problem["status"].as_u64(), &problem["kind"]), (Some(status.into()), &json!(kind)), "{problem}");
    assert!(
        problem["detail"].is_string() && problem["title"].is_string() && problem["retryable"].is_boolean(),
        "{problem}"
    );
}

#[test]
fn a_terminal_lives_as_a_resource() {
    check("", async |_, rest| {
        let made = rest.send("POST", "/terminals", &json!({ "command": ["cat"], "name": "one" })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let id = made.json()["terminalId"].as_str().unwrap().to_owned();
        let location = made.header("location").unwrap().to_owned();
        assert_eq!(location, format!("{PREFIX}/terminals/{id}"));
        let path = location.strip_prefix(PREFIX).unwrap();
        assert_eq!(rest.get(path).await.json()["name"], "one");

        let renamed = rest.send("PATCH", path, &json!({ "name": "two" })).await;
        assert_eq!((renamed.status, &renamed.json()["name"]), (StatusCode::OK, &json!("two")));
        let listed = rest.get("/terminals").await.json();
        assert_eq!(listed["terminals"].as_array().unwrap().len(), 1, "{listed}");
        let size = json!({ "size": { "columns": 40, "rows": 10 } });
        let resized = rest.send("PUT", &format!("{path}/size"), &size).await;
        assert_eq!((resized.status, resized.body.len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(rest.get(path).await.json()["size"], size["size"]);

        let typed = rest.send("POST", &format!("{path}/input"), &json!({ "data": "hello\n" })).await;
        assert_eq!(typed.status, StatusCode::NO_CONTENT, "{typed:?}");
        let mut read = String::new();
        while read.matches("hello").count() < 2 {
            let part =
                rest.send("POST", &format!("{path}/read"), &json!({ "after": read.len(), "waitMs": 5000 })).await;
            read += part.json()["data"].as_str().unwrap();
        }
        let closed = rest.web.send(rest.request("DELETE", path), "").await;
        assert_eq!((closed.status, closed.body.len()), (StatusCode::NO_CONTENT, 0));
        is_problem(&rest.get(path).await, 404, "not_found");
    });
}

#[test]
fn workspaces_and_files_are_resources() {
    check("//- /w/a.py\nx\n//- /w/b/c.py\ny\n", async |daemon, rest| {
        let root = daemon.path("w");
        let made = rest.send("POST", "/workspaces", &json!({ "root": root })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let path = made.header("location").unwrap().strip_prefix(PREFIX).unwrap().to_owned();
        assert_eq!(rest.get(&path).await.json()["workspace"]["root"], json!(root));
        let active = rest.send("POST", &format!("{path}/activate"), &json!({})).await;
        assert_eq!(active.json()["isActive"], true, "{active:?}");
        is_problem(&rest.get("/workspaces/nobody").await, 404, "not_found");

        let open = json!({ "path": daemon.path("w/a.py") });
        let opened = rest.send("POST", "/files", &open).await;
        let id = opened.json()["file"]["fileId"].as_str().unwrap().to_owned();
        assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
        assert_eq!(opened.header("location"), Some(&*format!("{PREFIX}/files/{id}")));
        let again = rest.send("POST", "/files", &open).await;
        assert_eq!((again.status, again.header("location")), (StatusCode::OK, None));
        let closed = rest.web.send(rest.request("DELETE", &format!("/files/{id}?discard=true")), "").await;
        assert_eq!((closed.status, &closed.json()["fileId"]), (StatusCode::OK, &json!(id)));
    });
}

#[test]
fn a_page_leads_to_the_next() {
    check("//- /d/a\n//- /d/b&c\n//- /d/d e\n//- /d/f\n", async |daemon, rest| {
        let mut next = Some(format!("/fs/directory?path={}&limit=1", daemon.path("d").display()));
        let mut names = Vec::new();
        while let Some(path) = next {
            let page = rest.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{page:?}");
            names.push(page.json()["entries"][0]["name"].as_str().unwrap().to_owned());
            next = page.header("link").map(|link| {
                let target = link.strip_suffix(">; rel=\"next\"").unwrap().strip_prefix('<').unwrap();
                target.strip_prefix(PREFIX).unwrap().to_owned()
            });
        }
        assert_eq!(names, ["a", "b&c", "d e", "f"]);
    });
}

#[test]
fn what_is_wrong_is_told_as_a_problem() {
    check("", async |_, rest| {
        let json = |method: &str, path: &str| rest.request(method, path).header("content-type", "application/json");
        is_problem(&rest.get("/nothing").await, 404, "not_found");
        is_problem(&rest.get("/terminals?nothing=1").await, 400, "invalid_params");
        is_problem(&rest.get("/fs/file?path=relative").await, 400, "invalid_params");
        is_problem(&rest.get("/fs/file?path=/nothing").await, 404, "not_found");
        is_problem(&rest.get("/fs/file?path=/").await, 422, "unsupported");
        is_problem(&rest.web.send(json("POST", "/terminals"), "{").await, 400, "parse_error");
        is_problem(&rest.web.send(json("POST", "/terminals"), &b"\"\xff\""[..]).await, 400, "parse_error");
        is_problem(&rest.web.send(json("POST", "/terminals"), "[]").await, 400, "invalid_params");
        is_problem(&rest.web.send(json("POST", "/terminals"), "[".repeat(65)).await, 413, "too_large");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"] {
            let request = rest.request("POST", "/terminals").header("content-type", kind);
            is_problem(&rest.web.send(request, "{}").await, 415, "unsupported");
        }
        let wrong = rest.web.send(rest.request("PUT", "/terminals"), "").await;
        is_problem(&wrong, 405, "method_not_found");
        assert_eq!(wrong.header("allow"), Some("POST, GET, HEAD"));
        let wrong = rest.web.send(rest.request("DELETE", "/fs/content"), "").await;
        is_problem(&wrong, 405, "method_not_found");
        assert!(wrong.header("allow").is_some_and(|allow| allow.contains("PUT")), "{wrong:?}");
        // A condition on what has no version.
        let request = rest.request("DELETE", "/terminals/t1").header("if-match", "\"v1\"");
        is_problem(&rest.web.send(request, "").await, 412, "conflict");
    });
}

#[test]
fn every_resource_refuses_whoever_may_not_use_it() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let resources = Resources::new();
        for scope in AuthScope::ALL {
            let others: Vec<AuthScope> = AuthScope::ALL.iter().copied().filter(|other| other != scope).collect();
            let token = Web::token(&daemon, &others).await;
            for resource in resources.all().iter().filter(|it| it.method.access == scope.access()) {
                let has_path = resource.members.iter().any(|it| it.name == "path" && it.place == Place::Query);
                let has_pattern = resource.members.iter().any(|it| it.name == "pattern" && it.place == Place::Query);
                let query = match (has_path, has_pattern) {
                    (true, true) => "?path=/a&pattern=b",
                    (true, false) if resource.method.name == "fs:find" => "?path=/a&query=b",
                    (true, false) => "?path=/a",
                    _ => "",
                };
                let uri = format!("{PREFIX}{}{query}", resource.route.pattern().replace(['{', '}'], ""));
                let request = || Request::builder().method(resource.route.verb.name()).uri(&uri);
                assert_eq!(web.send(request(), "").await.status, StatusCode::UNAUTHORIZED, "{uri}");
                is_problem(&web.send(authorized(request(), &token), "").await, 403, "permission_denied");
            }
        }
    });
}

#[test]
fn head_is_get_without_the_body() {
    check("", async |_, rest| {
        let resources = Resources::new();
        let plain = resources.all().iter().filter(|it| it.route.verb == Verb::GET && !it.route.pattern().contains('{'));
        for resource in plain.filter(|it| it.members.iter().all(|member| !member.is_required)) {
            let path = resource.route.pattern();
            let head = rest.web.send(rest.request("HEAD", path), "").await;
            assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}: {head:?}");
            assert!(head.header("content-length").is_some_and(|length| length != "0"), "{path}: {head:?}");
        }
    });
}

#[test]
fn the_description_and_its_page_are_served() {
    check("", async |_, rest| {
        let served = rest.get("/openapi.json").await;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/documents/openapi.json");
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(served.json(), committed);
        // The page holds nothing that is not for everybody, and nothing from elsewhere.
        let page = rest.web.get("/api/v1/docs", "").await;
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'self'"));
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        let parts: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert_eq!(parts, ["/assets/docs/docs.css", "/assets/docs/docs.js"]);
        for part in parts.into_iter().chain(["/assets/docs/request.js"]) {
            let reply = rest.web.get(part, "").await;
            assert_eq!(reply.status, StatusCode::OK, "{part}");
            let text = String::from_utf8(reply.body.to_vec()).unwrap();
            assert!(!text.contains("http://") && !text.contains("https://"), "{part} names another host");
        }
        assert!(!text.contains("http://") && !text.contains("<script>") && !text.contains("style="));
    });
}

#[test]
fn a_workspace_and_preferences_are_resources() {
    check("//- /one/a.txt\n//- /more/b.txt\n", async |daemon, rest| {
        let made = rest.send("POST", "/workspaces", &json!({ "root": daemon.path("one") })).await.json();
        let path = format!("/workspaces/{}", made["workspaceId"].as_str().unwrap());
        assert_eq!(rest.send("PATCH", &path, &json!({ "name": "First" })).await.json()["name"], "First");
        let more = daemon.path("more");
        let added = rest.send("POST", &format!("{path}/folders"), &json!({ "path": more })).await;
        assert_eq!(added.json()["folders"], json!([more]));
        let folder = format!("{path}/folders?path={}", more.display());
        assert_eq!(rest.send("DELETE", &folder, &json!({})).await.status, StatusCode::OK);
        is_problem(&rest.send("DELETE", &folder, &json!({})).await, 404, "not_found");
        let document = rest.get(&format!("{path}/document")).await.json();
        is_problem(&rest.send("POST", "/imports", &json!({ "document": document })).await, 409, "already_exists");
        assert!(rest.send("POST", &format!("{path}/close"), &json!({})).await.json()["closedAtMs"].is_u64());
        assert_eq!(rest.get("/workspaces").await.json()["workspaces"], json!([]));
        let closed = rest.get("/workspaces?includeClosed=true").await.json();
        assert_eq!(closed["workspaces"][0]["name"], "First");
        assert_eq!(rest.send("DELETE", &path, &json!({})).await.status, StatusCode::OK);
        let imported = rest.send("POST", "/imports", &json!({ "document": document })).await;
        assert_eq!(imported.status, StatusCode::CREATED, "{imported:?}");
        let location = imported.header("location").unwrap().strip_prefix(PREFIX).unwrap().to_owned();
        assert_eq!(rest.get(&location).await.json()["workspace"]["name"], "First");
        let id = imported.json()["workspace"]["workspaceId"].clone();

        let theme = json!({ "value": "dark", "workspaceId": id });
        assert_eq!(rest.send("PUT", "/preferences/workbench.theme", &theme).await.json()["value"], "dark");
        let all = rest.get(&format!("/preferences?workspaceId={}", id.as_str().unwrap())).await.json();
        assert_eq!(all["preferences"]["workbench.theme"]["layer"], "workspace");
        let wrong = rest.send("PUT", "/preferences/workbench.theme", &json!({ "value": 1 })).await;
        is_problem(&wrong, 400, "invalid_params");
        assert_eq!(wrong.json()["allowed"]["type"], "string");
        assert_eq!(rest.get("/schemas/preferences").await.json()["freePrefix"], "x.");
    });
}
