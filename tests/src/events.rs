//! A subscription of a test: every event must be expected.

use futures_util::{FutureExt as _, StreamExt as _};
use icpy::{Event, Subscription, Update};
use icpy_protocol::api::Topic;
use serde::de::DeserializeOwned;

use crate::within;

/// Events in their order. Dropping it fails the test when one was not read.
#[derive(Debug)]
pub struct Events(Subscription);

impl Events {
    /// Checks the events of a subscription.
    pub fn new(subscription: Subscription) -> Self {
        Self(subscription)
    }

    /// The next update of any kind.
    pub async fn next(&mut self) -> Update {
        within("the next event", self.0.next()).await.expect("the subscription has not ended")
    }

    /// The next event.
    pub async fn event(&mut self) -> Event {
        match self.next().await {
            Update::Event(event) => event,
            other => panic!("expected an event, got {other:?}"),
        }
    }

    /// The payload of the next event, which must be on this topic.
    pub async fn expect<T: DeserializeOwned>(&mut self, topic: &Topic<T>) -> T {
        let event = self.event().await;
        event.payload(topic).unwrap_or_else(|| panic!("expected `{}`, got {event}", topic.info.topic))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(Some(update)) = self.0.next().now_or_never()
            && !std::thread::panicking()
        {
            panic!("an event was not expected: {update:?}");
        }
    }
}
