//! `icpy doctor`: looks at everything that the daemon needs, and says what to do. Nothing is started or changed.

mod checks;

use std::fmt::Write as _;

use icpy::args::General;
use serde::Serialize;

use crate::output::{Failure, color, print, print_json};

/// What was looked at, and what was seen.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    state: State,
    says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Wrong,
}

impl Check {
    fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, state: State::Ok, says: says.into(), advice: None }
    }

    fn warning(name: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Warning, says: says.into(), advice: Some(advice.into()) }
    }

    fn wrong(name: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Wrong, says: says.into(), advice: Some(advice.into()) }
    }
}

pub(super) fn run(general: &General) -> Result<(), Failure> {
    let checks = look(general)?;
    if general.json {
        print_json(&serde_json::json!({ "checks": checks }))?;
    } else {
        print(describe(&checks, color::is_wanted(&std::io::stdout())).as_bytes())?;
    }
    match checks.iter().any(|check| check.state == State::Wrong) {
        true => Err(Failure::reported(1)),
        false => Ok(()),
    }
}

/// Looks at everything.
pub(super) fn look(general: &General) -> Result<Vec<Check>, Failure> {
    let place = checks::Place::find(general)?;
    let mut checks = vec![checks::Place::program()];
    checks.extend(place.candidates());
    checks.extend(place.daemon());
    checks.extend([place.settings(), place.state(), place.log(), place.crashes()]);
    checks.extend(checks::system());
    Ok(checks)
}

/// The checks as people read them.
pub(super) fn describe(checks: &[Check], is_colored: bool) -> String {
    let mut text = String::new();
    for Check { name, state, says, advice } in checks {
        let word = match state {
            State::Ok => "ok     ".into(),
            State::Warning => color::paint("warning", color::CYAN, is_colored),
            State::Wrong => color::paint("wrong  ", color::RED, is_colored),
        };
        let _ = writeln!(text, "{word}  {name:<9}  {}", says.replace('\n', "\n                    "));
        if let Some(advice) = advice {
            let _ = writeln!(text, "                    -> {advice}");
        }
    }
    text
}
