//! Files on disk: reading, writing, listing, and every way in which that can go wrong.

use std::borrow::Cow;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::Client;
use icpy_protocol::error::Kind;
use icpy_protocol::fs::{
    FsClient, FsEncoding, FsKind, FsListDirectoryParams, FsReadFileParams, FsReadFileResult, FsStatParams,
    FsWriteFileParams,
};
use icpy_tests::{Daemon, Process, refused};

fn reading(path: impl AsRef<Path>) -> FsReadFileParams {
    FsReadFileParams::of(path.as_ref())
}

fn writing(path: impl AsRef<Path>, content: &str) -> FsWriteFileParams {
    FsWriteFileParams::of(path.as_ref(), content)
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_keeps_is_refused_for_what_it_is() {
    check("//- /a.txt\none\n", async |daemon, client| {
        refused(client.write_file(&writing("/proc/self/comm", "x")).await, Kind::Unsupported, "takes no new files");
        let part = FsReadFileParams { offset: Some(3), length: Some(8), ..reading("/proc/self/pagemap") };
        refused(client.read_file(&part).await, Kind::Unsupported, "from byte 3 on");
        refused(
            client.list_directory(&listing(daemon.path("a.txt"))).await,
            Kind::Unsupported,
            "is a file, not a folder",
        );
    });
}

fn listing(path: impl AsRef<Path>) -> FsListDirectoryParams {
    FsListDirectoryParams::of(path.as_ref())
}

fn looking(path: impl AsRef<Path>) -> FsStatParams {
    FsStatParams::of(path.as_ref())
}

/// Runs a test against the files of a fixture.
fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

fn content(result: &FsReadFileResult) -> &str {
    match result.content.as_ref().unwrap().text() {
        Cow::Borrowed(text) => text,
        Cow::Owned(_) => unreachable!("what a client has read is text"),
    }
}

#[test]
fn a_file_is_read_in_the_encoding_that_fits() {
    check("//- /a.txt\ngrüße\n", async |daemon, client| {
        let text = client.read_file(&reading(daemon.path("a.txt"))).await.unwrap();
        assert_eq!((content(&text), text.encoding, text.size), ("grüße\n", FsEncoding::Utf8, 8));
        let wanted = FsReadFileParams { encoding: Some(FsEncoding::Base64), ..reading(daemon.path("a.txt")) };
        let bytes = client.read_file(&wanted).await.unwrap();
        assert_eq!(BASE64_STANDARD.decode(content(&bytes)).unwrap(), "grüße\n".as_bytes());
        assert_eq!(bytes.version, text.version);

        fs::write(daemon.path("b"), b"\xff\0\xfe").unwrap();
        let binary = client.read_file(&reading(daemon.path("b"))).await.unwrap();
        assert_eq!(binary.encoding, FsEncoding::Base64);
        assert_eq!(BASE64_STANDARD.decode(content(&binary)).unwrap(), b"\xff\0\xfe");
        let wanted = FsReadFileParams { encoding: Some(FsEncoding::Utf8), ..reading(daemon.path("b")) };
        refused(client.read_file(&wanted).await, Kind::Unsupported, "is not text");
    });
}

#[test]
fn an_empty_file_and_one_of_the_system_are_read() {
    check("//- /empty\n", async |daemon, client| {
        let empty = client.read_file(&reading(daemon.path("empty"))).await.unwrap();
        assert_eq!((content(&empty), empty.size), ("", 0));
        // It says that it has no bytes.
        let system = client.read_file(&reading("/proc/self/status")).await.unwrap();
        assert!(content(&system).starts_with("Name:"));
    });
}

#[test]
fn what_is_not_there_or_no_file_is_named() {
    check("//- /folder/a.txt\n//- /file\n", async |daemon, client| {
        let path = |name: &str| daemon.path(name);
        let named = |name: &str| format!("`{}`", path(name).display());
        assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        symlink("loop", path("loop")).unwrap();
        let cases = [
            ("none", Kind::NotFound, "does not exist"),
            ("none/below", Kind::NotFound, "does not exist"),
            ("dangling", Kind::NotFound, "does not exist"),
            ("file/below", Kind::NotFound, "not a folder"),
            ("folder", Kind::Unsupported, "is a folder"),
            ("fifo", Kind::Unsupported, "is a FIFO"),
            ("socket", Kind::Unsupported, "is a socket"),
            ("loop", Kind::Unsupported, "lead in a circle"),
        ];
        for (name, kind, expect) in cases {
            let error = client.read_file(&reading(path(name))).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
            assert!(error.message().contains(expect), "{name}: {error}");
            assert!(error.message().contains(&named(name)), "{name}: {error}");
        }
        refused(client.read_file(&reading("/dev/zero")).await, Kind::Unsupported, "`/dev/zero` is a device");
        refused(
            client.read_file(&reading("relative.txt")).await,
            Kind::InvalidParams,
            "`relative.txt` is not absolute",
        );
        refused(client.read_file(&reading("")).await, Kind::InvalidParams, "is not absolute");
        refused(client.read_file(&reading("/a\0b")).await, Kind::InvalidParams, "NUL");
        let long = path(&"x".repeat(300));
        refused(client.read_file(&reading(&long)).await, Kind::InvalidParams, "too long");
        for name in ["fifo", "socket"] {
            refused(client.write_file(&writing(path(name), "")).await, Kind::Unsupported, named(name));
            assert_eq!(client.stat(&looking(path(name))).await.unwrap().kind, FsKind::Other);
        }
        refused(client.write_file(&writing(path("folder"), "")).await, Kind::Unsupported, "is a folder");
        refused(client.write_file(&writing(path("dangling"), "")).await, Kind::NotFound, "leads nowhere");
        refused(client.write_file(&writing(path("none/a"), "")).await, Kind::NotFound, named("none"));
        refused(client.list_directory(&listing(path("file"))).await, Kind::Unsupported, "not a folder");
        refused(client.list_directory(&listing(path("none"))).await, Kind::NotFound, named("none"));
    });
}

#[test]
fn a_name_that_is_not_utf_8_is_a_name_like_others() {
    use std::os::unix::ffi::OsStrExt as _;
    check("", async |daemon, client| {
        let path = daemon.path("").join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt"));
        client.write_file(&writing(&path, "coffee")).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "coffee");
        assert_eq!(content(&client.read_file(&reading(&path)).await.unwrap()), "coffee");
        let entries = client.list_directory(&listing(daemon.path(""))).await.unwrap().entries;
        assert_eq!(entries[0].name.as_path().as_os_str().as_bytes(), b"caf\xe9.txt");
        let missing = daemon.path("").join(std::ffi::OsStr::from_bytes(b"\xff"));
        refused(client.read_file(&reading(missing)).await, Kind::NotFound, "does not exist");
    });
}

