//! The icpy daemon as a library: `main.rs` makes a process of it, tests and other programs make one inside theirs.

pub mod args;
pub mod config;
pub mod crash;
pub mod detach;
pub mod host;
pub mod instance;
pub mod log;
pub mod rolling;
pub mod signal;
pub mod supervisor;

pub mod caller;
pub mod confinement;
pub mod document;
pub mod json_string;
#[cfg_attr(all(target_os = "linux", target_env = "gnu"), path = "memory/linux.rs")]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), path = "memory/other.rs")]
pub mod memory;
pub mod misfit;
pub mod slip;

pub mod bus;
pub mod metrics;
pub mod store;

pub mod audit;
pub mod auth;

pub mod front;
pub mod journal;
pub mod keeper;
pub mod router;
pub mod session;

pub mod services;
pub mod transport;

mod idle;

pub mod daemon;
pub mod handover;
pub mod process;
