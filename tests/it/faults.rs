//! A machine that is out of order: processes that are stopped, disks that are slow or take nothing, and no memory.
//!
//! Full disks, descriptors that run out, clocks that jump and sockets that do not answer are tested where what they hit is:
//! see ARCHITECTURE.md.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::thread;

use icpy_tests::{Disk, DiskKind, Peer, Process, SmallDisk, Stopped, cannot_run, process, until_now};
use serde_json::{Value, json};

/// Bytes of a value that many of fill what the system and the daemon keep for a client that does not read.
const VALUE_BYTES: usize = 40_000;

/// How long the slow disk takes for each time that something is made durable.
const SLOW_DISK: &str = r"
#include <unistd.h>
#include <sys/syscall.h>
static int wait_for(long call, int file) { usleep(300 * 1000); return syscall(call, file); }
int fsync(int file) { return wait_for(SYS_fsync, file); }
int fdatasync(int file) { return wait_for(SYS_fdatasync, file); }
";

fn set(key: &str, value: impl Into<Value>) -> Value {
    json!({ "mutations": [{ "key": key, "set": value.into() }] })
}

#[test]
fn who_asks_a_stopped_daemon_is_told_what_to_do() {
    let user = Process::new("//- /a.txt\n");
    user.json(&["a.txt"]);
    let pid = user.daemon_pid();
    let mut peer = Peer::open(&user.endpoint().socket).unwrap();
    let stopped = Stopped::new(pid);
    let asked = peer.send("session:ping", &json!({})).unwrap();
    let output = user.icpy(&["--timeout", "1", "call", "session:ping"]);
    assert_eq!(output.status, 124, "{output:?}");
    assert!(output.stderr.contains("`session:ping` in time; see `icpy doctor`"), "{output:?}");
    let doctor = user.icpy(&["doctor"]);
    assert_eq!(doctor.status, 1, "{doctor:?}");
    assert!(doctor.stdout.contains(&format!("`kill -CONT {pid}` lets it go on")), "{doctor:?}");
    drop(stopped);
    // All that was asked meanwhile is answered.
    until_now("the answer", || peer.receive().unwrap().is_some_and(|answer| answer["id"] == asked));
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    assert_eq!(user.daemon_pid(), pid);
}

/// What `icpy watch` has printed: the numbers that it heard of, in their order, and whether it said that some are lost.
fn watched(printed: ChildStdout) -> (Vec<u64>, bool) {
    let (mut numbers, mut is_told) = (Vec::new(), false);
    for line in BufReader::new(printed).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        is_told |= line["notice"].is_string();
        let Some(record) = line["params"]["records"].get(0) else { continue };
        match record["key"].as_str().unwrap() {
            "end" => break,
            "n" => numbers.push(record["value"]["number"].as_u64().unwrap()),
            _ => {}
        }
    }
    (numbers, is_told)
}

#[test]
fn a_stopped_client_holds_up_nobody_and_hears_of_all_or_that_some_are_lost() {
    for count in [10, 400] {
        let user = Process::new("//- /a.txt\n");
        user.json(&["a.txt"]);
        let subscriptions = || user.json(&["status"])["bus"]["subscriptions"].as_u64();
        let before = subscriptions();
        let mut watch = user.command(&["--json", "watch", "state:updated"]);
        let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
        until_now("the subscription", || subscriptions() > before);
        let stopped = Stopped::new(watch.id());
        let mut peer = Peer::open(&user.endpoint().socket).unwrap();
        let text = "x".repeat(VALUE_BYTES);
        for number in 0..count {
            let changed = peer.ask("state:mutate", &set("n", json!({ "number": number, "text": text }))).unwrap();
            assert!(changed["result"].is_object(), "{changed}");
        }
        drop(stopped);
        let printed = watch.stdout.take().unwrap();
        let reading = thread::spawn(|| watched(printed));
        // Who was closed meanwhile is not heard of before it is back.
        until_now("the end", || {
            peer.ask("state:mutate", &set("end", 1)).unwrap();
            reading.is_finished()
        });
        let (numbers, is_told) = reading.join().unwrap();
        watch.kill().unwrap();
        watch.wait().unwrap();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert!(is_told || numbers.iter().copied().eq(0..count), "{numbers:?} of {count}, and nothing of the rest");
        assert!(is_told || count == 10, "all of it has found room");
    }
}

