//! The icpy daemon as a library: `main.rs` makes a process of it, tests and other programs make one inside theirs.

pub mod args;
pub mod config;
pub mod crash;
pub mod detach;
pub mod host;
pub mod instance;
pub mod log;
pub mod signal;
pub mod supervisor;

pub mod caller;
pub mod confinement;

pub mod bus;
pub mod metrics;
pub mod store;

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
