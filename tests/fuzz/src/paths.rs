//! Paths: a session that is confined reads and changes nothing outside, whatever path it names and whatever links it makes.
//!
//! An input is lines of a verb, a path below the folder that the session is confined to, and for some verbs ` => ` and
//! another. A verb is known by its first letter. What a mistake could destroy is inside the fixture: nothing is changed by
//! a path that leads out of that.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use icpy::Client;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::fs::{FsClient, FsConfineParams, FsRoot};
use icpy_protocol::path::FilePath;
use icpy_tests::Daemon;
use icpyd::caller::Scopes;
use serde_json::{Value, json};

use crate::Target;

/// What is in every file that the session may not read.
const SECRET: &str = "Wd7qLx02ZpVt";

/// What the session may not change: all but the one folder, and in that what is denied.
const KEPT: &str = "\
//- /outside/secret
Wd7qLx02ZpVt
//- /root-sibling/secret
Wd7qLx02ZpVt
//- /shared/known
known
//- /root/.env
Wd7qLx02ZpVt
";

/// More lines are not looked at.
const LINES_MAX: usize = 12;

/// The target.
pub fn target() -> Target {
    let daemon = Daemon::boot(KEPT);
    make_tree(&daemon);
    Box::new(move |input| {
        // What is sent may be answered.
        if input.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()) {
            return;
        }
        let has_changed = daemon.run(check(&daemon, input));
        check_kept(&daemon);
        if has_changed {
            make_tree(&daemon);
        }
    })
}

/// Makes anew what the session may change.
fn make_tree(daemon: &Daemon) {
    let root = daemon.path("root");
    for entry in fs::read_dir(&root).unwrap().flatten().filter(|entry| entry.file_name() != ".env") {
        let is_folder = entry.file_type().unwrap().is_dir();
        if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }.unwrap();
    }
    fs::create_dir_all(root.join("folder/deep")).unwrap();
    fs::write(root.join("a"), "inside\n").unwrap();
    fs::write(root.join("folder/b"), "inside\n").unwrap();
    for (target, link) in [("../outside", "out"), ("folder", "in"), ("../../root/a", "folder/back"), ("loop", "loop")] {
        std::os::unix::fs::symlink(target, root.join(link)).unwrap();
    }
    std::os::unix::fs::symlink(daemon.path("outside/secret"), root.join("folder/deep/secret")).unwrap();
}

/// Nothing outside may have changed, come or gone.
fn check_kept(daemon: &Daemon) {
    let names = |folder: &str| {
        let mut names: Vec<_> = fs::read_dir(daemon.path(folder)).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(""), ["outside", "root", "root-sibling", "shared"]);
    for file in ["outside/secret", "root-sibling/secret", "shared/known"] {
        let (folder, name) = file.split_once('/').unwrap();
        assert_eq!(names(folder), [name]);
        let expect = if folder == "shared" { "known" } else { SECRET };
        assert_eq!(fs::read_to_string(daemon.path(file)).unwrap().trim_end(), expect, "{file}");
    }
    assert_eq!(fs::read_to_string(daemon.path("root/.env")).unwrap().trim_end(), SECRET);
}

/// Does what the lines say, in a session of its own. Returns whether anything may have changed.
async fn check(daemon: &Daemon, input: &[u8]) -> bool {
    let client = daemon.client_with(Scopes::ALL).await;
    let root = |name: &str, is_read_only| FsRoot { path: daemon.path(name).into(), is_read_only };
    let roots = Some(vec![root("root", false), root("shared", true)]);
    FsClient::new(client.clone()).confine(&FsConfineParams { roots, denied: vec![".env".to_owned()] }).await.unwrap();
    let mut has_changed = false;
    for line in input.split(|byte| *byte == b'\n').take(LINES_MAX) {
        let step = Step::read(daemon, line);
        let Some((method, params)) = step.call(daemon) else { continue };
        let outcome = ask(&client, method, &params).await;
        has_changed |= step.is_change();
        step.check(daemon, method, &outcome);
    }
    has_changed
}

/// What a call answers; the failure of one thing in a batch is the call's.
async fn ask(client: &Client, method: &str, params: &Value) -> Result<String, Error> {
    let answer = client.request(method, params.to_string(), true).await?;
    match serde_json::from_str::<Value>(&answer).unwrap()["items"][0].get("error") {
        Some(error) => Err(serde_json::from_value(error.clone()).unwrap()),
        None => Ok(answer),
    }
}

/// One line.
struct Step<'a> {
    verb: u8,
    path: PathBuf,
    /// As it is written behind the arrow.
    second: &'a [u8],
}

