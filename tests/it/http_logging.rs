//! What is written down of what comes over HTTP, what a fault of ours costs, and TLS. Each test is named after a requirement of
//! `docs/security.md`. The daemons here are real processes: a log, core files and permissions are theirs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::{Request, StatusCode};
use icpy::Connection;
use icpy_tests::http::authorized;
use icpy_tests::{Process, RawHttp, RawReply, Web};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// A daemon as a process, which listens.
struct Listening {
    user: Process,
    client: Connection,
    web: Web,
}

impl Listening {
    fn new(settings: &str) -> Self {
        let user = Process::new("//- /secret.txt\nCANARYfile4c1b\n");
        let file = user.folder().home().join("config/config.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, settings).unwrap();
        assert_eq!(user.icpy(&["start"]).status, 0);
        let client = user.connect();
        let mut this = Self { user, client, web: Web { address: ([127, 0, 0, 1], 0).into(), url: String::new() } };
        let status = this.ask("web:start", &json!({ "address": "127.0.0.1:0" }));
        this.web.address = status["address"].as_str().unwrap().parse().unwrap();
        status["url"].as_str().unwrap().clone_into(&mut this.web.url);
        this
    }

    fn ask(&self, method: &str, params: &Value) -> Value {
        let answer = self.client.request(method, &params.to_string(), |_, _| ());
        serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{method}: {error}"))).unwrap()
    }

    fn token(&self) -> String {
        let scopes = ["read", "write", "execute", "terminal", "agent", "admin"];
        self.ask("auth:create_token", &json!({ "name": "test", "scopes": scopes }))["secret"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// All that the daemon has written that is not a file of the user's.
    fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        read_all(&self.user.folder().home(), &mut files);
        files
    }

    fn log(&self) -> String {
        fs::read_to_string(self.user.folder().home().join("log/icpyd.log")).unwrap()
    }
}

fn read_all(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let file_type = entry.file_type().unwrap();
        if file_type.is_dir() {
            read_all(&entry.path(), files);
        } else if file_type.is_file() {
            files.push((entry.path(), fs::read(entry.path()).unwrap()));
        }
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(test)
}

/// Has secrets of every kind go in and out. Returns them.
async fn use_secrets(listening: &Listening) -> Vec<String> {
    let (web, user) = (&listening.web, &listening.user);
    let token = listening.token();
    let mut secrets = vec![token[5..].to_owned()];
    let link = listening.ask("auth:create_login_link", &json!({}))["url"].as_str().unwrap().to_owned();
    let reply = web.get(link.strip_prefix(&web.url).unwrap(), "").await;
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let ticket =
        web.call(&token, "auth:create_ticket", json!({})).await["result"]["ticket"].as_str().unwrap().to_owned();
    let mut socket = web.socket(&format!("/ws?ticket={ticket}"), &[]).await.unwrap();
    let mut browser = web.socket("/ws", &[("cookie", &cookie), ("origin", &web.url)]).await.unwrap();
    let who = browser.call("auth:whoami", json!({})).await["result"].clone();
    secrets.extend([
        link.split_once("token=").unwrap().1.to_owned(),
        cookie.split_once('=').unwrap().1.to_owned(),
        ticket,
        who["csrfToken"].as_str().unwrap().to_owned(),
    ]);

    let password = "CANARYpassword77d0";
    listening.ask("auth:set_password", &json!({ "password": password }));
    for password in [password, "CANARYwrong1f2e"] {
        let request = Request::post("/login").header("content-type", "application/json");
        web.send(request, json!({ "password": password }).to_string()).await;
    }
    // What is wrong is no less of a secret: it may be a secret with a letter too many.
    web.get("/metrics?token=CANARYquery99ab", "icpy_CANARYtoken5a5a").await;
    web.send(Request::get("/metrics").header("authorization", "Basic CANARYbasic00ff"), "").await;
    web.send(Request::get("/metrics").header("cookie", format!("icpy_{}=CANARYcookie31c7", web.address.port())), "")
        .await;
    web.send(authorized(Request::post("/rpc"), &token).header("content-type", "application/json"), "{CANARYjson8e8e")
        .await;

    let file = user.path("secret.txt");
    assert_eq!(socket.call("fs:read_file", json!({ "path": file })).await["result"]["content"], "CANARYfile4c1b\n");
    let write = json!({ "path": user.path("new.txt"), "content": "CANARYwritten6d2a" });
    assert!(web.call(&token, "fs:write_file", write.clone()).await["error"].is_null());
    assert!(socket.call("fs:write_file", json!({ "path": file, "content": 7, "CANARYmember": "CANARYwrongly" })).await["error"].is_object());
    secrets.extend(type_secrets(listening, &token).await);
    let canaries = [
        "password77d0",
        "wrong1f2e",
        "query99ab",
        "token5a5a",
        "basic00ff",
        "cookie31c7",
        "json8e8e",
        "file4c1b",
        "written6d2a",
        "member",
        "wrongly",
    ];
    secrets.extend(canaries.map(|canary| format!("CANARY{canary}")));
    secrets
}

/// Types into a terminal, which prints it, and puts something on its clipboard.
async fn type_secrets(listening: &Listening, token: &str) -> [String; 3] {
    let web = &listening.web;
    let mut socket = web.socket_of(token).await;
    let command = ["sh", "-c", "printf '\\033]52;c;Q0FOQVJZY2xpcA==\\007'; cat"];
    let terminal = socket.call("terminal:create", json!({ "command": command })).await["result"]["terminalId"].clone();
    let typed = json!({ "terminalId": terminal, "data": "CANARYkeys0b1c\n\u{4}" });
    let answer = socket.call("terminal:data_in", typed).await;
    assert!(answer["error"].is_null(), "{answer}");
    let exit = socket.call("terminal:wait", json!({ "terminalId": terminal })).await;
    assert!(exit["error"].is_null(), "{exit}");
    ["CANARYkeys0b1c", "Q0FOQVJZY2xpcA", "CANARYclip"].map(ToOwned::to_owned)
}

#[test]
fn s05_what_the_daemon_writes_is_its_users_alone() {
    let listening = Listening::new("[http]\ntls = 'self-signed'\n");
    listening.token();
    let home = listening.user.folder().home();
    let ours: Vec<PathBuf> = listening.written().into_iter().map(|(path, _)| path).collect();
    // The settings are the user's own, and made here by the test.
    let ours: Vec<PathBuf> = ours.into_iter().filter(|path| !path.starts_with(home.join("config"))).collect();
    assert!(ours.iter().any(|path| path.ends_with("icpy.db")) && ours.iter().any(|path| path.ends_with("icpyd.log")));
    for path in ours {
        let folders = path.ancestors().take_while(|folder| folder.starts_with(&home) && **folder != home);
        let modes: Vec<u32> = folders.map(|it| fs::metadata(it).unwrap().permissions().mode() & 0o777).collect();
        // A file may be less private than its folder is.
        assert!(modes.iter().any(|mode| mode.trailing_zeros() >= 6), "`{}` can be read by others", path.display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn s06_no_secret_is_where_others_can_list_it() {
    let listening = Listening::new("");
    let secrets = run(use_secrets(&listening));
    let pid = listening.user.daemon_pid();
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.is_empty() && secrets.iter().all(|secret| !text.contains(&**secret)), "{file}: {text}");
    }
}

#[test]
fn s40_no_secret_is_written_down_at_any_level() {
    let listening = Listening::new("log.level = 'trace'\n");
    let secrets = run(use_secrets(&listening));
    let log = listening.log();
    assert!(log.contains("\"DEBUG\""), "it is logged as much as can be: {log}");
    for (path, bytes) in listening.written() {
        for secret in &secrets {
            let place = bytes.windows(secret.len()).position(|part| part == secret.as_bytes());
            let around =
                place.map(|place| String::from_utf8_lossy(&bytes[place.saturating_sub(200)..place + 20]).into_owned());
            assert_eq!(around, None, "`{}` holds `{secret}`", path.display());
        }
    }
}

#[test]
fn s41_what_others_send_does_not_break_a_line_of_the_log() {
    let listening = Listening::new("log.level = 'trace'\n");
    run(async {
        let token = listening.token();
        let ugly = "evil\r\n{\"level\":\"ERROR\"}\u{1b}[31mred\u{7}\u{85}\u{2028}\u{9b}1m";
        let mut socket = listening.web.socket_of(&token).await;
        socket.call("session:initialize", json!({ "clientInfo": { "name": ugly, "version": ugly } })).await;
        for method in ["fs:read_file", "fs:stat", "file:open", "workspace:open"] {
            socket.call(method, json!({ "path": format!("/{ugly}") })).await;
        }
        socket.call(ugly, json!({})).await;
        socket.call("auth:create_token", json!({ "name": ugly, "scopes": ["read"] })).await;
        listening.web.ask("GET /\u{1b}[31m HTTP/1.1\r\nHost: \u{1b}[31m\r\nX: \u{9b}1m\r\n\r\n").await;
    });
    let log = listening.log();
    assert!(log.contains("\"DEBUG\""), "it is logged as much as can be: {log}");
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string(), "{line}");
        assert!(!line.contains(|letter: char| letter.is_control()), "{line:?}");
    }
}

#[test]
fn s43_a_fault_of_one_request_is_its_own() {
    // That a panic is contained is shown in `router.rs` and `transport/http/lasting.rs`: no request is known to cause one. What
    // comes nearest to it are requests that can go wrong late.
    let listening = Listening::new("");
    run(async {
        let (web, token) = (&listening.web, listening.token());
        for params in
            [json!(null), json!([]), json!("x"), json!({ "path": "\0" }), json!({ "path": "/".repeat(100_000) })]
        {
            let answer = web.call(&token, "fs:read_file", params).await;
            assert!(answer["error"]["message"].is_string(), "{answer}");
            assert!(!answer.to_string().contains(".rs:"), "no place in our sources is told: {answer}");
        }
        assert_eq!(web.get("/healthz", "").await.status, StatusCode::OK);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn s44_the_memory_of_a_daemon_is_nobody_elses() {
    use std::os::unix::fs::MetadataExt as _;

    let user = Process::ordinary("");
    let made = user.json(&["terminal", "new", "--", "sleep", "1000"]);
    let check = || {
        let pid = user.daemon_pid();
        // What may be dumped, or traced by another process of the user, is the user's.
        let owner = |pid: &str| fs::metadata(format!("/proc/{pid}/mem")).unwrap().uid();
        assert_eq!(owner(&pid.to_string()), 0, "the daemon's memory is its user's");
        owner(&made["pid"].to_string())
    };
    let programs = check();
    assert_eq!(user.icpy(&["restart"]).status, 0);
    assert_eq!(check(), programs);
    let own = fs::metadata(format!("/proc/{}", user.daemon_pid())).unwrap().uid();
    assert_eq!(programs, own, "what a terminal runs is as it always is");
}

/// TLS as browsers speak it, trusting the daemon's own certificate.
async fn encrypted(
    listening: &Listening,
    certificate: &Path,
    version: &'static SupportedProtocolVersion,
) -> RawHttp<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(listening.web.address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    RawHttp::over(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap())
}

#[test]
fn s45_tls_is_of_this_decade_and_its_key_is_its_users() {
    let listening = Listening::new("[http]\ntls = 'self-signed'\n");
    let state = listening.user.folder().home().join("state");
    let (certificate, key) = (state.join("http-certificate.pem"), state.join("http-key.pem"));
    for file in [&certificate, &key] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert!(listening.web.url.starts_with("https://"));
    assert!(listening.ask("web:status", &json!({}))["fingerprint"].is_string());
    run(async {
        let address = listening.web.address;
        for version in [&TLS12, &TLS13] {
            let mut raw = encrypted(&listening, &certificate, version).await;
            let reply: RawReply = raw.ask(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n")).await.unwrap();
            assert_eq!(reply.status, 200);
            assert_eq!(
                reply.header("strict-transport-security"),
                None,
                "other ports of this machine are not encrypted"
            );
        }
        let link = listening.ask("auth:create_login_link", &json!({}))["url"].as_str().unwrap().to_owned();
        let path = link.strip_prefix(&listening.web.url).unwrap();
        let mut raw = encrypted(&listening, &certificate, &TLS13).await;
        let reply = raw.ask(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await.unwrap();
        let cookie = reply.header("set-cookie").unwrap();
        assert!(
            cookie.starts_with(&format!("__host-icpy_{}=", address.port())) && cookie.ends_with("; secure"),
            "{cookie}"
        );

        // A hello of TLS 1.1 is answered by an alert: `protocol_version`. So is a request that is not encrypted by no answer.
        let mut old = TcpStream::connect(address).await.map(RawHttp::over).unwrap();
        old.send(hello_of_tls_1_1()).await;
        assert_eq!(old.rest().await, [21, 3, 3, 0, 2, 2, 70]);
        let plain = listening.web.ask(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
        assert!(plain.is_none(), "{plain:?}");
    });
}

/// The first message of a client that knows TLS 1.1 and nothing newer.
fn hello_of_tls_1_1() -> Vec<u8> {
    let suites = [0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f];
    let signatures = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
    let body = [&[3, 2][..], &[7; 32], &[0, 0, 6], &suites, &[1, 0], &signatures].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}
