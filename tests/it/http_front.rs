//! What stands before every route of the listener for HTTP: host, origin, method, type, and what every answer says. Each
//! test is named after a requirement of `docs/security.md`.
//!
//! All of them show a right credential and ask for a file to be written: what is refused has written nothing.

use hyper::{Request, StatusCode};
use icpy_protocol::API;
use icpy_protocol::api::Access;
use icpy_protocol::auth::{AuthClient, AuthCreateLoginLinkParams, AuthScope};
use icpy_protocol::error::Kind;
use icpy_protocol::rest::Verb;
use icpy_protocol::web::{WebClient, WebStartParams};
use icpy_tests::http::authorized;
use icpy_tests::{Daemon, RawReply, Web, refused};
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

const ALL: &[AuthScope] = AuthScope::ALL;

/// A daemon that listens, and somebody who may do everything there.
struct Victim<'a> {
    daemon: &'a Daemon,
    web: Web,
    token: String,
    /// Asks for the canary to be written.
    write: String,
}

impl<'a> Victim<'a> {
    async fn new(daemon: &'a Daemon) -> Self {
        let params = json!({ "path": daemon.path("canary"), "content": "sings" });
        let write = json!({ "jsonrpc": "2.0", "id": 1, "method": "fs:write_file", "params": params }).to_string();
        Self { daemon, web: Web::start(daemon).await, token: Web::token(daemon, ALL).await, write }
    }

    /// A request that writes the canary, with this for its first line and more headers.
    fn request(&self, line: &str, headers: &str) -> String {
        let (token, body) = (&self.token, &self.write);
        format!(
            "{line}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        )
    }

    async fn ask(&self, line: &str, headers: &str) -> RawReply {
        let request = self.request(line, headers);
        self.web.ask(&request).await.unwrap_or_else(|| panic!("no answer to {request}"))
    }

    /// A request that is answered so, and does nothing.
    async fn refuses(&self, line: &str, headers: &str, status: u16) {
        let reply = self.ask(line, headers).await;
        assert_eq!(reply.status, status, "{line} {headers}: {reply:?}");
        assert!(!self.daemon.path("canary").exists(), "{line} {headers} has written the file");
    }

    /// The same request without what is wrong in it is served: else the test shows nothing.
    async fn serves(&self, line: &str, headers: &str) {
        let reply = self.ask(line, headers).await;
        assert_eq!(reply.status, 200, "{line} {headers}: {reply:?}");
        std::fs::remove_file(self.daemon.path("canary")).unwrap();
    }

    /// A header that names the host.
    fn host(&self) -> String {
        format!("Host: {}\r\n", self.web.address)
    }
}

const POST: &str = "POST /rpc HTTP/1.1";

#[test]
fn s16_others_reach_it_only_when_that_is_said_and_encrypted() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = WebClient::new(daemon.client().await);
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let params = WebStartParams { address: Some(address.to_owned()) };
            refused(client.start(&params).await, Kind::InvalidParams, "can be reached by others");
        }
        assert!(Web::start(&daemon).await.address.ip().is_loopback());
    });
}

