//! What is told of a terminal on the bus: what its output has led to, and its end.

use icpy_protocol::terminal::{
    BELL, COMMAND_FINISHED, COMMAND_STARTED, CWD_CHANGED, EXITED, TITLE_CHANGED, TerminalBell, TerminalCommandFinished,
    TerminalCommandStarted, TerminalCwdChanged, TerminalTitleChanged,
};

use super::one::News;
use super::screen::Effect;
use crate::bus::Bus;

pub(super) fn tell(bus: &Bus, id: &str, news: News) {
    let terminal_id = id.to_owned();
    match news {
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
        News::Effect(Effect::CommandStarted { command_line }) => {
            bus.publish(&COMMAND_STARTED, &TerminalCommandStarted { terminal_id, command_line });
        }
        News::Effect(Effect::CommandFinished { exit_code }) => {
            bus.publish(&COMMAND_FINISHED, &TerminalCommandFinished { terminal_id, exit_code });
        }
        // Whoever shows the terminal answers and takes these: they are in the output.
        News::Effect(
            Effect::Answer(_) | Effect::Clipboard { .. } | Effect::Notification(_) | Effect::PromptStarted,
        ) => {}
    }
}
