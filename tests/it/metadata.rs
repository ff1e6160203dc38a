//! What is told of files beside their content.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use icpy::Client;
use icpy_protocol::fs::{
    FsClient, FsConfineParams, FsDetails, FsKind, FsListDirectoryParams, FsReadFileParams, FsRoot, FsStatParams,
    FsWriteFileParams,
};
use icpy_tests::{Daemon, Process};

fn check(fixture: &str, test: impl AsyncFnOnce(&Daemon, &FsClient<Client>)) {
    let daemon = Daemon::boot(fixture);
    daemon.run(async { test(&daemon, &FsClient::new(daemon.client().await)).await });
}

fn looking(path: impl AsRef<Path>) -> FsStatParams {
    FsStatParams::of(path.as_ref())
}

fn looking_at_link(path: impl AsRef<Path>) -> FsStatParams {
    FsStatParams { no_follow: true, ..looking(path) }
}

#[test]
fn all_that_the_system_knows_of_a_file_is_told() {
    check("//- /a.py\nx\n//- /.hidden\n", async |daemon, client| {
        let path = daemon.path("a.py");
        fs::set_permissions(&path, Permissions::from_mode(0o4751)).unwrap();
        fs::hard_link(&path, daemon.path("b")).unwrap();
        let told = client.stat(&looking(&path)).await.unwrap();
        let known = path.metadata().unwrap();
        let details = &told.details;
        assert_eq!((details.mode, details.links), (Some(0o4751), Some(2)));
        assert_eq!((details.uid, details.gid), (Some(known.uid()), Some(known.gid())));
        let changed_ms = known.ctime() * 1000 + known.ctime_nsec() / 1_000_000;
        assert_eq!(details.changed_at_ms, Some(u64::try_from(changed_ms).unwrap()));
        assert!(details.created_at_ms.is_none_or(|created| created <= told.modified_at_ms), "{told:?}");
        assert!(details.accessed_at_ms.unwrap() > 1_000_000_000_000);
        assert_eq!((details.is_executable, details.mime.as_deref()), (Some(true), Some("text/x-python")));
        assert_eq!((details.link_target.as_ref(), details.is_broken, told.is_hidden), (None, None, false));
        assert!(client.stat(&looking(daemon.path(".hidden"))).await.unwrap().is_hidden);
        let folder = client.stat(&looking(daemon.path(""))).await.unwrap();
        assert_eq!((folder.details.is_executable, folder.details.mime), (None, None));
    });
}

