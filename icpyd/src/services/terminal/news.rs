//! What is told of a terminal on the bus: what its output has led to, and its end.

use icpy_protocol::terminal::{
    BELL, COMMAND_FINISHED, COMMAND_STARTED, CWD_CHANGED, EXITED, RESIZED, TITLE_CHANGED, TerminalBell,
    TerminalCommandFinished, TerminalCommandStarted, TerminalCwdChanged, TerminalResized, TerminalTitleChanged,
};

use super::commands::{Command, CommandNews};
use super::one::News;
use super::screen::Effect;
use crate::bus::Bus;

pub(super) fn tell(bus: &Bus, id: &str, news: News) {
    let terminal_id = id.to_owned();
    match news {
        News::Resized(size) => drop(bus.publish(&RESIZED, &TerminalResized { terminal_id, size })),
        News::Exited(exited) => drop(bus.publish(&EXITED, &exited)),
        News::Effect(Effect::Title(title)) => {
            bus.publish(&TITLE_CHANGED, &TerminalTitleChanged { terminal_id, title });
        }
        News::Effect(Effect::Cwd(cwd)) => {
            bus.publish(&CWD_CHANGED, &TerminalCwdChanged { terminal_id, cwd });
        }
        News::Effect(Effect::Bell) => {
            bus.publish(&BELL, &TerminalBell { terminal_id });
        }
        News::Command(CommandNews::Started(Command { line: command_line, .. })) => {
            bus.publish(&COMMAND_STARTED, &TerminalCommandStarted { terminal_id, command_line });
        }
        News::Command(CommandNews::Ended(Command { line: command_line, exit_code, duration_ms, .. })) => {
            let finished = TerminalCommandFinished { terminal_id, command_line, exit_code, duration_ms };
            bus.publish(&COMMAND_FINISHED, &finished);
        }
        // Answers are typed, and whoever shows the terminal takes the rest out of the output.
        News::Effect(Effect::Answer(_) | Effect::Clipboard { .. } | Effect::Notification(_)) => {}
    }
}