#[test]
fn a_file_of_ten_gibibytes_is_refused_at_once() {
    check("", async |daemon, client| {
        let path = daemon.path("huge");
        File::create(&path).unwrap().set_len(10 << 30).unwrap();
        let error = client.read_file(&reading(&path)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::TooLarge);
        assert_eq!(error.detail("size"), Some(&(10_u64 << 30).into()));
        assert!(error.message().contains("ask for a stream"), "{error}");
        assert_eq!(client.stat(&looking(&path)).await.unwrap().size, 10 << 30);
    });
}

#[test]
fn files_of_all_sizes_come_back_as_they_were() {
    check("", async |daemon, client| {
        for size in [1, 16 << 10, 256 << 10, (256 << 10) + 1, 3 << 20, 8 << 20] {
            let text = "0123456789abcdef".repeat(size / 16 + 1)[..size].to_owned();
            let written = client.write_file(&writing(daemon.path("a"), &text)).await.unwrap();
            let read = client.read_file(&reading(daemon.path("a"))).await.unwrap();
            assert!(content(&read) == text, "{size}");
            assert_eq!(read.version, Some(written.version));
        }
    });
}

#[test]
fn a_write_is_refused_when_the_file_has_changed() {
    check("//- /a.txt\none\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let base = client.read_file(&reading(&path)).await.unwrap().version.unwrap();
        let based = |content: &str, version: &str| FsWriteFileParams {
            base_version: Some(version.to_owned()),
            ..writing(&path, content)
        };
        let two = client.write_file(&based("two\n", &base)).await.unwrap();
        assert!(!two.is_new);
        // Of the same length, and at the same moment.
        fs::write(&path, "2wo\n").unwrap();
        let error = client.write_file(&based("three\n", &two.version)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{error}");
        let current = client.read_file(&reading(&path)).await.unwrap().version.unwrap();
        assert_eq!(error.detail("currentVersion"), Some(&current.clone().into()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "2wo\n");
        client.write_file(&based("three\n", &current)).await.unwrap();

        fs::remove_file(&path).unwrap();
        let error = client.write_file(&based("four\n", &current)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{error}");
        assert!(!path.exists());
    });
}

#[test]
fn a_new_file_is_new_or_refused() {
    check("//- /a.txt\none\n", async |daemon, client| {
        let new = |name: &str| FsWriteFileParams { must_be_new: true, ..writing(daemon.path(name), "new") };
        refused(client.write_file(&new("a.txt")).await, Kind::AlreadyExists, "a.txt`");
        assert!(client.write_file(&new("b.txt")).await.unwrap().is_new);
        assert_eq!(fs::read_to_string(daemon.path("a.txt")).unwrap(), "one\n");
        let params = FsWriteFileParams { encoding: FsEncoding::Base64, ..writing(daemon.path("c"), "/w==") };
        client.write_file(&params).await.unwrap();
        assert_eq!(fs::read(daemon.path("c")).unwrap(), b"\xff");
        let params = FsWriteFileParams { encoding: FsEncoding::Base64, ..writing(daemon.path("c"), "!") };
        refused(client.write_file(&params).await, Kind::InvalidParams, "base64");
        assert_eq!(fs::read(daemon.path("c")).unwrap(), b"\xff");
    });
}

#[test]
fn a_write_keeps_mode_owner_and_link() {
    check("//- /a.sh\none\n", async |daemon, client| {
        let path = daemon.path("a.sh");
        fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(12), Some(34)).unwrap();
        }
        let before = path.metadata().unwrap();
        symlink("a.sh", daemon.path("link")).unwrap();
        client.write_file(&writing(daemon.path("link"), "two\n")).await.unwrap();
        let after = path.metadata().unwrap();
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert!(daemon.path("link").symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    });
}

#[test]
fn a_reader_sees_the_old_or_the_new_file_and_nothing_between() {
    check("//- /a.txt\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let texts = ["a".repeat(300_000), "b".repeat(200_000)];
        fs::write(&path, &texts[0]).unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    let seen = fs::read_to_string(&path).unwrap();
                    assert!(texts.contains(&seen), "{} bytes", seen.len());
                }
            });
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    for round in 0..20 {
                        client.write_file(&writing(&path, &texts[round % 2])).await.unwrap();
                    }
                });
            });
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            reader.join().unwrap();
        });
    });
}

