//! Replacing the daemon's program while everything goes on.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use icpy_tests::{Process, process, until_now, within};
use serde_json::{Value, json};

fn shown(user: &Process, name: &str) -> String {
    user.icpy(&["terminal", "show", "--raw", name]).stdout
}

fn restart(user: &Process) -> Value {
    user.json(&["restart"])
}

#[test]
fn terminals_and_their_programs_go_on() {
    let user = Process::new("");
    for name in ["one", "two", "three"] {
        user.json(&["terminal", "new", "--name", name, "--", "sh"]);
        assert_eq!(user.icpy(&["terminal", "send", name, &format!("kept={name}; echo a$kept\n")]).status, 0);
        until_now("the shell", || {
            shown(&user, name).contains(&format!("\na{name}\r")) || shown(&user, name).contains(&format!("a{name}\r\n"))
        });
    }
    let before = user.json(&["status"]);
    let terminals = user.json(&["terminal", "list"]);
    for round in 1..=3 {
        let after = restart(&user);
        assert_eq!((&after["daemonId"], &after["pid"]), (&before["daemonId"], &before["pid"]));
        assert_eq!(after["restarts"], round);
        assert_eq!(user.json(&["terminal", "list"]), terminals, "the same processes in the same terminals");
    }
    for name in ["one", "two", "three"] {
        let seen = shown(&user, name);
        assert!(seen.contains(&format!("a{name}")), "what was printed is kept: {seen}");
        assert_eq!(user.icpy(&["terminal", "send", name, "echo b$kept; exit 5\n"]).status, 0);
        let output = user.icpy(&["terminal", "show", "--follow", name]);
        assert!(output.stdout.contains(&format!("b{name}\r\n")), "{output:?}");
        assert_eq!(output.status, 5, "the exit status of a program that another one has started");
    }
}

#[test]
fn no_byte_of_a_terminal_is_lost_or_doubled() {
    let user = Process::new("");
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; echo end; exec sleep 1000";
    user.json(&["terminal", "new", "--name", "count", "--", "sh", "-c", script]);
    for _ in 0..5 {
        restart(&user);
    }
    until_now("the end", || shown(&user, "count").contains("end\r\n"));
    let lines: Vec<String> = (1..=20_000).map(|number| format!("{number}\r\n")).collect();
    let expect = lines.concat() + "end\r\n";
    assert!(shown(&user, "count") == expect);
}

#[test]
fn what_is_typed_and_not_read_yet_arrives() {
    let user = Process::new("");
    let script = "stty raw -echo; echo up; read go < $0; head -c 200000 | md5sum; exec sleep 1000";
    let gate = user.path("gate");
    assert_eq!(process::output(std::process::Command::new("mkfifo").arg(&gate)).status, 0);
    let command = ["terminal", "new", "--name", "slow", "--", "sh", "-c", script, gate.to_str().unwrap()];
    user.json(&command);
    until_now("the program", || shown(&user, "slow").contains("up"));
    let pieces: Vec<String> = (0..50_000).map(|number| format!("{:04}", number % 10_000)).collect();
    let text = pieces.concat();
    fs::write(user.path("text"), &text).unwrap();
    let mut send = user.command(&["terminal", "send", "slow", "-"]);
    assert!(send.stdin(fs::File::open(user.path("text")).unwrap()).status().unwrap().success());
    restart(&user);
    restart(&user);
    fs::write(&gate, "go\n").unwrap();
    let sum = std::process::Command::new("md5sum").arg(user.path("text")).output().unwrap();
    let sum = String::from_utf8(sum.stdout[..32].to_vec()).unwrap();
    until_now("the sum", || shown(&user, "slow").contains(&sum));
}

