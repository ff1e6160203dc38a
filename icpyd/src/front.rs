//! The listener for HTTP as services see it: what can be asked of it. The transport is behind it.

use std::pin::Pin;

use icpy_protocol::error::Result;
use icpy_protocol::web::WebStatusResult;

use crate::keeper::Keeper;

/// An answer that takes a moment.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The listener for HTTP. It goes on in the next program.
pub trait Front: Keeper {
    /// Starts to listen: where the settings say, or at an address. When it listens there already nothing changes.
    fn open(&self, address: Option<String>) -> Answer<'_, Result<()>>;

    /// Ends that, and its connections.
    fn close(&self) -> Answer<'_, ()>;

    /// Whether and where it listens.
    fn status(&self) -> WebStatusResult;

    /// Why it does not listen where the settings say, as a sentence.
    fn problem(&self) -> Option<String>;
}