#[test]
fn writers_of_one_file_take_turns() {
    check("//- /a.txt\nbase\n", async |daemon, client| {
        let path = daemon.path("a.txt");
        let base = client.read_file(&reading(&path)).await.unwrap().version.unwrap();
        let contents: Vec<FsWriteFileParams> = (0..20)
            .map(|number| FsWriteFileParams { base_version: Some(base.clone()), ..writing(&path, &number.to_string()) })
            .collect();
        let outcomes = futures_util::future::join_all(contents.iter().map(|params| client.write_file(params))).await;
        // All began from the same version: one wins, and the others are told.
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let conflicts = outcomes.iter().filter_map(|it| it.as_ref().err()).filter(|it| it.kind() == Kind::Conflict);
        assert_eq!(conflicts.count(), 19);
    });
}

#[test]
fn a_folder_is_listed_in_pages() {
    check("//- /b/x\n//- /a.txt\n12345\n//- /c.txt\n", async |daemon, client| {
        symlink("a.txt", daemon.path("d")).unwrap();
        let all = client.list_directory(&listing(daemon.path(""))).await.unwrap();
        let described: Vec<(String, FsKind)> =
            all.entries.iter().map(|entry| (entry.name.to_string(), entry.kind)).collect();
        let expect =
            [("a.txt", FsKind::File), ("b", FsKind::Directory), ("c.txt", FsKind::File), ("d", FsKind::Symlink)];
        assert_eq!(described, expect.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!((all.entries[0].size, all.next_after), (6, None));

        let mut params = FsListDirectoryParams { limit: Some(3), ..listing(daemon.path("")) };
        let first = client.list_directory(&params).await.unwrap();
        assert_eq!(first.entries, all.entries[..3]);
        params.after = first.next_after;
        let second = client.list_directory(&params).await.unwrap();
        assert_eq!((second.entries.as_slice(), second.next_after), (&all.entries[3..], None));
    });
}

#[test]
fn what_a_path_names_is_told_with_and_without_links() {
    check("//- /a.txt\n12345\n", async |daemon, client| {
        symlink("a.txt", daemon.path("link")).unwrap();
        let followed = client.stat(&looking(daemon.path("link"))).await.unwrap();
        assert_eq!((followed.kind, followed.size, followed.is_read_only), (FsKind::File, 6, false));
        let link = FsStatParams { no_follow: true, ..looking(daemon.path("link")) };
        assert_eq!(client.stat(&link).await.unwrap().kind, FsKind::Symlink);
        assert_eq!(client.stat(&looking(daemon.path(""))).await.unwrap().kind, FsKind::Directory);
    });
}

#[test]
fn permissions_are_the_users_own() {
    let user = Process::ordinary("//- /secret.txt\nx\n//- /fixed.txt\nx\n//- /closed/a.txt\nx\n");
    for (name, mode) in [("secret.txt", 0o000), ("fixed.txt", 0o444), ("closed", 0o000)] {
        fs::set_permissions(user.path(name), Permissions::from_mode(mode)).unwrap();
    }
    let call = |method: &str, name: &str| {
        let mut params = serde_json::json!({ "path": user.path(name) });
        if method == "fs:write_file" {
            params["content"] = "new".into();
        }
        user.icpy(&["--json", "call", method, &params.to_string()])
    };
    let denied = |method: &str, name: &str| {
        let output = call(method, name);
        assert_eq!(output.status, 3, "{method} {name}: {output:?}");
        assert!(output.stdout.contains("permission_denied"), "{output:?}");
        assert!(output.stdout.contains(user.path(name).to_str().unwrap()), "{output:?}");
    };
    denied("fs:read_file", "secret.txt");
    denied("fs:write_file", "fixed.txt");
    denied("fs:list_directory", "closed");
    denied("fs:read_file", "closed/a.txt");
    assert_eq!(call("fs:read_file", "fixed.txt").status, 0);
    assert_eq!(fs::read_to_string(user.path("fixed.txt")).unwrap(), "x\n");
    // So that the folder can be removed by its owner.
    fs::set_permissions(user.path("closed"), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    let Some(disk) = icpy_tests::SmallDisk::mount(64 << 10) else { return };
    check("", async |_, client| {
        let path = disk.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let outcome = client.write_file(&writing(&path, &"x".repeat(200_000))).await;
        refused(outcome, Kind::Unavailable, format!("`{}`", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1, "a temporary file is left over");
    });
}
