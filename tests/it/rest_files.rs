//! Files over REST: versions as entity tags, ranges, and content of any size.

use std::fs;

use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use icpy_protocol::auth::{AuthCreateTokenParams, AuthScope};
use icpy_protocol::rest::PREFIX;
use icpy_tests::http::{Reply, authorized};
use icpy_tests::{Daemon, Web, until, within};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Files<'a> {
    daemon: &'a Daemon,
    web: Web,
    token: String,
}

impl Files<'_> {
    fn request(&self, method: &str, kind: &str, file: &str) -> Builder {
        let path = self.daemon.path(file);
        let uri = format!("{PREFIX}/fs/{kind}?path={}", path.display());
        authorized(Request::builder().method(method).uri(uri), &self.token)
    }

    /// The answer to a request for a file's content, with headers.
    async fn content(
        &self,
        method: &str,
        file: &str,
        headers: &[(&str, &str)],
        body: impl Into<hyper::body::Bytes>,
    ) -> Reply {
        let request =
            headers.iter().fold(self.request(method, "content", file), |it, (name, value)| it.header(*name, *value));
        self.web.send(request, body).await
    }

    async fn put_json(&self, file: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let request = self.request("PUT", "file", file).header("content-type", "application/json");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        self.web.send(request, body.to_string()).await
    }
}

fn check(fixture: &str, test: impl AsyncFnOnce(&Files<'_>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async {
        let (web, token) = (Web::start(&daemon).await, Web::token(&daemon, AuthScope::ALL).await);
        test(&Files { daemon: &daemon, web, token }).await;
    });
}

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap_or_else(|| panic!("no entity tag: {reply:?}")).to_owned()
}

