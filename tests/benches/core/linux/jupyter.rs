//! A Jupyter server as a peer: files and terminals over HTTP.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::browser::Listener;
use super::programs::Server;

const TOKEN: &str = "token";

/// One that serves what is in its folder `files`, where it is installed.
pub(crate) fn start() -> Option<Listener> {
    let folder = tempfile::tempdir().unwrap();
    let [files, run] = ["files", "run"].map(|name| folder.path().join(name));
    fs::create_dir(&files).unwrap();
    let mut command = Command::new("jupyter-server");
    command.args(["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]);
    command.arg(format!("--IdentityProvider.token={TOKEN}")).arg(format!("--ServerApp.root_dir={}", files.display()));
    command.env("HOME", folder.path()).env("JUPYTER_RUNTIME_DIR", &run).current_dir(&files);
    let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        eprintln!("not measured: `jupyter-server` is not installed");
        return None;
    };
    let about = run.join(format!("jpserver-{}.json", child.id()));
    let server = Server { child, socket: about, folder };
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Ok(about) = serde_json::from_slice::<Value>(&fs::read(&server.socket).unwrap_or_default()) {
            let address = format!("127.0.0.1:{}", about["port"]).parse().unwrap();
            return Some(Listener { server, address, token: TOKEN.to_owned() });
        }
        assert!(Instant::now() < deadline, "jupyter-server does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
}