impl<'a> Step<'a> {
    fn read(daemon: &Daemon, line: &'a [u8]) -> Self {
        let begin = line.iter().position(|byte| *byte == b' ').map_or(line.len(), |place| place + 1);
        let rest = &line[begin..];
        let arrow = rest.windows(4).position(|part| part == b" => ");
        let (first, second) = arrow.map_or((rest, &b"second"[..]), |place| (&rest[..place], &rest[place + 4..]));
        let path = daemon.path("root").join(OsStr::from_bytes(first));
        Self { verb: line.first().copied().unwrap_or_default(), path, second }
    }

    fn is_change(&self) -> bool {
        b"wmkdctu".contains(&self.verb)
    }

    /// The call to be sent, unless it could harm what is not the fixture's.
    fn call(&self, daemon: &Daemon) -> Option<(&'static str, Value)> {
        let second = daemon.path("root").join(OsStr::from_bytes(self.second));
        if self.is_change() && !(is_harmless(daemon, &self.path) && is_harmless(daemon, &second)) {
            return None;
        }
        let (path, second) = (FilePath::from(self.path.as_path()), FilePath::from(second));
        let call = match self.verb {
            b'r' => ("fs:read_file", json!({ "path": path })),
            b'l' => ("fs:list_directory", json!({ "path": path })),
            b'f' => ("fs:find", json!({ "path": path, "query": "s" })),
            b'g' => ("fs:grep", json!({ "path": path, "pattern": "i|k|W" })),
            b'n' => ("fs:stat", json!({ "path": path, "noFollow": true })),
            b'w' => ("fs:write_file", json!({ "path": path, "content": "written" })),
            b'u' => ("fs:begin_write", json!({ "path": path, "makeFolders": true })),
            b'm' => ("fs:create_directory", json!({ "path": path })),
            b'k' => ("fs:create_symlink", json!({ "path": path, "target": self.link_target(daemon) })),
            b'd' => ("fs:delete", json!({ "paths": [path], "isPermanent": true })),
            b'c' => ("fs:copy", json!({ "items": [{ "from": path, "to": second }] })),
            b't' => ("fs:move", json!({ "items": [{ "from": path, "to": second }] })),
            _ => ("fs:stat", json!({ "path": path })),
        };
        Some(call)
    }

    /// The text of a link, which leads to no place but those that are looked after.
    fn link_target(&self, daemon: &Daemon) -> FilePath {
        let target = Path::new(OsStr::from_bytes(self.second));
        let ups = target.components().filter(|part| *part == Component::ParentDir).count();
        let is_ours = if target.is_absolute() { ups == 0 && target.starts_with(daemon.path("")) } else { ups <= 2 };
        if is_ours { FilePath::from(target) } else { FilePath::from(daemon.path("outside")) }
    }

    fn check(&self, daemon: &Daemon, method: &str, outcome: &Result<String, Error>) {
        let path = self.path.display();
        let said = match outcome {
            Ok(answer) => answer.as_str(),
            Err(error) => {
                assert!(error.kind() != Kind::Internal && !error.is_connection_lost(), "{method} `{path}`: {error:?}");
                error.message()
            }
        };
        assert!(!said.contains(SECRET), "{method} `{path}` tells what is outside: {said}");
        // What has changed may lead elsewhere by now, and a link itself may be looked at.
        if self.is_change() || self.verb == b'n' {
            return;
        }
        let Ok(real) = self.path.canonicalize() else {
            return assert!(outcome.is_err(), "{method} `{path}`, which is nowhere: {said}");
        };
        let is_denied = |path: &Path| path.components().any(|part| part.as_os_str() == ".env");
        let is_inside = ["root", "shared"].iter().any(|name| {
            let root = daemon.path(name).canonicalize().unwrap();
            real.strip_prefix(root).is_ok_and(|below| !is_denied(below))
        });
        let is_refused = outcome.as_ref().is_err_and(|error| error.kind() == Kind::PermissionDenied);
        assert_eq!(is_refused, !is_inside, "{method} `{path}`, which is `{}`: {said}", real.display());
    }
}

/// Whether a path surely leads to somewhere in the fixture, or nowhere.
fn is_harmless(daemon: &Daemon, path: &Path) -> bool {
    let fixture = daemon.path("").canonicalize().unwrap();
    let mut rest = path;
    let real = loop {
        if let Ok(real) = rest.canonicalize() {
            break real;
        }
        // What is missing may be made, so that no part of it may lead up.
        let Some(folder) = rest.parent().filter(|_| rest.file_name().is_some()) else { return false };
        rest = folder;
    };
    real.starts_with(&fixture)
}
