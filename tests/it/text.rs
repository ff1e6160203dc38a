//! Text and parts of files: charsets, byte order marks, line ends, and ranges.

use std::fs::{self, File};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::{Client, Piece, Streaming};
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{
    FsClient, FsEncoding, FsLineEnds, FsReadFileParams, FsReadFileResult, FsWriteFileParams, method,
};
use icpy_tests::{Daemon, refused};
use serde_json::json;

fn reading(path: impl AsRef<Path>) -> FsReadFileParams {
    FsReadFileParams::of(path.as_ref())
}

fn part(path: impl AsRef<Path>, offset: u64, length: u64) -> FsReadFileParams {
    FsReadFileParams { offset: Some(offset), length: Some(length), ..reading(path) }
}

/// Writes what was read, in the same way.
fn writing_back(path: impl AsRef<Path>, read: &FsReadFileResult) -> FsWriteFileParams {
    FsWriteFileParams {
        encoding: read.encoding,
        charset: read.charset.clone(),
        has_bom: read.has_bom,
        ..FsWriteFileParams::of(path.as_ref(), text(read))
    }
}

fn text(read: &FsReadFileResult) -> String {
    read.content.as_ref().unwrap().text().into_owned()
}

fn bytes(read: &FsReadFileResult) -> Vec<u8> {
    assert_eq!(read.encoding, FsEncoding::Base64);
    BASE64_STANDARD.decode(text(read)).unwrap()
}

async fn next_bytes(stream: &mut Streaming) -> Option<Vec<u8>> {
    loop {
        match stream.next().await? {
            Piece::Data(data) => return Some(BASE64_STANDARD.decode(data).unwrap()),
            Piece::Progress { .. } => {}
        }
    }
}

fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

#[test]
fn text_of_any_charset_is_read_and_comes_back_byte_for_byte() {
    use FsLineEnds::{Cr, Crlf, Lf, Mixed, None};
    let cases = [
        (&b"\xef\xbb\xbfa\r\nb\r\n"[..], "a\r\nb\r\n", "UTF-8", true, Crlf, true),
        (b"a\rb\r", "a\rb\r", "UTF-8", false, Cr, true),
        (b"a\nb\r\nc", "a\nb\r\nc", "UTF-8", false, Mixed, false),
        (b"\xff\xfeG\0r\0\xfc\0\n\0", "Grü\n", "UTF-16LE", true, Lf, true),
        (b"\0p\0l\0a\0i\0n", "plain", "UTF-16BE", false, None, false),
        (b"Gr\xfc\xdfe aus K\xf6ln\n", "Grüße aus Köln\n", "windows-1252", false, Lf, true),
        ("\u{1}\u{7f}\"\\\u{2028}😀/\n".as_bytes(), "\u{1}\u{7f}\"\\\u{2028}😀/\n", "UTF-8", false, Lf, true),
        (b"", "", "UTF-8", false, None, false),
    ];
    check("", async |daemon, client| {
        for (bytes, expect, charset, has_bom, line_ends, ends_with_newline) in cases {
            let path = daemon.path("a.txt");
            fs::write(&path, bytes).unwrap();
            let read = client.read_file(&reading(&path)).await.unwrap();
            assert_eq!((text(&read).as_str(), read.charset.as_deref(), read.has_bom), (expect, Some(charset), has_bom));
            assert_eq!((read.line_ends, read.ends_with_newline), (Some(line_ends), Some(ends_with_newline)));
            assert_eq!((read.encoding, read.is_binary), (FsEncoding::Utf8, Some(false)));
            assert_eq!((read.size, read.offset, read.length), (bytes.len() as u64, Option::None, Option::None));
            let written = client.write_file(&writing_back(daemon.path("b.txt"), &read)).await.unwrap();
            assert_eq!(fs::read(daemon.path("b.txt")).unwrap(), bytes);
            assert_eq!(Some(written.version), read.version);
            // The same file, as bytes.
            let wanted = FsReadFileParams { encoding: Some(FsEncoding::Base64), ..reading(&path) };
            let raw = client.read_file(&wanted).await.unwrap();
            assert_eq!((self::bytes(&raw).as_slice(), raw.version), (bytes, read.version));
            assert_eq!(raw.charset.as_deref(), Some(charset));
        }
    });
}