#[test]
fn s17_another_host_is_refused_however_it_is_named() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let (host, port) = (victim.host(), victim.web.address.port());
        victim.serves(POST, &host).await;
        victim.serves(POST, &format!("hOST:   localhost:{port}  \r\n")).await;
        victim.serves(&format!("POST http://127.0.0.1:{port}/rpc HTTP/1.1"), &host).await;
        victim.refuses(POST, "", 421).await;
        victim.refuses("POST /rpc HTTP/1.0", "", 421).await;
        victim.refuses(POST, &host.repeat(2), 421).await;
        victim.refuses(POST, &format!("{host}Host: evil.test:{port}\r\n"), 421).await;
        victim.refuses(&format!("POST http://evil.test:{port}/rpc HTTP/1.1"), &host, 421).await;
        victim.refuses(&format!("POST http://user@127.0.0.1:{port}/rpc HTTP/1.1"), &host, 421).await;
        let others = [
            format!("evil.test:{port}"),
            "127.0.0.1".to_owned(),
            "localhost".to_owned(),
            format!("localhost:{}", port.wrapping_add(1)),
            format!("localhost.evil.test:{port}"),
            format!("127.0.0.1:{port}.evil.test"),
            format!("evil.test@127.0.0.1:{port}"),
            format!("127.0.0.1:{port}, evil.test"),
            format!("127.0.0.1:{port}/"),
            format!("0.0.0.0:{port}"),
            format!("127.1:{port}"),
            format!("2130706433:{port}"),
            format!("localhost.:{port}"),
            format!("localhost:0{port}"),
            String::new(),
        ];
        for other in others {
            victim.refuses(POST, &format!("Host: {other}\r\n"), 421).await;
        }
        // What is served to all is served under our names alone, too.
        for path in
            ["/", "/assets/login.js", "/healthz", "/login", "/ws", "/metrics", "/api/v1/auth/whoami", "/nothing"]
        {
            let reply = victim.web.send(Request::get(path).header("host", format!("evil.test:{port}")), "").await;
            assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        }
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        let authorization = format!("Authorization: Bearer {}\r\n", victim.token);
        for (host, status) in [(host, 101), (format!("Host: evil.test:{port}\r\n"), 421)] {
            let reply =
                victim.web.ask(format!("GET /ws HTTP/1.1\r\n{host}{authorization}{upgrade}\r\n")).await.unwrap();
            assert_eq!(reply.status, status, "{reply:?}");
        }
    });
}

#[test]
fn s18_a_page_of_another_origin_is_refused_before_its_credential_is_looked_at() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let (host, address) = (victim.host(), victim.web.address);
        let port = address.port();
        victim.serves(POST, &format!("{host}Origin: http://{address}\r\n")).await;
        let others = [
            "null".to_owned(),
            String::new(),
            "*".to_owned(),
            "http://evil.test".to_owned(),
            format!("http://evil.test:{port}"),
            format!("https://{address}"),
            format!("http://localhost:{port}"),
            format!("http://{address}.evil.test"),
            format!("http://{address}/"),
            format!("http://evil@{address}"),
            format!("http://{address} http://evil.test"),
            format!("chrome-extension://{address}"),
        ];
        for origin in others {
            victim.refuses(POST, &format!("{host}Origin: {origin}\r\n"), 403).await;
        }
        victim.refuses(POST, &format!("{host}Origin: http://{address}\r\nOrigin: http://evil.test\r\n"), 403).await;
        // Whoever guesses from a page does not hear whether the guess was right, nor slows down anybody else.
        for _ in 0..10 {
            let guess = authorized(Request::post("/rpc"), "icpy_wrong").header("origin", "http://evil.test");
            assert_eq!(victim.web.send(guess, "").await.status, StatusCode::FORBIDDEN);
        }
        let wrong = victim.web.get("/metrics", "icpy_wrong").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "no failure was counted before");
        for path in ["/", "/assets/login.js", "/healthz", "/login", "/metrics"] {
            let reply = victim.web.send(Request::get(path).header("origin", "http://evil.test"), "").await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        }
        let bearer = format!("Bearer {}", victim.token);
        for origin in ["http://evil.test", "null", &format!("http://localhost:{port}")] {
            let headers = [("authorization", &*bearer), ("origin", origin)];
            let upgrade = victim.web.socket("/ws", &headers).await.unwrap_err();
            assert!(matches!(&upgrade, Error::Http(answer) if answer.status() == 403), "{origin}: {upgrade}");
        }
    });
}

