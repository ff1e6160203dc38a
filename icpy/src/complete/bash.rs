//! Completion for bash. Its words end at colons and equals signs, which are parts of words here: `session:ping`,
//! `--color=auto`. So what bash has split is put together, and of the answer only the last part is given back.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap_complete::env::{Bash as Plain, EnvCompleter};

const SCRIPT: &str = r#"_icpy() {
    local line=$COMP_LINE words=() word blank last split='' part index
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        blank=${line%%[![:space:]]*}
        line=${line#"$blank"}
        line=${line#"$word"}
        if [[ -n $blank || $index -eq 0 ]]; then
            words+=("$word") split=''
        else
            words[${#words[@]}-1]+=$word split=yes
        fi
    done
    last=${words[${#words[@]}-1]} part=''
    if [[ -n $split ]]; then
        part=${last%"${last##*[:=]}"}
    else
        words[${#words[@]}-1]=$2
    fi
    local IFS=$'\013'
    COMPREPLY=($(_CLAP_IFS=$IFS _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) VARIABLE=bash COMPLETER -- "${words[@]}"))
    COMPREPLY=("${COMPREPLY[@]#"$part"}")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o nosort -F _icpy BINARY 2>/dev/null || complete -o bashdefault -F _icpy BINARY"#;

/// The shell.
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        Plain.name()
    }

    fn is(&self, name: &str) -> bool {
        Plain.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        binary: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let completer = shlex::try_quote(completer).map_err(Error::other)?;
        let script = SCRIPT.replace("VARIABLE", variable).replace("BINARY", binary).replace("COMPLETER", &completer);
        writeln!(out, "{script}")
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        Plain.write_complete(command, words, folder, out)
    }
}
