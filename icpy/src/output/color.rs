//! Colour, for people: nothing is said by colour alone.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::sync::OnceLock;

use icpy::args::When;
use icpy::host;

pub(crate) const RED: &str = "1;31";
pub(crate) const GREEN: &str = "1;32";
pub(crate) const CYAN: &str = "1;36";
pub(crate) const BLUE: &str = "1;34";
pub(crate) const MAGENTA: &str = "35";

/// What the command line says.
static WHEN: OnceLock<When> = OnceLock::new();

/// Takes what the command line says; the first one holds.
pub(crate) fn set(when: Option<When>) {
    if let Some(when) = when {
        let _ = WHEN.set(when);
    }
}

/// Whether to colour what goes to a stream. The variables are those of no-color.org and bixense.com/clicolors.
pub(crate) fn is_wanted(stream: &impl IsTerminal) -> bool {
    match WHEN.get() {
        Some(When::Always) => true,
        Some(When::Never) => false,
        Some(When::Auto) | None => {
            let is_on = |name| host::variable(name).is_some_and(|value| value != "0");
            let is_forced = is_on("CLICOLOR_FORCE");
            let is_dumb = || host::variable("TERM").is_some_and(|term| term == "dumb");
            host::variable("NO_COLOR").is_none() && (is_forced || (stream.is_terminal() && !is_dumb()))
        }
    }
}

/// A text in a colour, where that is wanted.
pub(crate) fn paint<'a>(text: &'a str, color: &str, is_wanted: bool) -> Cow<'a, str> {
    if is_wanted { format!("\x1b[{color}m{text}\x1b[0m").into() } else { text.into() }
}