#[test]
fn s19_nobody_else_may_read_an_answer() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let own = format!("http://{}", victim.web.address);
        for origin in ["http://evil.test", "null", &own] {
            let ask = format!("{}Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n", victim.host());
            let ask = format!("{ask}Access-Control-Request-Headers: authorization,content-type\r\n");
            for line in [POST, "OPTIONS /rpc HTTP/1.1", "GET / HTTP/1.1", "GET /healthz HTTP/1.1", "OPTIONS * HTTP/1.1"]
            {
                let reply = victim.ask(line, &ask).await;
                assert!(!reply.head.contains("access-control-"), "{line} {origin}: {reply:?}");
                let is_refused = origin != own || line.starts_with("OPTIONS");
                assert!(reply.status < 300 || is_refused, "{line} {origin}: {reply:?}");
                assert!(reply.status >= 400 || !line.starts_with("OPTIONS"), "{line} {origin}: {reply:?}");
            }
        }
    });
}

#[test]
fn s20_what_a_form_can_send_is_no_json() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let kinds =
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"];
        for kind in kinds.into_iter().chain([
            "application/jsonp",
            "text/plain; application/json",
            "application/json, text/plain",
        ]) {
            for path in ["/rpc", "/login"] {
                let request = authorized(Request::post(path), &victim.token).header("content-type", kind);
                let reply = victim.web.send(request, victim.write.clone()).await;
                assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {kind}");
            }
        }
        let none = victim.web.send(authorized(Request::post("/rpc"), &victim.token), victim.write.clone()).await;
        assert_eq!(none.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(!daemon.path("canary").exists());
    });
}

#[test]
fn s21_what_a_browser_says_of_its_request_is_believed_to_refuse_it() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let says = |site: &str| format!("{}Sec-Fetch-Site: {site}\r\n", victim.host());
        victim.serves(POST, &says("same-origin")).await;
        victim.serves(POST, &says("none")).await;
        for site in ["cross-site", "same-site"] {
            victim.refuses(POST, &says(site), 403).await;
            let visit = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
            victim.refuses(POST, &format!("{}{visit}", says(site)), 403).await;
            victim.refuses("GET /metrics HTTP/1.1", &says(site), 403).await;
        }
    });
}

#[test]
fn s22_what_is_asked_for_by_get_changes_nothing() {
    let of_get = API.iter().flat_map(|namespace| namespace.methods).filter_map(|it| Some((it, it.rest?)));
    for (method, _) in of_get.filter(|(_, route)| route.verb == Verb::GET) {
        assert!(matches!(method.access, Access::Read | Access::Open), "`{}` is asked for by GET", method.name);
    }
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        for line in ["GET /rpc HTTP/1.1", "HEAD /rpc HTTP/1.1", "GET /logout HTTP/1.1"] {
            victim.refuses(line, &victim.host(), 405).await;
        }
        let written = victim.write.replace('"', "%22").replace(' ', "%20").replace('{', "%7b").replace('}', "%7d");
        let query = format!("GET /rpc?{written} HTTP/1.1");
        victim.refuses(&query, &victim.host(), 405).await;
    });
}

#[test]
fn s23_a_cookie_alone_changes_nothing() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        let [cookie, other] = [logged_in(&victim.web, &auth).await, logged_in(&victim.web, &auth).await];
        let csrf = csrf_of(&victim.web, &cookie).await;
        let post = |csrf: Option<&str>| {
            let request = Request::post("/rpc").header("content-type", "application/json").header("cookie", &cookie);
            let request = match csrf {
                Some(csrf) => request.header("x-icpy-csrf", csrf),
                None => request,
            };
            victim.web.send(request, victim.write.clone())
        };
        let foreign = csrf_of(&victim.web, &other).await;
        for wrong in [None, Some(""), Some("wrong"), Some(&csrf[1..]), Some(&foreign)] {
            let reply = post(wrong).await;
            assert_eq!(
                (reply.status, reply.json()["kind"].as_str()),
                (StatusCode::FORBIDDEN, Some("permission_denied"))
            );
            assert!(!daemon.path("canary").exists(), "{wrong:?}");
        }
        assert_eq!(post(Some(&csrf)).await.status, StatusCode::OK);
        assert!(daemon.path("canary").exists());
    });
}

