//! The icpy client as a library.
//!
//! [`Client`] is for programs that stay: typed calls, events, and going on after a lost connection. [`Connection`] is
//! for those that ask one thing and end: it blocks, and costs no runtime. Both find the daemon, or start it, through a
//! [`Finder`].

pub mod host;

pub mod finder;
pub mod remote;

pub mod client;
pub mod connection;

pub mod args;
pub mod target;

pub use client::{Client, Event, Notice, Notification, Notifications, Piece, Streaming, Subscription, Update};
pub use connection::Connection;
pub use finder::Finder;
