//! The options of `icpy terminal`.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use clap::{Args as ClapArgs, Subcommand};

/// Terminals.
#[derive(Clone, Debug, ClapArgs)]
pub struct Terminal {
    /// What to do
    #[command(subcommand)]
    pub action: TerminalAction,
}

/// What can be done with terminals.
#[derive(Clone, Debug, Subcommand)]
pub enum TerminalAction {
    /// List the terminals, the oldest first
    List,
    /// Run a program, by default the shell, in a new terminal; print the terminal's name
    New {
        /// What to call it; by default as the program
        #[arg(long)]
        name: Option<String>,
        /// The program and its arguments
        #[arg(trailing_var_arg = true)]
        command: Vec<String>,
    },
    /// Type a text into a terminal; `-` reads it from standard input
    Send {
        /// Its name or id
        terminal: String,
        /// The text; with no newline added
        text: String,
    },
    /// Print what a terminal has printed, as far as it is kept
    Show {
        /// Its name or id
        terminal: String,
        /// Go on until its program ends, and end as it does
        #[arg(short, long)]
        follow: bool,
    },
    /// End what runs in a terminal and forget the terminal
    Close {
        /// Its name or id
        terminal: String,
    },
}