#[test]
fn binary_is_told_and_sent_as_bytes() {
    check("", async |daemon, client| {
        let path = daemon.path("a.bin");
        let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for content in [&b"\x7fELF\x02\0"[..], b"a\0b", b"\xff\xfe\0", &all] {
            fs::write(&path, content).unwrap();
            let read = client.read_file(&reading(&path)).await.unwrap();
            assert_eq!((bytes(&read).as_slice(), read.is_binary, read.charset.as_deref()), (content, Some(true), None));
            assert_eq!((read.line_ends, read.ends_with_newline), (None, None));
            client.write_file(&writing_back(daemon.path("b.bin"), &read)).await.unwrap();
            assert_eq!(fs::read(daemon.path("b.bin")).unwrap(), content);
        }
        // Who asks for text gets what can be text.
        fs::write(&path, "a\0b").unwrap();
        let wanted = FsReadFileParams { encoding: Some(FsEncoding::Utf8), ..reading(&path) };
        let read = client.read_file(&wanted).await.unwrap();
        assert_eq!((text(&read).as_str(), read.is_binary), ("a\0b", Some(true)));
    });
}

#[test]
fn a_charset_that_is_asked_for_holds_or_is_refused() {
    check("", async |daemon, client| {
        let path = daemon.path("a.txt");
        fs::write(&path, b"\x82\xa0\n").unwrap();
        let wanted = |charset: &str| FsReadFileParams { charset: Some(charset.into()), ..reading(&path) };
        let read = client.read_file(&wanted("sjis")).await.unwrap();
        assert_eq!((text(&read).as_str(), read.charset.as_deref()), ("あ\n", Some("Shift_JIS")));
        let read = client.read_file(&wanted("latin1")).await.unwrap();
        assert_eq!(text(&read), "‚\u{a0}\n");
        refused(client.read_file(&wanted("utf-8")).await, Kind::Unsupported, "a.txt` is not text in `UTF-8`");
        refused(client.read_file(&wanted("utf-16le")).await, Kind::Unsupported, "is not text in `UTF-16LE`");
        for unknown in ["klingon", "", "utf-7"] {
            let expect = format!("no charset is named `{unknown}`");
            refused(client.read_file(&wanted(unknown)).await, Kind::InvalidParams, &expect);
        }
        let with_bytes = FsReadFileParams { encoding: Some(FsEncoding::Base64), ..wanted("latin1") };
        refused(client.read_file(&with_bytes).await, Kind::InvalidParams, "a `charset` is for content");
        let streamed = FsReadFileParams { stream: true, ..wanted("latin1") };
        refused(client.read_file(&streamed).await, Kind::InvalidParams, "a `charset` is for content");
    });
}

#[test]
fn what_a_charset_does_not_have_is_not_written() {
    check("//- /a.txt\nold\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let writing = |content: &str, charset: Option<&str>, has_bom: bool| FsWriteFileParams {
            charset: charset.map(str::to_owned),
            has_bom,
            ..FsWriteFileParams::of(path.clone(), content)
        };
        let outcome = client.write_file(&writing("1\n2 語\n", Some("latin1"), false)).await;
        refused(outcome, Kind::InvalidParams, "has no character `語` (U+8A9E), which is in line 2");
        let outcome = client.write_file(&writing("a", Some("klingon"), false)).await;
        refused(outcome, Kind::InvalidParams, "no charset is named `klingon`");
        let outcome = client.write_file(&writing("a", Some("latin1"), true)).await;
        refused(outcome, Kind::InvalidParams, "has no byte order mark");
        let encoded = FsWriteFileParams { encoding: FsEncoding::Base64, ..writing("YQ==", None, true) };
        refused(client.write_file(&encoded).await, Kind::InvalidParams, "for content that is sent as text");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        client.write_file(&writing("é", Some("utf-16"), true)).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"\xff\xfe\xe9\0");
        client.write_file(&writing("é", None, true)).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"\xef\xbb\xbf\xc3\xa9");
    });
}

