//! Copies and moves during which the daemon is killed: the original is whole, and nothing is left over.

use std::fs;
use std::path::{Path, PathBuf};

use icpy_tests::{Process, SmallDisk, until_now};
use serde_json::{Value, json};

/// Enough to take a while.
const FILES: usize = 6000;

/// Makes a folder of many files.
fn fill(folder: &Path) {
    for number in 0..FILES {
        let deep = folder.join((number % 30).to_string());
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join(number.to_string()), format!("{number}\n").repeat(100)).unwrap();
    }
}

fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
}

fn has_entries(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// What is half copied in a folder.
fn drafts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".icpy-")).collect()
}

/// Kills the daemon in the middle of a transfer: the next one clears up.
fn kill_during(user: &Process, method: &str, from: &Path, to: &Path) {
    user.json(&["start"]);
    let folder = to.parent().unwrap();
    let params = json!({ "items": [{ "from": from, "to": to }] }).to_string();
    let mut call = user.clients(1, &["call", method, &params]).remove(0);
    until_now("something is copied", || drafts(folder).iter().any(|draft| draft.is_file() || has_entries(draft)));
    user.kill_daemon();
    assert_ne!(drafts(folder), Vec::<PathBuf>::new(), "it was killed too late");
    assert!(!to.exists());
    // Else it might ask the next daemon for the same.
    call.kill().unwrap();
    call.wait().unwrap();
    // Files are clean before the first answer about any.
    let stat: Value = user.json(&["call", "fs:stat", &json!({ "path": folder }).to_string()]);
    assert_eq!(stat["kind"], "directory");
    assert_eq!(drafts(folder), Vec::<PathBuf>::new());
    assert!(!to.exists());
}

#[test]
fn a_copy_of_a_tree_that_is_killed_leaves_nothing() {
    let user = Process::new("");
    fill(&user.path("tree"));
    fs::create_dir(user.path("there")).unwrap();
    kill_during(&user, "fs:copy", &user.path("tree"), &user.path("there/copy"));
    assert_eq!(count(&user.path("tree")), FILES);
}

#[test]
fn a_move_to_another_disk_that_is_killed_leaves_the_original() {
    let Some(disk) = SmallDisk::mount(64 << 20) else { return };
    let user = Process::new("");
    fill(&user.path("tree"));
    kill_during(&user, "fs:move", &user.path("tree"), &disk.join("moved"));
    assert_eq!(count(&user.path("tree")), FILES);
}

#[test]
fn a_copy_of_a_file_that_is_killed_leaves_nothing() {
    let (Some(disk), user) = (SmallDisk::mount(512 << 20), Process::new("")) else { return };
    fs::write(user.path("big"), vec![b'x'; 256 << 20]).unwrap();
    kill_during(&user, "fs:copy", &user.path("big"), &disk.join("copy"));
    assert_eq!(user.path("big").metadata().unwrap().len(), 256 << 20);
}
