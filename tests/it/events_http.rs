//! Events over HTTP: as a stream, and page by page, from any place that is still kept.

use icpy_protocol::Empty;
use icpy_protocol::auth::{AuthClient, AuthScope, AuthTokenParams};
use icpy_tests::{Daemon, Web, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A stream of events, as a browser reads it.
struct Source {
    stream: TcpStream,
    text: String,
}

impl Source {
    async fn open(web: &Web, token: &str, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(web.address).await.unwrap();
        let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n{last}\r\n",
            web.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut source = Self { stream, text: String::new() };
        source.until("id: ").await;
        assert!(source.text.contains("content-type: text/event-stream"), "{}", source.text);
        source
    }

    /// Reads until something was sent.
    async fn until(&mut self, what: &str) {
        while !self.text.contains(what) {
            let mut buffer = [0; 4096];
            let read = within("more of the stream", self.stream.read(&mut buffer)).await.unwrap();
            assert_ne!(read, 0, "it ended before `{what}`: {}", self.text);
            self.text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    }

    /// The id of the last event.
    fn last(&self) -> String {
        let last = self.text.rsplit("id: ").next().unwrap();
        last.lines().next().unwrap().trim().to_owned()
    }

    async fn until_it_ends(&mut self) {
        let mut rest = Vec::new();
        within("the end", self.stream.read_to_end(&mut rest)).await.unwrap();
    }
}

async fn open_and_close(daemon: &Daemon, name: &str) {
    let client = daemon.client().await;
    for method in ["file:open", "file:close"] {
        client.request(method, json!({ "path": daemon.path(name) }).to_string(), false).await.unwrap();
    }
}

#[test]
fn a_stream_goes_on_where_the_last_one_ended() {
    let daemon = Daemon::boot("//- /a.txt\n//- /b.txt\n//- /c.txt\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let mut first = Source::open(&web, &token, "?topics=file:*", None).await;
        open_and_close(&daemon, "a.txt").await;
        first.until("event: file:closed").await;
        assert!(first.text.contains("/a.txt") && !first.text.contains("workspace:"), "{}", first.text);
        let last = first.last();
        drop(first);
        open_and_close(&daemon, "b.txt").await;
        let mut second = Source::open(&web, &token, "?topics=file:*", Some(&last)).await;
        second.until("event: file:closed").await;
        assert_eq!(second.text.matches("event: file:opened").count(), 1, "{}", second.text);
        assert!(second.text.contains("/b.txt") && !second.text.contains("/a.txt"), "{}", second.text);
        // Of another history nothing is kept: who comes back is told of a gap, and goes on.
        let mut third = Source::open(&web, &token, "?topics=file:*", Some("other:7")).await;
        third.until("event: session:gap").await;
        open_and_close(&daemon, "c.txt").await;
        third.until("event: file:closed").await;

        let auth = AuthClient::new(daemon.client().await);
        let token_id = auth.list_tokens(&Empty {}).await.unwrap().tokens[0].token_id.clone();
        auth.revoke_token(&AuthTokenParams { token_id }).await.unwrap();
        third.until_it_ends().await;
    });
}

#[test]
fn pages_miss_nothing_and_wait_for_what_comes() {
    let daemon = Daemon::boot("//- /a.txt\n//- /b.txt\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let page = async |query: String| web.get(&format!("/api/v1/events{query}"), &token).await;
        let cursor = |page: &Value| page["cursor"].as_str().unwrap().to_owned();
        let begin = page(String::new()).await.json();
        assert_eq!(begin["events"], json!([]));
        open_and_close(&daemon, "a.txt").await;
        let first = page(format!("?topics=file:opened,file:closed&after={}", cursor(&begin))).await.json();
        let topics: Vec<&str> =
            first["events"].as_array().unwrap().iter().map(|it| it["topic"].as_str().unwrap()).collect();
        assert_eq!(topics, ["file:opened", "file:closed"]);
        let waiting = page(format!("?topics=file:opened&waitMs=20000&after={}", cursor(&first)));
        let (second, ()) = tokio::join!(waiting, open_and_close(&daemon, "b.txt"));
        let second = second.json();
        assert_eq!(second["events"].as_array().unwrap().len(), 1, "{second}");
        assert!(second["events"][0]["payload"]["file"]["path"].as_str().unwrap().ends_with("/b.txt"), "{second}");

        let gone = page("?after=other:7".to_owned()).await;
        assert_eq!((gone.status.as_u16(), &gone.json()["kind"]), (410, &json!("gone")));
        assert!(gone.json()["cursor"].is_string());
        for wrong in ["?after=7", "?topics=a:b:c:**:d", "?filter=[1]", "?waitMs=soon"] {
            let reply = page(wrong.to_owned()).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["kind"]), (400, &json!("invalid_params")), "{wrong}");
        }
    });
}

#[test]
fn who_may_not_see_hears_nothing() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Write]).await;
        let reply = web.get("/api/v1/events", &token).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["kind"]), (403, &json!("permission_denied")));
        let reader = Web::token(&daemon, &[AuthScope::Read]).await;
        let mut source = Source::open(&web, &reader, "", None).await;
        let client = daemon.client().await;
        client.request("terminal:create", json!({ "command": ["true"] }).to_string(), false).await.unwrap();
        client.request("file:open", json!({ "path": daemon.folder().path("") }).to_string(), false).await.unwrap_err();
        client.request("project:load", json!({ "path": daemon.folder().path("") }).to_string(), false).await.unwrap();
        source.until("event: workspace:state_changed").await;
        assert!(!source.text.contains("terminal:"), "{}", source.text);
    });
}

/// A watch ends with its session: a request of its own would leave it to nobody.
#[test]
fn who_has_no_connection_watches_no_folder() {
    let daemon = Daemon::boot("//- /a.txt\n");
    daemon.run(async {
        let web = Web::start(&daemon).await;
        let token = Web::token(&daemon, &[AuthScope::Read]).await;
        let answer = web.call(&token, "fs:watch", json!({ "path": daemon.path("") })).await;
        assert_eq!(answer["error"]["data"]["kind"], "unsupported", "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("WebSocket"), "{answer}");
        let mut socket = web.socket_of(&token).await;
        let answer = socket.call("fs:watch", json!({ "path": daemon.path("") })).await;
        assert_eq!(answer["result"]["files"], 1, "{answer}");
    });
}