#[test]
fn parts_begin_and_end_between_characters_and_make_the_whole() {
    check("", async |daemon, client| {
        let path = daemon.path("a.txt");
        fs::write(&path, "aé😀z\n").unwrap();
        // Bytes: a=0, é=1..3, 😀=3..7, z=7, newline=8.
        for (offset, length, expect, from, bytes) in [
            (0, 1, "a", 0, 1),
            (0, 2, "aé", 0, 3),
            (2, 2, "😀", 3, 4),
            (4, 2, "", 7, 0),
            (4, 100, "z\n", 7, 2),
            (9, 5, "", 9, 0),
            (1_000_000, 5, "", 1_000_000, 0),
            (3, 0, "", 3, 0),
        ] {
            let read = client.read_file(&part(&path, offset, length)).await.unwrap();
            assert_eq!((text(&read).as_str(), read.encoding), (expect, FsEncoding::Utf8), "{offset} {length}");
            assert_eq!((read.offset, read.length, read.size), (Some(from), Some(bytes), 9), "{offset} {length}");
            assert_eq!((read.version, read.is_binary, read.line_ends), (None, None, None));
        }
        let rest = FsReadFileParams { offset: Some(7), ..reading(&path) };
        assert_eq!(text(&client.read_file(&rest).await.unwrap()), "z\n");

        let long = "Größe 😀\r\n".repeat(3000);
        for (charset, has_bom) in [(None, false), (None, true), (Some("utf-16le"), true), (Some("utf-16be"), false)] {
            let write = FsWriteFileParams {
                content: long.clone(),
                encoding: FsEncoding::Utf8,
                charset: charset.map(str::to_owned),
                has_bom,
                ..writing_back(&path, &client.read_file(&reading(&path)).await.unwrap())
            };
            let size = client.write_file(&write).await.unwrap().size;
            let mut all = String::new();
            for offset in (0..size).step_by(4099) {
                let wanted = FsReadFileParams {
                    charset: charset.filter(|_| !has_bom).map(str::to_owned),
                    ..part(&path, offset, 4099)
                };
                let read = client.read_file(&wanted).await.unwrap();
                assert_eq!(read.has_bom, has_bom);
                all += &text(&read);
            }
            assert_eq!(all, long, "{charset:?}");
        }
    });
}

#[test]
fn parts_of_bytes_are_exact() {
    check("", async |daemon, client| {
        let path = daemon.path("a.bin");
        let all: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        fs::write(&path, &all).unwrap();
        for (offset, length) in [(0, 10), (1, 1), (130, 300), (9_990, 100), (10_000, 1), (20_000, 1_usize)] {
            let part = part(&path, offset as u64, length as u64);
            let wanted = FsReadFileParams { encoding: Some(FsEncoding::Base64), ..part };
            let read = client.read_file(&wanted).await.unwrap();
            let (from, to) = (all.len().min(offset), all.len().min(offset + length));
            assert_eq!(bytes(&read), all[from..to], "{offset} {length}");
            assert_eq!((read.offset, read.length, read.size), (Some(offset as u64), Some((to - from) as u64), 10_000));
        }
        // By default they are bytes where they are no text.
        assert_eq!(bytes(&client.read_file(&part(&path, 200, 20)).await.unwrap()), all[200..220]);
        let text_of = |charset: &str| FsReadFileParams { charset: Some(charset.into()), ..part(&path, 200, 4) };
        assert_eq!(text(&client.read_file(&text_of("latin1")).await.unwrap()), "ÈÉÊË");
        refused(client.read_file(&text_of("utf-8")).await, Kind::Unsupported, "is not text in `UTF-8`");
        refused(client.read_file(&text_of("gbk")).await, Kind::Unsupported, "not to be told in `GBK`");
        let error = client.read_file(&part(&path, u64::MAX, u64::MAX)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidParams, "{error}");
    });
}