#[test]
fn a_disk_that_nobody_can_write_to_is_told_and_leaves_no_daemon() {
    let Some(disk) = SmallDisk::mount(1 << 20) else { return };
    let user = Process::new("//- /a.txt\n");
    let home = disk.join("home");
    fs::create_dir(&home).unwrap();
    let remount = |how: &str| {
        let status = Command::new("mount").args(["-o", how]).arg(disk.path()).status().unwrap();
        assert!(status.success(), "{how}");
    };
    remount("remount,ro");
    let output = process::output(user.command(&["a.txt"]).env("ICPY_HOME", &home));
    assert_eq!(output.status, 11, "{output:?}");
    assert!(output.stderr.contains("Read-only file system") && output.stderr.contains("home"), "{output:?}");
    remount("remount,rw");
    let output = process::output(user.command(&["call", "session:ping"]).env("ICPY_HOME", &home));
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(process::output(user.command(&["stop"]).env("ICPY_HOME", &home)).status, 0);
}

#[test]
fn a_disk_that_breaks_down_keeps_what_it_had_and_everything_else_goes_on() {
    let Some(mut disk) = Disk::mount(DiskKind::Ext4) else { return };
    let (user, home, file) = (Process::new(""), disk.path("home"), disk.path("a.txt"));
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(&file, "one\n").unwrap();
    for path in [&*file, file.parent().unwrap()] {
        fs::File::open(path).unwrap().sync_all().unwrap();
    }
    let name = file.to_str().unwrap();
    let params = json!({ "path": name }).to_string();
    let edit = json!({ "path": name, "patch": "@@ -1 +1 @@\n-one\n+stored\n" }).to_string();
    let run = |args: &[&str]| process::output(user.command(args).env("ICPY_HOME", &home));
    let done = |args: &[&str]| {
        let output = run(args);
        assert_eq!(output.status, 0, "{args:?}: {output:?}");
        output.stdout
    };
    let refused = |args: &[&str], named: &str| {
        let output = run(args);
        assert!(output.status != 0 && output.stderr.contains(named), "{args:?}: {output:?}");
    };
    for args in [&[name][..], &["call", "file:edit", &edit], &["call", "file:close", &params], &[name]] {
        done(args);
    }
    done(&["terminal", "new", "--name", "kept", "--", "cat"]);
    assert_eq!(done(&["text", "show", name]), "stored\n");

    let is_broken = disk.break_down();
    if is_broken {
        until_now("the end of writing", || fs::write(disk.path("other"), "").is_err());
        let save = run(&["text", "save", name]);
        let says = ["the filesystem is read-only", "`icpy doctor` looks for the cause"];
        assert!(save.status != 0 && says.iter().any(|it| save.stderr.contains(it)), "{save:?}");
        refused(&["call", "state:mutate", &set("a", 1).to_string()], "`icpy doctor` looks for the cause");
        assert_eq!(done(&["text", "show", name]), "stored\n");
        done(&["terminal", "send", "kept", "--enter", "still here"]);
        until_now("the terminal", || run(&["terminal", "show", "kept"]).stdout.matches("still here").count() == 2);
        let doctor = run(&["doctor"]);
        assert!(
            doctor.stdout.contains("Read-only file system") && doctor.stdout.contains("mend the disk"),
            "{doctor:?}"
        );
    }
    done(&["stop", "--force"]);
    if is_broken {
        refused(&["start"], "Read-only file system");
        disk.repair();
    }
    assert_eq!(done(&["text", "show", name]), "stored\n");
    done(&["text", "save", name]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "stored\n");
    done(&["stop", "--force"]);
}

