//! The floor of every daemon: a blocking program that echoes lines, with nothing in between.
//!
//! `echo serve SOCKET` echoes every line of every connection. `echo start SOCKET` starts such a server, waits until it
//! says that it listens, and asks it for one line. `echo tell SOCKET` keeps connections; a line on one is sent to all.

use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio, exit};
use std::sync::{Arc, Mutex};
use std::thread;

fn main() {
    let args: Vec<String> = env::args().collect();
    match args[1].as_str() {
        "serve" => serve(&args[2]),
        "start" => start(&args[2]),
        "tell" => tell(&args[2]),
        _ => exit(2),
    }
}

fn listen(socket: &str) -> UnixListener {
    let listener = UnixListener::bind(socket).unwrap();
    println!("ready");
    stdout().flush().unwrap();
    listener
}

fn serve(socket: &str) {
    for stream in listen(socket).incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || echo(stream));
    }
}

/// Whatever came is sent back when it ends with a newline.
fn echo(mut stream: UnixStream) {
    let mut buffer = vec![0; 65536];
    let mut length = 0;
    loop {
        match stream.read(&mut buffer[length..]) {
            Ok(0) | Err(_) => return,
            Ok(read) => length += read,
        }
        if buffer[length - 1] == b'\n' {
            if stream.write_all(&buffer[..length]).is_err() {
                return;
            }
            length = 0;
        }
    }
}

fn start(socket: &str) {
    let mut server = Command::new(env::current_exe().unwrap())
        .args(["serve", socket])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\",\"params\":{}}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    println!("{}", server.id());
}

fn tell(socket: &str) {
    let all: Arc<Mutex<Vec<UnixStream>>> = Arc::default();
    for stream in listen(socket).incoming() {
        let stream = stream.unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        all.lock().unwrap().push(stream);
        let all = Arc::clone(&all);
        thread::Builder::new().stack_size(64 << 10).spawn(move || tell_lines(reader, &all)).unwrap();
    }
}

/// Each line becomes one event, written to every connection.
fn tell_lines(reader: BufReader<UnixStream>, all: &Mutex<Vec<UnixStream>>) {
    for line in reader.lines().map_while(Result::ok) {
        let event = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"file:opened\",\"params\":{{\"line\":{line:?}}}}}\n");
        for stream in all.lock().unwrap().iter_mut() {
            stream.write_all(event.as_bytes()).unwrap();
        }
    }
}