#[test]
fn a_wrong_part_is_refused_with_the_reason() {
    check("//- /a.txt\na\n//- /folder/b\n", async |daemon, _| {
        let client = daemon.client().await;
        let ask = async |params: serde_json::Value| {
            client.request(method::read_file.name, params.to_string(), true).await.unwrap_err()
        };
        let path = daemon.path("a.txt");
        for (member, value) in
            [("offset", json!(-1)), ("length", json!(-5)), ("offset", json!(1.5)), ("length", json!("1"))]
        {
            let mut params = json!({ "path": path });
            params[member] = value;
            let error = ask(params).await;
            assert_eq!(error.kind(), Kind::InvalidParams, "{error}");
            assert!(error.message().contains("fs:read_file"), "{error}");
        }
        let folder = ask(json!({ "path": daemon.path("folder"), "offset": 0, "length": 1 })).await;
        assert!(folder.message().contains("is a folder"), "{folder}");
        assert!(std::process::Command::new("mkfifo").arg(daemon.path("fifo")).status().unwrap().success());
        let fifo = ask(json!({ "path": daemon.path("fifo"), "offset": 0, "length": 1 })).await;
        assert!(fifo.message().contains("is a FIFO"), "{fifo}");
    });
}

#[test]
fn a_part_of_a_huge_file_and_of_one_of_the_system_is_read() {
    check("", async |daemon, client| {
        let path = daemon.path("huge");
        File::create(&path).unwrap().set_len(10 << 30).unwrap();
        let read = client.read_file(&part(&path, (10 << 30) - 3, 100)).await.unwrap();
        assert_eq!((bytes(&read), read.size, read.length), (vec![0; 3], 10 << 30, Some(3)));
        let whole = FsReadFileParams { offset: Some(1), ..reading(&path) };
        refused(client.read_file(&whole).await, Kind::TooLarge, "ask for a stream, or for a part");
        // It says that it has no bytes.
        let read = client.read_file(&part("/proc/self/status", 0, 5)).await.unwrap();
        assert_eq!(text(&read), "Name:");
        let read = client.read_file(&part("/proc/self/status", 1, 4)).await.unwrap();
        assert_eq!((text(&read).as_str(), read.offset), ("ame:", Some(1)));
    });
}

#[test]
fn a_stream_of_a_part_ends_where_the_part_or_the_file_does() {
    check("", async |daemon, _| {
        let client = daemon.client().await;
        let path = daemon.path("large");
        let content: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
        fs::write(&path, &content).unwrap();
        for (offset, length, from, to) in
            [(0, 200_000, 0, 200_000), (999_000, 5_000, 999_000, 1_000_000), (2_000_000, 1, 0, 0), (5, 0, 0, 0)]
        {
            let params = FsReadFileParams { stream: true, ..part(&path, offset, length) };
            let mut stream = client.stream(method::read_file, &params).await.unwrap();
            let mut got = Vec::new();
            while let Some(bytes) = next_bytes(&mut stream).await {
                got.extend(bytes);
            }
            let result: FsReadFileResult = stream.finish().await.unwrap();
            assert!(got == content[from..to], "{offset} {length}");
            assert_eq!((result.offset, result.length), (Some(offset), Some((to - from) as u64)));
            assert_eq!((result.size, result.version), (1_000_000, None));
        }
    });
}

#[test]
fn a_file_that_shrinks_while_it_is_streamed_is_sent_as_far_as_it_goes() {
    check("", async |daemon, _| {
        let client = daemon.client().await;
        let path = daemon.path("large");
        fs::write(&path, vec![b'a'; 4_000_000]).unwrap();
        let params = FsReadFileParams { stream: true, ..reading(&path) };
        let mut stream = client.stream(method::read_file, &params).await.unwrap();
        let mut got = next_bytes(&mut stream).await.unwrap().len();
        // The daemon sends no more than the credit until that is read.
        File::options().write(true).open(&path).unwrap().set_len(1_000_000).unwrap();
        while let Some(bytes) = next_bytes(&mut stream).await {
            got += bytes.len();
        }
        let result: FsReadFileResult = stream.finish().await.unwrap();
        assert_eq!((got, result.size), (1_000_000, 1_000_000));
    });
}