/// More than any answer holds, different everywhere.
fn long() -> Vec<u8> {
    (0..2_200_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn a_version_is_an_entity_tag() {
    check("//- /a.txt\none\n", async |files| {
        let get = async |headers: &[(&str, &str)]| {
            let request = headers
                .iter()
                .fold(files.request("GET", "file", "a.txt"), |it, (name, value)| it.header(*name, *value));
            files.web.send(request, "").await
        };
        let read = get(&[]).await;
        let first = tag(&read);
        assert_eq!((read.json()["content"].as_str(), first.starts_with("\"xxh3:")), (Some("one\n"), true));
        let same = get(&[("if-none-match", &first)]).await;
        assert_eq!((same.status, same.body.len(), tag(&same)), (StatusCode::NOT_MODIFIED, 0, first.clone()));
        assert_eq!(get(&[("if-match", "\"other\"")]).await.status, StatusCode::PRECONDITION_FAILED);

        let written = files.put_json("a.txt", &[("if-match", &first)], &json!({ "content": "two\n" })).await;
        assert_eq!((written.status, written.header("location")), (StatusCode::OK, None), "{written:?}");
        let second = tag(&written);
        assert_ne!(first, second);
        assert_eq!(get(&[("if-none-match", &first)]).await.json()["content"], "two\n");
        let late = files.put_json("a.txt", &[("if-match", &first)], &json!({ "content": "three\n" })).await;
        assert_eq!((late.status, &late.json()["kind"]), (StatusCode::PRECONDITION_FAILED, &json!("conflict")));
        // Without a header the same is a conflict.
        let late =
            files.put_json("a.txt", &[], &json!({ "content": "x", "baseVersion": first.trim_matches('"') })).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        let taken = files.put_json("a.txt", &[("if-none-match", "*")], &json!({ "content": "four\n" })).await;
        assert_eq!((taken.status, &taken.json()["kind"]), (StatusCode::PRECONDITION_FAILED, &json!("already_exists")));
        let made = files.put_json("b.txt", &[("if-none-match", "*")], &json!({ "content": "four\n" })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let location = made.header("location").unwrap().to_owned();
        assert_eq!(files.web.get(&location, &files.token).await.json()["content"], "four\n");
        assert_eq!(fs::read_to_string(files.daemon.path("a.txt")).unwrap(), "two\n");
    });
}

#[test]
fn content_comes_as_it_is_and_runs_nowhere() {
    check("//- /page.html\n<script>alert(1)</script>\n//- /empty\n", async |files| {
        let read = files.content("GET", "page.html", &[], "").await;
        assert_eq!((read.status, &read.body[..]), (StatusCode::OK, &b"<script>alert(1)</script>\n"[..]));
        assert_eq!(read.header("content-type"), Some("application/octet-stream"));
        assert_eq!(read.header("content-security-policy"), Some("sandbox"));
        assert_eq!(read.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(read.header("content-length"), Some("26"));
        assert!(read.header("content-disposition").unwrap().starts_with("attachment; filename=\"page.html\""));
        let head = files.content("HEAD", "page.html", &[], "").await;
        assert_eq!((head.status, head.body.len(), tag(&head)), (StatusCode::OK, 0, tag(&read)));
        assert_eq!(head.header("content-length"), Some("26"));
        fs::write(files.daemon.path("empty"), "").unwrap();
        let empty = files.content("GET", "empty", &[], "").await;
        assert_eq!((empty.status, empty.body.len()), (StatusCode::OK, 0));
        assert_eq!(files.content("GET", "missing", &[], "").await.json()["kind"], "not_found");
        assert_eq!(files.content("GET", "", &[], "").await.json()["kind"], "unsupported");
    });
}

#[test]
fn a_range_is_some_bytes_of_one_version() {
    check("//- /a.txt\n0123456789\n", async |files| {
        let tag = tag(&files.content("HEAD", "a.txt", &[], "").await);
        let get = async |headers: &[(&str, &str)]| files.content("GET", "a.txt", headers, "").await;
        let part = get(&[("range", "bytes=2-4")]).await;
        assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &b"234"[..]));
        assert_eq!(part.header("content-range"), Some("bytes 2-4/11"));
        assert_eq!(&get(&[("range", "bytes=-2")]).await.body[..], b"9\n");
        let beyond = get(&[("range", "bytes=11-")]).await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(beyond.header("content-range"), Some("bytes */11"));
        assert_eq!(get(&[("range", "bytes=2-4"), ("if-range", &tag)]).await.body.len(), 3);
        assert_eq!(get(&[("range", "bytes=2-4"), ("if-range", "\"other\"")]).await.body.len(), 11);
        assert_eq!(get(&[("range", "bytes=2-4"), ("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
        assert_eq!(get(&[("range", "bytes=0-1,4-5")]).await.status, StatusCode::OK);
    });
}

#[test]
fn content_of_any_size_goes_both_ways() {
    check("", async |files| {
        let bytes = long();
        let made = files.content("PUT", "long", &[("if-none-match", "*")], bytes.clone()).await;
        assert_eq!(
            (made.status, made.json()["size"].as_u64()),
            (StatusCode::CREATED, Some(bytes.len() as u64)),
            "{made:?}"
        );
        assert!(fs::read(files.daemon.path("long")).unwrap() == bytes);
        let read = files.content("GET", "long", &[], "").await;
        assert!(read.body == bytes, "{} bytes", read.body.len());
        assert_eq!(tag(&read), tag(&made));
        let part = files.content("GET", "long", &[("range", "bytes=7000000-7999999")], "").await;
        assert!(part.body == bytes[7_000_000..8_000_000]);
        let first = tag(&read);
        let other = files.content("PUT", "long", &[("if-match", &first)], bytes[4..].to_vec()).await;
        assert_eq!(other.status, StatusCode::OK, "{other:?}");
        let late = files.content("PUT", "long", &[("if-match", &first)], bytes.clone()).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{late:?}");
        let small = files.content("PUT", "small", &[], &b"\xff\x00"[..]).await;
        assert_eq!((small.status, fs::read(files.daemon.path("small")).unwrap()), (StatusCode::CREATED, vec![0xff, 0]));
        let partial = files.content("PUT", "small", &[("content-range", "bytes 0-1/2")], &b"ab"[..]).await;
        assert_eq!(partial.status, StatusCode::BAD_REQUEST);
        // Nothing is left of writes.
        assert!(!has_draft(files.daemon));
    });
}

#[test]
fn uploads_are_resources_of_a_credential() {
    check("", async |files| {
        let send = async |token: &str, method: &str, path: &str, body: Value| {
            let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
            files.web.send(authorized(request, token), body.to_string()).await
        };
        let begun = send(&files.token, "POST", "/api/v1/fs/uploads", json!({ "path": files.daemon.path("a") })).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
        let upload = begun.header("location").unwrap().to_owned();
        let part = json!({ "at": 0, "content": "abc" });
        assert_eq!(send(&files.token, "PATCH", &upload, part.clone()).await.json()["length"], 3);
        let other = Web::token(files.daemon, AuthScope::ALL).await;
        assert_eq!(send(&other, "PATCH", &upload, part).await.status, StatusCode::NOT_FOUND);
        let done = send(&files.token, "POST", &format!("{upload}/commit"), json!({})).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        assert_eq!(fs::read_to_string(files.daemon.path("a")).unwrap(), "abc");
        assert_eq!(send(&files.token, "DELETE", &upload, json!({})).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn whoever_is_confined_sees_nothing_else() {
    check("//- /in/a.txt\none\n//- /out.txt\ntwo\n", async |files| {
        let client = icpy_protocol::workspace::WorkspaceClient::new(files.daemon.client().await);
        let params =
            icpy_protocol::workspace::WorkspaceCreateParams { root: files.daemon.path("in").into(), name: None };
        let workspace = client.create(&params).await.unwrap();
        let params = AuthCreateTokenParams {
            name: "in".to_owned(),
            scopes: AuthScope::ALL.to_vec(),
            workspace_id: Some(workspace.workspace_id),
            ..Default::default()
        };
        let token = Web::token_of(files.daemon.client().await, params).await;
        let inside = Files { daemon: files.daemon, web: files.web.clone(), token };
        assert_eq!(&inside.content("GET", "in/a.txt", &[], "").await.body[..], b"one\n");
        for (method, body) in [("GET", ""), ("PUT", "x")] {
            let reply = inside.content(method, "out.txt", &[], body).await;
            assert!([403, 404].contains(&reply.status.as_u16()), "{method}: {reply:?}");
        }
        assert_eq!(fs::read_to_string(files.daemon.path("out.txt")).unwrap(), "two\n");
    });
}

/// The name of what a save keeps beside the file.
fn has_draft(daemon: &Daemon) -> bool {
    let entries = fs::read_dir(daemon.path("")).unwrap().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".icpy-"))
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_sent_to_its_end() {
    check("", async |files| {
        let path = files.daemon.path("long");
        let file = fs::File::create(&path).unwrap();
        // More than sockets hold.
        file.set_len(16 << 20).unwrap();
        let mut stream = TcpStream::connect(files.web.address).await.unwrap();
        let request = format!(
            "GET {PREFIX}/fs/content?path={} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            path.display(),
            files.web.address,
            files.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = vec![0; 4096];
        let head = stream.read(&mut received).await.unwrap();
        assert!(received[..head].starts_with(b"HTTP/1.1 200 OK\r\n"));
        file.set_len(1000).unwrap();
        received.truncate(head);
        within("the end", stream.read_to_end(&mut received)).await.unwrap();
        assert!(received.len() < 16 << 20, "{}", received.len());
    });
}

#[test]
fn a_file_that_is_not_sent_to_its_end_is_not_written() {
    check("//- /a.txt\none\n", async |files| {
        let mut stream = TcpStream::connect(files.web.address).await.unwrap();
        let request = format!(
            "PUT {PREFIX}/fs/content?path={} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 9000000\r\n\r\n",
            files.daemon.path("a.txt").display(),
            files.web.address,
            files.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; 3 << 20]).await.unwrap();
        until("what was sent is kept", || has_draft(files.daemon)).await;
        drop(stream);
        until("what was sent is taken away", || !has_draft(files.daemon)).await;
        assert_eq!(fs::read_to_string(files.daemon.path("a.txt")).unwrap(), "one\n");
    });
}
