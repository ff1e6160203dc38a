//! Where clients come from. Each kind of connection becomes a [`Session`](crate::session::Session) with a principal.

pub mod http;
pub mod local;
pub mod memory;
