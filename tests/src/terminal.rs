//! A program in a terminal: keys go in, and what a person would see is waited for.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::{process, until_now};

/// A running program. Dropping it ends the program.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// Held by whoever keeps the terminal from taking more.
    gate: Arc<Mutex<()>>,
    /// How much of the screen has been expected.
    seen: usize,
}

impl Terminal {
    /// Starts a command whose standard streams are a new terminal of 80 by 24.
    pub(crate) fn start(mut command: Command) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // Not every system can say so while opening.
        rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        tcsetwinsize(&controller, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let open = || Stdio::from(File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap());
        let child = command.stdin(open()).stdout(open()).stderr(open()).spawn().unwrap();
        // Only the program has the terminal open now, so that its end is seen.
        drop(command);
        let keyboard = File::from(controller);
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut output, shared) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        let gate = Arc::new(Mutex::new(()));
        let entry = Arc::clone(&gate);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of a terminal is an error.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                drop(entry.lock().unwrap());
                shared.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keyboard, screen, gate, seen: 0 }
    }

    /// Types text.
    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size; the program is told.
    pub fn resize(&self, columns: u16, rows: u16) {
        tcsetwinsize(&self.keyboard, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    /// Who holds its lock keeps the terminal from taking more of what the program prints.
    pub fn gate(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.gate)
    }

    /// Waits until a text is on the screen behind all that was expected before. Returns what stands before it.
    pub fn expect(&mut self, text: &str) -> String {
        let (screen, mut found) = (Arc::clone(&self.screen), None);
        let seen = self.seen;
        let deadline = std::time::Instant::now() + crate::DEADLINE;
        while found.is_none() {
            found = screen.lock().unwrap()[seen..].find(text);
            let shown = || screen.lock().unwrap().clone();
            assert!(found.is_some() || std::time::Instant::now() < deadline, "`{text}` is not shown: {:?}", shown());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let begin = seen + found.unwrap_or_default();
        self.seen = begin + text.len();
        screen.lock().unwrap()[seen..begin].to_owned()
    }

    /// Waits until the program ends. Returns its exit status.
    pub fn wait(mut self) -> i32 {
        until_now("the end of the program", || self.child.try_wait().unwrap().is_some());
        process::status(self.child.wait().unwrap())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
