#!/usr/bin/env python3
"""Records the sessions beside this file anew: real programs in a real terminal of 80 columns and 24 rows.

    ./record.py [NAME...]

Each recording, NAME.vt, is all that the programs wrote, and nothing else: no times, no sizes. The tests replay it in pieces of
their own choice. A recording that was made anew differs (clocks, process numbers, versions), and the tests must hold for it too.

It needs root and Linux, since programs run where they see no other process, an empty home and a host named `terminal`:
nothing of the machine gets into a recording. It needs these Debian packages:

    bash fish htop less libsixel-bin mc nano procps python3-pip tmux vim vttest zsh

Nothing answers the programs but for DA1, which fish and vttest wait for.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
HOME = "/home/user"
COLUMNS, ROWS = 80, 24
INTEGRATION = os.path.join(FOLDER, "../../../integration")

# A program that has written nothing for so long waits for a key.
QUIET_SECONDS = 0.4
BUSY_SECONDS = 12
# Larger ones would be a burden for the repository.
BYTES_MAX = 60_000

ESCAPE, ENTER, UP, DOWN, RIGHT, LEFT = "\x1b", "\r", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
F3, F5, F6, F9, F10 = "\x1bOR", "\x1b[15~", "\x1b[17~", "\x1b[20~", "\x1b[21~"

SOURCE = '''\
//! A small program.

use std::collections::HashMap;

/// Counts words. Wörter mit Umlauten, und 漢字, count too.
fn count(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in text.split_whitespace() {
        *words.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    words
}

fn main() {
    let text = std::fs::read_to_string("text.txt").unwrap_or_default();
    let mut words: Vec<_> = count(&text).into_iter().collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    for (word, count) in words.iter().take(10) {
        println!("{count:>5} {word}");
    }
}
'''

UNICODE = '''\
Wide:       日本語の文字は二つの欄を使います。 한국어 문장도 그렇습니다. 中文也是這樣。
Half:       ｶﾀｶﾅ and full: ＡＢＣ
Emoji:      😀 🚀 🎉 👍 🔥 💡 in a row 😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀
Marks:      e\u0301 a\u0308 o\u0302 n\u0303 Z\u0351\u036b\u0343 สวัสดี นี่คือภาษาไทย हिन्दी
Right:      שלום עולם  مرحبا بالعالم
Lines:      ┌──────┬──────┐ ╭──╮ ▁▂▃▄▅▆▇█ ░▒▓ ⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏
Symbols:    → ⇒ ∀ ∃ ≤ ≥ ∞ ✓ ✗ ★ ☆ € £ ¥ …
'''

PROGRESS = '''\
import time
from pip._vendor.rich.console import Console
from pip._vendor.rich.progress import Progress, BarColumn, DownloadColumn, TimeRemainingColumn

console = Console(force_terminal=True, color_system="truecolor")
with Progress("[bold blue]{task.description}", BarColumn(), "[progress.percentage]{task.percentage:>3.0f}%",
              DownloadColumn(), TimeRemainingColumn(), console=console) as progress:
    tasks = [progress.add_task(name, total=size) for name, size in [("wheel", 40_000), ("source", 90_000), ("docs", 20_000)]]
    while not progress.finished:
        for task, step in zip(tasks, (2300, 3100, 900)):
            progress.advance(task, step)
        if progress.tasks[0].completed == 23_000:
            progress.console.print("[yellow]warning:[/] the index is slow")
        time.sleep(0.05)
'''

PICTURE = '''\
import sys
sys.stdout.buffer.write(b"P6\\n96 48\\n255\\n" + bytes(v for y in range(48) for x in range(96) for v in (x * 2, y * 5, 255 - x * 2)))
'''


def write(name, text):
    path = os.path.join(HOME, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def prepare():
    """The files that sessions work on."""
    write("count.rs", SOURCE)
    write("unicode.txt", UNICODE)
    write("progress.py", PROGRESS)
    write("picture.py", PICTURE)
    write("long.txt", "".join(f"line {n:4} {'needle' if n % 37 == 0 else 'hay'} {'abc ' * (n % 40)}\n" for n in range(400)))
    for n in range(12):
        write(f"project/part{n}/Cargo.toml", f'[package]\nname = "part{n}"\nversion = "0.1.0"\nedition = "2021"\n')
        write(f"project/part{n}/src/lib.rs", f"pub fn f() -> u32 {{ let unused = {n}; {n} }}\n" if n == 3 else "pub fn f() {}\n")
    write("project/Cargo.toml", '[workspace]\nmembers = ["part*"]\nresolver = "2"\n')
    write(".zshrc", "PS1='%F{green}%~%f %# '\nautoload -Uz compinit && compinit -u\nzstyle ':completion:*' menu select\n")
    write(".config/fish/config.fish", "set -g fish_greeting\nfunction fish_prompt; echo -n '> '; end\n")
    with open(os.path.join(INTEGRATION, "bash.sh"), encoding="utf-8") as file:
        write("integration.sh", file.read() + "\nPS1='\\[\\e[32m\\]\\w\\[\\e[m\\] \\$ '\n")
    for name, kind in [("folder", "d"), ("link", "l"), ("program", "x"), ("archive.tar.gz", ""), ("picture.png", ""), ("世界.txt", "")]:
        path = os.path.join(HOME, "files", name)
        if kind == "d":
            os.makedirs(path)
        elif kind == "l":
            os.symlink("program", path)
        else:
            write(f"files/{name}", "")
            os.chmod(path, 0o755 if kind == "x" else 0o644)


def shell(*lines):
    """A shell that is typed these lines."""
    return ["bash", "--norc", "--noprofile"], [line + ENTER for line in lines] + ["exit" + ENTER]


def inside(program, *keys):
    """A program that a shell runs, so that what it leaves on the screen counts too."""
    return ["bash", "--norc", "--noprofile"], ["ls -l files" + ENTER, program + ENTER, *keys, "exit" + ENTER]


def vttest(*keys):
    """The tests of a menu, each after the other: Enter goes on."""
    return ["vttest", "24x80.80"], list(keys)


SESSIONS = {
    "vim": inside(
        "vim -c 'syntax on' -c 'set background=dark termguicolors number' -c 'colorscheme desert' count.rs",
        "4joold text 新しい文字 é" + ESCAPE, "dd", "u", "/count" + ENTER, "n", "n", ":set hlsearch" + ENTER, "V3j", ">", "gg",
        ":split unicode.txt" + ENTER, "\x06", "\x17w", "10x", "p", ":vsplit" + ENTER, "G", "zt", "\x19\x19", "A // the end" + ESCAPE,
        ":%s/word/term/g" + ENTER, "\x17c", ":wq!" + ENTER, ":q!" + ENTER,
    ),
    "htop": inside("sleep 600 & (sleep 600; true) & htop -d 100", DOWN, DOWN, F5, F6, ESCAPE, "\x1b[6~", F3 + "sleep", ESCAPE, "H", F10, "kill %1 %2" + ENTER),
    "top": inside("sleep 600 & sleep 600 & top -d 60", "z", "x", "m", "c", "V", "q", "kill %1 %2" + ENTER),
    "less": inside(
        "less -N long.txt", " ", " ", "b", "/needle" + ENTER, "n", "n", "N", "j" * 3, "k", "G", "u", "g", "-S" + ENTER, RIGHT, LEFT, "50%", "h", "q", "q"
    ),
    "tmux": inside(
        "tmux -f /dev/null -L recorded new-session -s work",
        "ls --color files" + ENTER, "\x02%", "seq 40" + ENTER, "\x02\"", "cat unicode.txt" + ENTER, "\x02\x1b[D", "\x02\x1b[1;5C" * 5,
        "\x02z", "vim count.rs" + ENTER, "\x02z", "\x02[", "\x15", "q", "\x02 ", "\x02c", "echo third" + ENTER, "\x02w", "q", "\x02p",
        "\x02d", "tmux -L recorded kill-server" + ENTER,
    ),
    "progress": shell("python3 progress.py", "cd project && cargo build --offline", "touch part*/src/lib.rs; cargo build --offline -j1"),
    "unicode": shell(
        "cat unicode.txt", "echo 日本語" + LEFT * 2 + "x" + LEFT * 3 + "é" + "\x05" + "e\u0301🚀", "printf '%s' " + "漢字😀 " * 16, "", "cat -A unicode.txt | head -3"
    ),
    "sixel": shell("seq 12", "img2sixel picture.ppm", "echo after", "img2sixel -w 300 -p 16 picture.ppm; seq 20", "tput smcup; img2sixel picture.ppm; tput rmcup"),
    "bash": (
        ["bash", "--rcfile", "integration.sh"],
        [line + ENTER for line in ["ls -la files", "false", "ls --color --hyperlink files", "for n in 1 2 3; do echo $n; done", "cd files"]]
        + ["ech\t\t", "\x15", "cat lin\t", "\x03", "echo " + "long " * 40 + ENTER, UP + "\x01\x1b[C\x1b[C" + "\x1bd" + ENTER, "\x12list", "\x07", "\x0c", "exit 3" + ENTER],
    ),
    "zsh": (
        ["zsh", "-i"],
        ["ls --color files" + ENTER, "ls fi\t\t\t", "\t", "\t", ENTER, ENTER, "echo 世界" + LEFT + "x" + ENTER, "setopt ex\t\t\t", "\x03", "\x03", "\x15", "exit" + ENTER],
    ),
    "fish": (
        ["fish", "-i"],
        ["ls files" + ENTER, "ls f\t", "\t", "\t", ENTER, "echo 'unclosed", "'" + ENTER, "cat uni\t" + ENTER, "for n in 1 2" + ENTER + "echo $n" + ENTER + "end" + ENTER, UP, UP, ESCAPE, "exit" + ENTER],
    ),
    "nano": inside(
        "nano -l -Y rust count.rs", DOWN * 4, "new 文字 text" + ENTER, "\x17for" + ENTER, "\x0b", "\x0b", "\x15", "\x16", "\x07", "\x18", "\x18", "n",
    ),
    "mc": inside("mc --nosubshell -d", DOWN * 2, "\t", DOWN * 8, "\x1b3", " ", "\x1b0", "\t", "\x1b9", RIGHT, DOWN, "\x1b0", "\x1b0", "\x1b0"),
    "vttest-cursor": vttest("1" + ENTER, *[ENTER] * 7, "0" + ENTER),
    "vttest-screen": vttest("2" + ENTER, *[ENTER] * 16, "0" + ENTER),
    "vttest-sets": vttest("3" + ENTER, "8" + ENTER, *[ENTER] * 2, "9" + ENTER, ENTER, "0" + ENTER, "0" + ENTER),
    "vttest-edit": vttest("8" + ENTER, *[ENTER] * 16, "0" + ENTER),
    "vttest-colors": vttest(
        *[key + ENTER for key in ["11", "6", "2", "", "3", "", "4", "", "", "5", "", "", "9", "", "", "", "6", "3", *[""] * 14, "0", "0", "0", "0", "0"]]
    ),
    "vttest-cursors": vttest("11" + ENTER, "7" + ENTER, "2" + ENTER, *[ENTER] * 10, "0" + ENTER, "0" + ENTER, "0" + ENTER),
}


def environment():
    return {
        "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": HOME, "USER": "user", "LOGNAME": "user", "SHELL": "/bin/bash",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:" + os.environ["PATH"], "PS1": "$ ", "HISTFILE": "/dev/null",
        "CARGO_HOME": os.path.join(HOME, ".cargo"), "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", "/root/.rustup"),
    }


def quiet(master, recorded):
    """Takes what the program writes until it waits for a key, or has ended."""
    deadline = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < deadline:
        if not select.select([master], [], [], QUIET_SECONDS)[0]:
            return True
        try:
            piece = os.read(master, 1 << 16)
        except OSError:
            return False
        if not piece:
            return False
        recorded += piece
        for question in (b"\x1b[c", b"\x1b[0c"):
            if question in piece:
                os.write(master, b"\x1b[?62;22c")
    return True


def record(name):
    command, keys = SESSIONS[name]
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *command]
    process, master = pty.fork()
    if process == 0:
        os.chdir(HOME)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execvpe(command[0], command, environment())
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    recorded = bytearray()
    is_running = quiet(master, recorded)
    for key in keys:
        if not is_running or len(recorded) > BYTES_MAX:
            break
        os.write(master, key.encode())
        is_running = quiet(master, recorded)
    if is_running:
        print(f"{name}: still runs after {len(recorded)} bytes", file=sys.stderr)
        os.kill(process, signal.SIGKILL)
    os.close(master)
    os.waitpid(process, 0)
    with open(os.path.join(FOLDER, name + ".vt"), "wb") as file:
        file.write(recorded)
    print(f"{name}: {len(recorded)} bytes")


def main():
    names = sys.argv[1:]
    if names[:1] != ["--inside"]:
        cut_off = ["unshare", "--uts", "--mount", "--net", "--ipc"]
        sys.exit(subprocess.call([*cut_off, sys.executable, os.path.abspath(__file__), "--inside", *names]))
    subprocess.check_call(["hostname", "terminal"])
    subprocess.check_call(["mount", "-t", "tmpfs", "none", "/home"])
    prepare()
    with open(os.path.join(HOME, "picture.ppm"), "wb") as file:
        subprocess.check_call([sys.executable, os.path.join(HOME, "picture.py")], stdout=file)
    for name in names[1:] or SESSIONS:
        record(name)


if __name__ == "__main__":
    main()