#[test]
fn users_and_groups_are_named() {
    check("//- /a\n", async |daemon, client| {
        let path = daemon.path("a");
        let names = |option: &str, number: u32| {
            let output = std::process::Command::new("id").args([option, &number.to_string()]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let own = path.metadata().unwrap();
        let details = client.stat(&looking(&path)).await.unwrap().details;
        assert_eq!(details.owner.unwrap(), names("-nu", own.uid()));
        let groups = fs::read_to_string("/etc/group").unwrap();
        let line = groups.lines().find(|line| line.split(':').nth(2) == Some(&own.gid().to_string())).unwrap();
        assert_eq!(details.group.as_deref(), line.split(':').next());
        // Who nobody knows has a number alone.
        if std::os::unix::fs::chown(&path, Some(54_321), Some(54_322)).is_ok() {
            let details = client.stat(&looking(&path)).await.unwrap().details;
            assert_eq!(
                (details.uid, details.owner, details.gid, details.group),
                (Some(54_321), None, Some(54_322), None)
            );
        }
    });
}

#[test]
fn a_link_tells_where_it_leads_and_whether_anywhere() {
    check("//- /folder/a.txt\n", async |daemon, client| {
        for (name, target, is_broken) in
            [("good", "folder/a.txt", false), ("bad", "nowhere", true), ("loop", "loop", true), ("up", "..", false)]
        {
            symlink(target, daemon.path(name)).unwrap();
            let told = client.stat(&looking_at_link(daemon.path(name))).await.unwrap();
            assert_eq!(told.kind, FsKind::Symlink);
            let details = told.details;
            assert_eq!((details.link_target, details.is_broken), (Some(target.into()), Some(is_broken)), "{name}");
        }
        assert_eq!(client.stat(&looking(daemon.path("good"))).await.unwrap().details.link_target, None);
        // To a session that is confined, what is outside is not there.
        let roots = Some(vec![FsRoot { path: daemon.path("folder").into(), is_read_only: false }]);
        client.confine(&FsConfineParams { roots, denied: vec![] }).await.unwrap();
        symlink("../good", daemon.path("folder/out")).unwrap();
        symlink("a.txt", daemon.path("folder/in")).unwrap();
        symlink("../folder", daemon.path("folder/round")).unwrap();
        for (name, is_broken) in [("out", false), ("in", false), ("round", false)] {
            let told = client.stat(&looking_at_link(daemon.path("folder").join(name))).await.unwrap();
            assert_eq!(told.details.is_broken, Some(is_broken), "{name}");
        }
        symlink("/etc/passwd", daemon.path("folder/far")).unwrap();
        let told = client.stat(&looking_at_link(daemon.path("folder/far"))).await.unwrap();
        assert_eq!(told.details.is_broken, Some(true));
    });
}

#[test]
fn a_file_whose_name_says_nothing_is_looked_into() {
    check("", async |daemon, client| {
        let path = daemon.path("file");
        for (content, expect) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], Some("image/png")),
            (b"%PDF-1.7\n", Some("application/pdf")),
            ("all: größe\n".as_bytes(), Some("text/plain")),
            (&"é".repeat(10_000).into_bytes()[1..], Some("text/plain")),
            (b"a\0b\x01\x02", Some("application/octet-stream")),
            (b"", None),
        ] {
            fs::write(&path, content).unwrap();
            let told = client.stat(&looking(&path)).await.unwrap();
            assert_eq!(told.details.mime.as_deref(), expect, "{content:?}");
        }
        // A listing goes by names alone.
        let listing = FsListDirectoryParams { details: true, ..FsListDirectoryParams::of(daemon.path("")) };
        fs::write(&path, "text").unwrap();
        let entries = client.list_directory(&listing).await.unwrap().entries;
        assert_eq!((&entries[0].details.mime, entries[0].details.mode.is_some()), (&None, true));
        assert!(std::process::Command::new("mkfifo").arg(daemon.path("fifo")).status().unwrap().success());
        let fifo = client.stat(&looking(daemon.path("fifo"))).await.unwrap();
        assert_eq!((fifo.kind, fifo.details.mime), (FsKind::Other, None));
        assert_eq!(
            client.stat(&looking("/proc/self/status")).await.unwrap().details.mime.as_deref(),
            Some("text/plain")
        );
    });
}

#[test]
fn a_listing_tells_more_only_to_who_asks() {
    check("//- /a.rs\n//- /.b\n", async |daemon, client| {
        let plain = client.list_directory(&FsListDirectoryParams::of(daemon.path(""))).await.unwrap().entries;
        assert_eq!(plain.iter().map(|entry| entry.is_hidden).collect::<Vec<_>>(), [true, false]);
        assert!(plain.iter().all(|entry| entry.details == FsDetails::default()));
        let listing = FsListDirectoryParams { details: true, ..FsListDirectoryParams::of(daemon.path("")) };
        let full = client.list_directory(&listing).await.unwrap().entries;
        let own = daemon.path("a.rs").metadata().unwrap();
        let details = &full[1].details;
        assert_eq!((details.mode, details.links), (Some(own.mode() & 0o7777), Some(1)));
        assert!(details.owner.is_some() && details.mime.as_deref() == Some("text/x-rust"), "{details:?}");
    });
}