#[test]
fn clients_resume_without_a_gap() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let mut watch = user.command(&["watch", "file:*"]);
    let watch = watch.stdout(std::process::Stdio::piped()).spawn().unwrap();
    until_now("the subscription", || user.json(&["status"])["bus"]["subscriptions"] == 1);
    for round in 0..6 {
        let file = if round % 2 == 0 { "a.py" } else { "b.py" };
        assert_eq!(user.icpy(&[file]).status, 0);
        restart(&user);
        assert_eq!(user.icpy(&["close", file]).status, 0);
    }
    until_now("the subscription", || user.json(&["status"])["bus"]["subscriptions"] == 1);
    rustix::process::kill_process(rustix::process::Pid::from_child(&watch), rustix::process::Signal::INT).unwrap();
    let output = watch.wait_with_output().unwrap();
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let topics: Vec<&str> = lines.iter().map(|line| line["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["file:opened", "file:closed"].repeat(6), "{lines:?}");
}

#[test]
fn a_client_in_a_loop_does_not_notice() {
    let user = Process::new("//- /a.py\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let (is_over, longest, asked) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            runtime.block_on(async {
                let finder = icpy::Finder::default().at(Some(user.endpoint().socket));
                let info = icpy_protocol::session::ClientInfo { name: "loop".into(), version: String::new() };
                let client = icpy::Client::connect(finder, info).await.unwrap();
                let api = icpy_protocol::workspace::WorkspaceClient::new(client);
                while !is_over.load(Ordering::Relaxed) {
                    let before = Instant::now();
                    within("an answer", api.list(&icpy_protocol::workspace::WorkspaceListParams::default()))
                        .await
                        .unwrap();
                    let took = u64::try_from(before.elapsed().as_micros()).unwrap();
                    longest.fetch_max(took, Ordering::Relaxed);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        for _ in 0..10 {
            restart(&user);
            let before = asked.load(Ordering::Relaxed);
            until_now("more answers", || asked.load(Ordering::Relaxed) > before + 10 || asking.is_finished());
        }
        is_over.store(true, Ordering::Relaxed);
        asking.join().unwrap();
    });
    println!("longest answer over ten restarts: {} us", longest.load(Ordering::Relaxed));
}

#[test]
fn a_signal_to_end_is_heard_also_while_the_program_is_replaced() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let pid = rustix::process::Pid::from_raw(user.daemon_pid().cast_signed()).unwrap();
    // A client that does not read holds the old program up.
    let mut stalled = UnixStream::connect(user.endpoint().socket).unwrap();
    stalled.set_nonblocking(true).unwrap();
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc:discover\"}\n";
    while stalled.write_all(&line.repeat(100)).is_ok() {}
    let client = icpy::Connection::open(&icpy::Finder::default().at(Some(user.endpoint().socket))).unwrap();
    client.request("daemon:restart", "{}", |_, _| ()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    until_now("the end", || !user.has_daemon());
}

#[test]
fn settings_of_the_command_line_stay() {
    let user = Process::new("");
    let args = ["--daemonize", "--set", "limits.requests_max=9"];
    assert_eq!(process::output(&mut user.command_of("icpyd", &args)).status, 0);
    let set = || user.json(&["config", "show"])["settings"]["limits.requests_max"].clone();
    let before = set();
    assert_eq!(before, json!({ "value": 9, "origin": "--set" }));
    assert_eq!(restart(&user)["restarts"], 1);
    assert_eq!(set(), before);
    // A program that does not know them is refused, before anything is given up.
    let old = user.path("old");
    fs::write(&old, "#!/bin/sh\necho \"no setting: $*\" >&2; exit 1\n").unwrap();
    fs::set_permissions(&old, PermissionsExt::from_mode(0o755)).unwrap();
    let refused = user.icpy(&["restart", "--program", "old"]);
    assert!(refused.stderr.contains("no setting: --credentials --set limits.requests_max=9"), "{refused:?}");
}

#[test]
fn waiting_for_a_file_goes_on() {
    let user = Process::new("//- /a.py\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let mut waiting = user.command(&["--wait", "a.py"]).spawn().unwrap();
    let is_open = || user.json(&["status"])["openFiles"] == 1;
    until_now("the file", is_open);
    restart(&user);
    assert!(is_open(), "no workspace's state is lost");
    assert!(waiting.try_wait().unwrap().is_none());
    assert_eq!(user.icpy(&["close", "a.py"]).status, 0);
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn a_program_that_cannot_go_on_changes_nothing() {
    let user = Process::new("//- /text\nnot a program\n");
    user.json(&["terminal", "new", "--name", "kept", "--", "sh"]);
    let before = user.json(&["status"]);
    let script = |name: &str, text: &str| {
        let path = user.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    script("silent", "#!/bin/sh\nexit 0\n");
    script("other", "#!/bin/sh\necho '{\"version\":\"9.0.0\",\"formats\":[7]}'\n");
    script("wrong", "#!/bin/sh\necho 'config.toml:3: no setting is named x' >&2; exit 1\n");
    let check = |program: &str, text: &str| {
        let output = user.icpy(&["restart", "--program", program]);
        assert_eq!((output.status, output.stderr.contains(text)), (3, true), "{output:?}");
    };
    check("nowhere", "nowhere`: No such file");
    check("text", "text`: Permission denied");
    check("silent", "cannot go on with this daemon: it does not say what it is");
    check("other", "is icpyd 9.0.0, which cannot go on with this one");
    check("wrong", "config.toml:3: no setting is named x");
    // One that is fine when it is asked, and gone when it is needed.
    script("leaving", &format!("#!/bin/sh\nrm \"$0\"\nexec {} \"$@\"\n", user.program("icpyd").display()));
    let output = user.icpy(&["restart", "--program", "leaving"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("the daemon goes on as it was: cannot restart as"), "{output:?}");
    let after = user.json(&["status"]);
    for member in ["daemonId", "pid", "restarts"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(user.icpy(&["terminal", "send", "kept", "echo $((6*7))\n"]).status, 0);
    until_now("the shell", || shown(&user, "kept").contains("42"));
    // It can still be replaced.
    assert_eq!(restart(&user)["restarts"], 1);
}

#[test]
fn a_daemon_with_wrong_settings_is_not_replaced() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let file = user.folder().home().join("config/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "[limits]\nrequest_max = 1").unwrap();
    let output = user.icpy(&["restart"]);
    assert!(output.stderr.contains("did you mean `limits.requests_max`"), "{output:?}");
    fs::write(&file, "[limits]\nrequests_max = 9").unwrap();
    assert_eq!(restart(&user)["restarts"], 1);
    assert_eq!(user.json(&["config", "show"])["settings"]["limits.requests_max"]["value"], 9);
}

#[test]
fn an_ordinary_user_upgrades_a_daemon_whose_program_was_replaced() {
    let user = Process::ordinary("");
    user.json(&["terminal", "new", "--name", "kept", "--", "sh"]);
    let pid = user.daemon_pid();
    assert_eq!(restart(&user)["pid"], pid);
    let own = Process::with_own_programs("");
    own.json(&["terminal", "new", "--name", "kept", "--", "sh"]);
    let program = own.program("icpyd");
    // As packages do it: another file takes the name.
    fs::copy(&program, program.with_extension("new")).unwrap();
    fs::rename(program.with_extension("new"), &program).unwrap();
    assert_eq!(restart(&own)["restarts"], 1);
    if !rustix::process::geteuid().is_root() {
        return icpy_tests::cannot_run("only root can look at a process that keeps its memory to itself");
    }
    let deleted = fs::read_link(format!("/proc/{}/exe", own.daemon_pid())).unwrap();
    assert_eq!(deleted, program.canonicalize().unwrap(), "the new program runs");
}

#[test]
fn a_service_managers_daemon_is_replaced_under_it() {
    let user = Process::new("//- /a.py\n");
    let endpoint = user.endpoint();
    let notify = user.path("notify");
    let told = std::os::unix::net::UnixDatagram::bind(&notify).unwrap();
    told.set_read_timeout(Some(icpy_tests::DEADLINE)).unwrap();
    let variables = [("NOTIFY_SOCKET", notify.as_os_str()), ("WATCHDOG_USEC", "100000".as_ref())];
    let Some(mut manager) = user.activation(&[&endpoint.socket], &variables) else { return };
    let mut manager = manager.stderr(std::process::Stdio::null()).spawn().unwrap();
    // It is there a moment before somebody listens.
    until_now("the socket", || std::os::unix::net::UnixStream::connect(&endpoint.socket).is_ok());
    user.json(&["a.py"]);
    user.json(&["terminal", "new", "--name", "kept", "--", "sh"]);
    for round in 1..=2 {
        let after = restart(&user);
        assert_eq!((&after["pid"], &after["restarts"]), (&manager.id().into(), &round.into()));
        // The watchdog of the new program is fed.
        let mut buffer = [0; 64];
        for _ in 0..10 {
            told.recv(&mut buffer).unwrap();
        }
    }
    assert_eq!(user.json(&["status"])["openFiles"], 1);
    assert_eq!(user.icpy(&["terminal", "send", "kept", "echo $((6*7))\n"]).status, 0);
    until_now("the shell", || shown(&user, "kept").contains("42"));
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
    assert!(manager.wait().unwrap().success());
    assert!(endpoint.socket.exists(), "the socket is still the manager's");
    fs::remove_file(endpoint.socket).unwrap();
}

#[test]
fn a_socket_that_is_removed_is_made_again_after_a_restart() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    assert_eq!(restart(&user)["restarts"], 1);
    let pid = user.daemon_pid();
    fs::remove_file(user.endpoint().socket).unwrap();
    until_now("the socket", || user.endpoint().socket.exists());
    assert_eq!(user.daemon_pid(), pid);
    // And the last one takes it away.
    assert_eq!(user.icpy(&["stop"]).status, 0);
    assert!(!user.endpoint().socket.exists());
}

#[test]
fn clients_succeed_while_the_daemon_is_replaced() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|number| {
                let (user, is_over) = (&user, &is_over);
                scope.spawn(move || {
                    let mut runs = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        let file = if number % 2 == 0 { "a.py" } else { "b.py" };
                        for args in [&[file][..], &["ls"], &["workspace", "list"]] {
                            let output = user.icpy(args);
                            assert_eq!(output.status, 0, "{args:?}: {output:?}");
                            runs += 1;
                        }
                    }
                    runs
                })
            })
            .collect();
        for _ in 0..15 {
            restart(&user);
        }
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            assert!(client.join().unwrap() > 3);
        }
    });
    assert_eq!(user.json(&["status"])["openFiles"], 2);
}