/// Who waits for a disk waits alone.
#[test]
fn a_slow_disk_holds_up_only_what_is_to_be_durable() {
    let user = Process::new("//- /a.txt\nsome text\n");
    let (source, library) = (user.path("slow.c"), user.path("slow.so"));
    fs::write(&source, SLOW_DISK).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    if !compiled.is_ok_and(|status| status.success()) {
        return cannot_run("there is no C compiler");
    }
    let mut daemon = user.command_of("icpyd", &[] as &[&str]).env("LD_PRELOAD", &library).spawn().unwrap();
    let socket = user.endpoint().socket;
    until_now("a daemon", || Peer::open(&socket).is_ok());
    user.json(&["a.txt"]);
    let mut program = user.run(&["cat"]);
    let [mut slow, mut quick] = [(); 2].map(|()| Peer::open(&socket).unwrap());
    for round in 0..3 {
        let changing = slow.send("state:mutate", &set("round", round)).unwrap();
        let saved = user.path("a.txt");
        let saving = slow.send("fs:write_file", &json!({ "path": saved, "content": round.to_string() })).unwrap();
        for _ in 0..20 {
            assert!(quick.ask("session:ping", &json!({})).unwrap()["result"].is_object());
            let listed = quick.ask("fs:list_directory", &json!({ "path": user.folder().files() })).unwrap();
            assert!(listed["result"].is_object(), "{listed}");
        }
        program.type_keys(&format!("round {round}\r"));
        program.expect(&format!("round {round}\r\nround {round}\r\n"));
        assert_eq!(slow.receive().unwrap(), None, "all this is done before one change is on a slow disk");
        let mut answers = [changing, saving].to_vec();
        until_now("the slow answers", || {
            if let Some(answer) = slow.receive().unwrap() {
                assert!(answer["result"].is_object(), "{answer}");
                answers.retain(|id| answer["id"] != *id);
            }
            answers.is_empty()
        });
        assert_eq!(fs::read_to_string(&saved).unwrap(), round.to_string());
    }
    program.close();
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
    daemon.wait().unwrap();
}

/// A group of processes that may have so much memory together. Dropping it ends the group.
struct MemoryLimit(PathBuf);

impl MemoryLimit {
    fn new(bytes: u64) -> Option<Self> {
        let name = format!("icpy-test-{}", std::process::id());
        let groups = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        groups.iter().find_map(|(parent, limit)| {
            let group = Self(Path::new(parent).join(&name));
            fs::create_dir(&group.0).ok()?;
            fs::write(group.0.join(limit), bytes.to_string()).ok()?;
            // Nothing goes to where there is more.
            let _ = fs::write(group.0.join("memory.swap.max"), "0");
            Some(group)
        })
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        until_now("the group's end", || fs::remove_dir(&self.0).is_ok() || !self.0.exists());
    }
}

#[test]
fn a_program_that_takes_all_memory_ends_alone() {
    let Some(limit) = MemoryLimit::new(32 << 20) else {
        return cannot_run("a memory limit needs root and a memory cgroup");
    };
    let user = Process::new("");
    let mut other = user.run(&["cat"]);
    let script = r#"echo $$ > "$0"; echo ready; exec tail /dev/zero"#;
    let greedy = user.run(&["sh", "-c", script, limit.0.join("cgroup.procs").to_str().unwrap()]);
    let listed = || user.json(&["call", "terminal:get", &json!({ "terminalId": greedy.id() }).to_string()]);
    until_now("its end", || listed()["exit"] == json!({ "signal": 9 }));
    assert!(user.icpy(&["terminal", "list"]).stdout.contains("ended by signal 9"), "who lists it sees what ended it");
    other.type_keys("on\r");
    other.expect("on\r\non\r\n");
    greedy.close();
    other.close();
}
