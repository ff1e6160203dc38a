//! Settings of terminals: profiles, which have names of the user's own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of terminals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalConfig {
    /// What terminals are given that name one of these.
    pub profiles: BTreeMap<String, TerminalProfile>,
}

/// What a terminal is given, unless whoever makes it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TerminalProfile {
    /// The program and its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The shell to run instead of the user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// The folder in which it starts. What does not begin at the root, or with `~`, is in the workspace's folder or else the
    /// user's home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathBuf>,
    /// Variables that are set for it, beside and over those that it has anyway.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

impl TerminalConfig {
    /// Whether terminals can be made so. The error is a sentence fragment about the setting.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let is_double = |profile: &TerminalProfile| profile.shell.is_some() && !profile.command.is_empty();
        match self.profiles.iter().find(|(_, profile)| is_double(profile)) {
            Some((name, _)) => Err((PROFILES, format!("has both a command and a shell in `{name}`"))),
            None => Ok(()),
        }
    }
}

/// Where the profiles are. What is in them has no defaults, and no names that are known before.
pub(super) const PROFILES: &str = "terminal.profiles";

/// Whether it is the key of something in a profile: `terminal.profiles.NAME.KEY`.
pub(super) fn is_of_profile(key: &str) -> bool {
    let inner = key.strip_prefix(PROFILES).and_then(|rest| rest.strip_prefix('.'));
    inner.is_some_and(|inner| inner.contains('.'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::{Layers, Loaded, Origin};
    use crate::host::Host;

    fn load(text: &str, flags: &[&str]) -> Result<Loaded, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, text).unwrap();
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Layers { file, flags, host: Host::fake(0) }.load()
    }

    #[test]
    fn profiles_have_names_of_their_own() {
        let text = "[terminal.profiles.build]\ncommand = ['make', '-s']\ncwd = 'src'\n[terminal.profiles.build.env]\n\
            CC = 'clang'\n[terminal.profiles.plain]\nshell = '/bin/sh'";
        let Loaded { config, origins } = load(text, &["terminal.profiles.plain.shell=/bin/dash"]).unwrap();
        let build = &config.terminal.profiles["build"];
        assert_eq!((&build.command[..], &*build.env["CC"]), (&["make".to_owned(), "-s".to_owned()][..], "clang"));
        assert_eq!(config.terminal.profiles["plain"].shell.as_deref(), Some("/bin/dash"));
        assert!(matches!(&origins["terminal.profiles.build.env.CC"], Origin::File(_, 5)));
        assert_eq!(origins["terminal.profiles.plain.shell"], Origin::Flag);
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_told() {
        let check = |text: &str, expect: &str| {
            let problems = load(text, &[]).unwrap_err();
            assert!(problems.len() == 1 && problems[0].ends_with(expect), "{problems:?}");
        };
        check(
            "[terminal.profiles.x]\nshel = 'sh'",
            ":2: `terminal.profiles.x.shel` is not known; known are `command`, `shell`, `cwd`, `env`",
        );
        check(
            "[terminal.profiles.x]\nshell = 'sh'\ncommand = ['ls']",
            ": `terminal.profiles` has both a command and a shell in `x`",
        );
        check("terminal.profile = 1", ":1: no setting is named `terminal.profile`");
    }
}