#[test]
fn icpy_ls_prints_like_the_tool_that_people_know() {
    let user = Process::new("//- /b.sh\n1234567\n//- /.hidden\n//- /dir/x\n//- /c\n12\n");
    fs::set_permissions(user.path("b.sh"), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(user.path("c"), Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(user.path("dir"), Permissions::from_mode(0o700)).unwrap();
    symlink("nowhere", user.path("link")).unwrap();
    let printed = |args: &[&str]| {
        let output = user.icpy(args);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
        output.stdout
    };
    assert_eq!(printed(&["ls"]), "b.sh\nc\ndir/\nlink@\n");
    assert_eq!(printed(&["ls", "-a"]), ".hidden\nb.sh\nc\ndir/\nlink@\n");
    assert_eq!(printed(&["ls", "-r"]), "link@\ndir/\nc\nb.sh\n");
    let sorted = printed(&["ls", "-Sr"]);
    assert!(sorted.find("c\n").unwrap() < sorted.find("b.sh\n").unwrap(), "{sorted}");
    let modified = |name: &str, seconds| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        fs::File::open(user.path(name)).unwrap().set_modified(time).unwrap();
    };
    modified("c", 2_000_000_000);
    modified("b.sh", 1_000_000_000);
    let by_time = printed(&["ls", "-t"]);
    assert!(by_time.starts_with("c\n") && by_time.ends_with("b.sh\n"), "{by_time}");
    assert_eq!(user.icpy(&["ls", "-S", "-t"]).status, 2);

    let long = printed(&["ls", "-l"]);
    let rows: Vec<Vec<&str>> = long.lines().map(|line| line.split_whitespace().collect()).collect();
    let own = user.path("c").metadata().unwrap();
    assert_eq!((rows[0][0], rows[0][1], rows[0][4], rows[0][8]), ("-rwxr-xr-x", "1", "8", "b.sh"), "{long}");
    assert_eq!((rows[0][7], rows[1][0]), ("2001", "-rw-r-----"), "{long}");
    assert_eq!((rows[2][0], rows[2][8]), ("drwx------", "dir/"), "{long}");
    assert_eq!(rows[3][8..], ["link", "->", "nowhere"], "{long}");
    let entries = printed(&["--json", "ls"]);
    let first: serde_json::Value = serde_json::from_str(entries.lines().next().unwrap()).unwrap();
    assert_eq!((&first["mode"], &first["uid"]), (&0o755.into(), &own.uid().into()), "{entries}");

    let colored = printed(&["--color=always", "ls"]);
    assert_eq!(colored, "\x1b[1;32mb.sh\x1b[0m\nc\n\x1b[1;34mdir\x1b[0m/\n\x1b[1;31mlink\x1b[0m@\n");
}

const REPOSITORY: &str = "\
//- /.git/info/exclude
private
//- /.gitignore
*.log
/out/
//- /.ignore
notes
//- /a.log
//- /a.txt
//- /notes
//- /private
//- /out/deep/b.txt
//- /deep/.gitignore
!kept.log
//- /deep/kept.log
//- /deep/other.log
";

#[test]
fn what_git_ignores_is_told() {
    check(REPOSITORY, async |daemon, client| {
        for (name, expect) in [
            ("a.log", true),
            ("a.txt", false),
            ("notes", true),
            ("private", true),
            ("out", true),
            ("out/deep/b.txt", true),
            ("deep", false),
            ("deep/kept.log", false),
            ("deep/other.log", true),
        ] {
            let told = client.stat(&looking(daemon.path(name))).await.unwrap();
            assert_eq!(told.details.is_ignored, expect, "{name}");
        }
        // By what a link leads to, and by its own name.
        symlink("a.log", daemon.path("link")).unwrap();
        assert!(client.stat(&looking(daemon.path("link"))).await.unwrap().details.is_ignored);
        assert!(!client.stat(&looking_at_link(daemon.path("link"))).await.unwrap().details.is_ignored);
    });
}

#[test]
fn a_listing_tells_what_git_ignores_where_details_are_asked() {
    check(REPOSITORY, async |daemon, client| {
        let ignored = async |name: &str, details| {
            let params = FsListDirectoryParams { details, ..FsListDirectoryParams::of(daemon.path(name)) };
            let entries = client.list_directory(&params).await.unwrap().entries;
            let ignored = entries.into_iter().filter(|entry| entry.details.is_ignored);
            ignored.map(|entry| entry.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ignored("", true).await, ["a.log", "notes", "out", "private"]);
        assert_eq!(ignored("out/deep", true).await, ["b.txt"]);
        assert_eq!(ignored("deep", true).await, ["other.log"]);
        assert_eq!(ignored("", false).await, Vec::<String>::new());
    });
}

#[test]
fn a_version_is_told_without_the_content() {
    check("//- /a.py\nx\n//- /empty\n", async |daemon, client| {
        // Longer than what an answer holds.
        fs::write(daemon.path("long"), "abc\n".repeat(3 << 20)).unwrap();
        fs::write(daemon.path("empty"), "").unwrap();
        let version = async |name: &str| {
            let params = FsStatParams { with_version: true, ..looking(daemon.path(name)) };
            client.stat(&params).await.unwrap().version
        };
        for name in ["a.py", "empty"] {
            let read = client.read_file(&FsReadFileParams::of(daemon.path(name))).await.unwrap();
            assert_eq!(version(name).await, read.version, "{name}");
        }
        let long = version("long").await;
        assert_eq!(version("long").await, long);
        let write = FsWriteFileParams { offset: Some(7), ..FsWriteFileParams::of(daemon.path("long"), "x") };
        let written = client.write_file(&write).await.unwrap();
        assert_eq!(version("long").await, Some(written.version));
        assert_ne!(version("long").await, long);
        assert_eq!(version("").await, None);
        assert_eq!(client.stat(&looking(daemon.path("a.py"))).await.unwrap().version, None);
    });
}
