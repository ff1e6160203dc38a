//! The integration tests, through real sockets, processes and files: one file for each subject.

#![expect(clippy::disallowed_methods, reason = "tests look at the machine they run on")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(unix)]
mod access;
#[cfg(unix)]
mod attach;
#[cfg(unix)]
mod attach_cli;
#[cfg(target_os = "linux")]
mod browser;
#[cfg(unix)]
mod cache;
#[cfg(unix)]
mod cli;
mod client;
#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod complete;
#[cfg(unix)]
mod config;
mod conformance;
#[cfg(target_os = "linux")]
mod descriptor_store;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod durable;
mod errors;
mod events;
mod events_http;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(unix)]
mod files;
#[cfg(target_os = "linux")]
mod find;
mod generated;
#[cfg(unix)]
mod grep;
#[cfg(unix)]
mod grep_lines;
#[cfg(unix)]
mod history;
#[cfg(unix)]
mod history_resume;
mod http;
mod http_credentials;
mod http_front;
mod http_limits;
#[cfg(unix)]
mod http_logging;
mod http_rates;
#[cfg(target_os = "linux")]
mod index;
#[cfg(unix)]
mod interactive;
#[cfg(unix)]
mod kills;
#[cfg(unix)]
mod life;
#[cfg(unix)]
mod listing;
#[cfg(unix)]
mod log_cli;
#[cfg(target_os = "linux")]
mod long_paths;
#[cfg(unix)]
mod ls;
#[cfg(target_os = "linux")]
mod manage;
#[cfg(target_os = "linux")]
mod manage_cli;
#[cfg(target_os = "linux")]
mod manage_crash;
#[cfg(target_os = "linux")]
mod manage_refusals;
#[cfg(target_os = "linux")]
mod manage_trash;
#[cfg(target_os = "linux")]
mod manage_trees;
#[cfg(target_os = "linux")]
mod manage_turns;
#[cfg(unix)]
mod metadata;
#[cfg(unix)]
mod metrics;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(unix)]
mod opening;
#[cfg(target_os = "linux")]
mod origins;
#[cfg(target_os = "linux")]
mod packaging;
#[cfg(unix)]
mod places;
#[cfg(unix)]
mod preferences;
#[cfg(unix)]
mod presence;
#[cfg(unix)]
mod reconnect;
#[cfg(unix)]
mod recording;
#[cfg(unix)]
mod remote;
mod requirements;
#[cfg(unix)]
mod rest;
#[cfg(unix)]
mod rest_files;
#[cfg(unix)]
mod restart;
mod resume;
#[cfg(unix)]
mod ripgrep;
mod roles;
mod roles_texts;
#[cfg(target_os = "linux")]
mod save;
#[cfg(target_os = "linux")]
mod save_crash;
#[cfg(target_os = "linux")]
mod save_group;
#[cfg(target_os = "linux")]
mod save_in_place;
#[cfg(unix)]
mod schemathesis;
#[cfg(unix)]
mod search;
#[cfg(unix)]
mod service;
mod session;
#[cfg(unix)]
mod shells;
mod slow;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(unix)]
mod start;
#[cfg(unix)]
mod state;
#[cfg(unix)]
mod stay;
#[cfg(unix)]
mod streams;
mod surface;
#[cfg(unix)]
mod terminal;
#[cfg(target_os = "linux")]
mod terminal_ends;
#[cfg(target_os = "linux")]
mod terminal_kills;
#[cfg(unix)]
mod terminal_limits;
#[cfg(unix)]
mod terminal_profile;
#[cfg(unix)]
mod terminal_programs;
#[cfg(unix)]
mod terminal_questions;
#[cfg(unix)]
mod terminal_run;
#[cfg(target_os = "linux")]
mod terminal_start;
#[cfg(unix)]
mod terminal_text;
#[cfg(unix)]
mod terminal_web;
#[cfg(unix)]
mod text;
#[cfg(unix)]
mod text_cli;
#[cfg(unix)]
mod texts;
#[cfg(unix)]
mod texts_codemirror;
#[cfg(target_os = "linux")]
mod texts_converge;
#[cfg(unix)]
mod texts_history;
#[cfg(target_os = "linux")]
mod texts_kept;
#[cfg(unix)]
mod texts_many;
#[cfg(target_os = "linux")]
mod texts_moved;
mod tidy;
#[cfg(target_os = "linux")]
mod undo;
#[cfg(target_os = "linux")]
mod upload;
#[cfg(unix)]
mod wait;
#[cfg(target_os = "linux")]
mod watch_limit;
#[cfg(target_os = "linux")]
mod watch_many;
#[cfg(target_os = "linux")]
mod watch_root;
#[cfg(unix)]
mod watching;
#[cfg(unix)]
mod web_cli;
#[cfg(target_os = "linux")]
mod web_ui;
#[cfg(windows)]
mod windows;
mod workspace;
#[cfg(unix)]
mod workspace_cli;
#[cfg(unix)]
mod workspace_closing;
#[cfg(unix)]
mod workspace_document;
#[cfg(target_os = "linux")]
mod yjs;
