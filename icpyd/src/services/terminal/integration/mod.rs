//! Has shells say where their prompts, command lines and outputs begin and end, by escape sequences that terminals know
//! (OSC 7, 133 and 633). The user's own files are read as always, and none is changed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const BASH: &str = include_str!("bash.sh");
const ZSH: &str = include_str!("zshenv.zsh");
const FISH: &str = include_str!("fish.fish");

/// Where zsh looks for its startup files, and where the user wants it to.
const ZSH_FOLDER: &str = "ZDOTDIR";
const USER_ZSH_FOLDER: &str = "ICPY_ZDOTDIR";

/// What a shell proves its marks with. It takes it out of the environment, so that no program has it.
const NONCE_VARIABLE: &str = "ICPY_NONCE";

/// The arguments that a shell is started with, and what is added to its environment. Files for it are kept in `folder`. A shell that
/// is not known is started as it is.
pub(super) fn prepare(
    shell: &Path,
    folder: &Path,
    nonce: String,
    environment: &mut BTreeMap<String, OsString>,
) -> io::Result<Vec<OsString>> {
    let name = shell.file_name().unwrap_or_default();
    if ["bash", "zsh", "fish"].iter().any(|known| name == *known) {
        environment.insert(NONCE_VARIABLE.to_owned(), nonce.into());
    }
    if name == "bash" {
        let file = put(folder, "bash.sh", BASH)?;
        return Ok(vec!["--rcfile".into(), file.into()]);
    }
    if name == "fish" {
        let file = put(folder, "fish.fish", FISH)?;
        let mut source = OsString::from("source ");
        source.push(quoted(&file));
        return Ok(vec!["--init-command".into(), source]);
    }
    if name == "zsh" {
        let zsh_folder = folder.join("zsh");
        put(&zsh_folder, ".zshenv", ZSH)?;
        if let Some(of_user) = environment.insert(ZSH_FOLDER.to_owned(), zsh_folder.into()) {
            environment.insert(USER_ZSH_FOLDER.to_owned(), of_user);
        }
    }
    Ok(Vec::new())
}

/// What a shell in this environment proves its marks with.
pub(super) fn nonce(environment: &BTreeMap<String, OsString>) -> Option<String> {
    environment.get(NONCE_VARIABLE)?.to_str().map(str::to_owned)
}

/// A path as one word of fish.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\\', r"\\").replace('\'', r"\'"))
}

/// Sees to it that a file is there. A shell may be reading it.
fn put(folder: &Path, name: &str, content: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|old| old == content.as_bytes()) {
        return Ok(path);
    }
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.persist(&path)?;
    Ok(path)
}