/// A browser that is logged in: its cookie.
async fn logged_in(web: &Web, auth: &AuthClient<icpy::Client>) -> String {
    let link = auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url;
    let reply = web.get(link.strip_prefix(&web.url).unwrap(), "").await;
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn csrf_of(web: &Web, cookie: &str) -> String {
    let mut socket = web.socket("/ws", &[("cookie", cookie), ("origin", &web.url)]).await.unwrap();
    socket.call("auth:whoami", json!({})).await["result"]["csrfToken"].as_str().unwrap().to_owned()
}

#[test]
fn s24_a_cookie_is_for_this_listener_and_no_script() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        let link = auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url;
        let reply = web.get(link.strip_prefix(&web.url).unwrap(), "").await;
        let set: Vec<&str> = reply.header("set-cookie").unwrap().split("; ").collect();
        assert!(set[0].starts_with(&format!("icpy_{}=", web.address.port())), "{set:?}");
        assert_eq!(&set[1..], ["Max-Age=2592000", "Path=/", "HttpOnly", "SameSite=Strict"]);
    });
}

#[test]
fn s25_every_answer_says_what_a_browser_may_do_with_it() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let policy = "default-src 'self'; script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
            form-action 'self'; frame-ancestors 'none'";
        for path in ["/", "/login", "/assets/login.js", "/healthz", "/metrics", "/rpc", "/nothing", "/ws"] {
            for token in [&*victim.token, ""] {
                let reply = victim.web.get(path, token).await;
                let says = |name: &str| reply.header(name).unwrap_or_default().to_owned();
                // Only the web UI may make rules of styles as it goes; scripts are the daemon's in all cases.
                let styles = "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; ";
                let policy =
                    policy.replace("object-src", &format!("{}object-src", if path == "/" { styles } else { "" }));
                assert_eq!(says("content-security-policy"), policy, "{path}");
                assert_eq!(says("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(says("referrer-policy"), "no-referrer", "{path}");
                assert_eq!(says("cross-origin-opener-policy"), "same-origin", "{path}");
                assert_eq!(says("cross-origin-resource-policy"), "same-origin", "{path}");
                let is_ours = path == "/" || path == "/login" || path.starts_with("/assets");
                assert_eq!(says("cache-control"), if is_ours { "no-cache" } else { "no-store" }, "{path}");
                let is_typed = reply.body.is_empty() || !says("content-type").is_empty();
                assert!(is_typed && !says("content-type").contains("text/html") || is_ours, "{path}: {reply:?}");
                assert_eq!(reply.header("server"), None, "{path}");
            }
        }
    });
}

#[test]
fn s27_a_method_that_is_not_used_is_refused() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let victim = Victim::new(&daemon).await;
        let host = victim.host();
        for method in ["TRACE", "TRACK", "OPTIONS", "PROPFIND", "post", "Post", "DEBUG", "QUERY", "M-SEARCH"] {
            for path in ["/rpc", "/", "/healthz", "/login", "/nothing"] {
                victim.refuses(&format!("{method} {path} HTTP/1.1"), &host, 405).await;
            }
        }
        victim.refuses(&format!("CONNECT {} HTTP/1.1", victim.web.address), &host, 405).await;
        victim.refuses("OPTIONS * HTTP/1.1", &host, 405).await;
        for method in ["PUT", "PATCH", "DELETE", "GET"] {
            victim.refuses(&format!("{method} /rpc HTTP/1.1"), &host, 405).await;
        }
        // A method that stands in a header is none.
        let over = format!("{host}X-HTTP-Method-Override: POST\r\n");
        victim.refuses("GET /rpc HTTP/1.1", &over, 405).await;
    });
}
