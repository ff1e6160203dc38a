//! What a terminal prints, to its end: all of it, once, also when the connection is made anew.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::{Client, Notice, Notifications};
use icpy_protocol::api::Call as _;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::json_string::JsonString;
use icpy_protocol::terminal::{
    DATA_OUT, DETACHED, TerminalAckParams, TerminalAttachParams, TerminalAttachResult, TerminalDataOut,
    TerminalDetachParams, TerminalEncoding, TerminalExit, TerminalSize, method,
};
use tokio::sync::watch;

/// Ends a control sequence that was cut off.
const CANCEL: u8 = 0x18;

/// A terminal that is followed.
pub(super) struct Follow {
    client: Client,
    notifications: Notifications,
    /// How it is to be attached to, but for the place and the size.
    params: TerminalAttachParams,
    size: fn() -> Option<TerminalSize>,
    /// Tells the viewer, while there is one.
    viewer: watch::Sender<Option<String>>,
    /// Up to where the output came.
    received: Option<u64>,
}

/// What comes next.
pub(super) enum Followed {
    /// Output.
    Output(Vec<u8>),
    /// The connection is lost; another is looked for.
    Lost,
    /// The connection is there again.
    Reconnected,
    /// Nothing for the caller.
    Nothing,
    /// Nothing more.
    End(FollowEnd),
}

/// Why nothing more comes.
pub(super) enum FollowEnd {
    /// The program has ended.
    Exited(TerminalExit),
    /// The terminal was closed.
    Closed,
    /// The daemon is gone, and the terminal with it.
    Lost(Error),
}

impl Follow {
    /// Begins with the screen, or behind what the params say. `size` is asked for the viewer's size each time.
    pub(super) async fn begin(
        client: Client,
        params: TerminalAttachParams,
        size: fn() -> Option<TerminalSize>,
    ) -> Result<Self, Error> {
        let notifications = client.notifications(&[DATA_OUT.info.topic, DETACHED.info.topic]).await?;
        let viewer = watch::Sender::new(None);
        let received = params.after;
        let mut follow = Self { client, notifications, params, size, viewer, received };
        match follow.attach().await {
            Followed::End(FollowEnd::Lost(error)) => Err(error),
            Followed::End(_) => Err(Error::not_found("the terminal is closed")),
            _ => Ok(follow),
        }
    }

    /// Who the viewer is, from now on.
    #[cfg(unix)]
    pub(super) fn viewer(&self) -> watch::Receiver<Option<String>> {
        self.viewer.subscribe()
    }

    /// Up to where the output came.
    pub(super) fn received(&self) -> u64 {
        self.received.unwrap_or_default()
    }

    /// What the daemon says next. Nothing is lost when this is dropped before it ends.
    pub(super) async fn notice(&mut self) -> Option<Notice> {
        self.notifications.next().await
    }

    /// What that means. This is not to be dropped before it ends.
    pub(super) async fn take(&mut self, notice: Option<Notice>) -> Followed {
        match notice {
            Some(Notice::Notification(notification)) => {
                if let Some(data) = notification.payload(&DATA_OUT).filter(|it| self.is_own(&it.viewer_id)) {
                    Followed::Output(self.decode(data))
                } else if let Some(ended) = notification.payload(&DETACHED).filter(|it| self.is_own(&it.viewer_id)) {
                    self.viewer.send_replace(None);
                    match ended.exit {
                        Some(exit) => Followed::End(FollowEnd::Exited(exit)),
                        // It is closed, or the daemon is about to go on as another program.
                        None => self.attach().await,
                    }
                } else {
                    Followed::Nothing
                }
            }
            Some(Notice::Lost) => Followed::Lost,
            Some(Notice::Reconnected) => self.reconnected().await,
            None => Followed::End(FollowEnd::Lost(Error::unavailable(self.client.ended().await))),
        }
    }

    /// Says that all up to a place is done with, so that more is sent.
    pub(super) async fn acknowledge(&self, to: u64) {
        let Some(viewer_id) = self.viewer.borrow().clone() else { return };
        let params = TerminalAckParams { terminal_id: self.params.terminal_id.clone(), viewer_id, to };
        // When the connection has ended there is nothing to acknowledge.
        let _ = self.client.tell(method::ack, &params).await;
    }

    /// Attaches behind what came.
    async fn attach(&mut self) -> Followed {
        let size = if self.params.is_read_only { None } else { (self.size)() };
        let params = TerminalAttachParams { after: self.received, size, ..self.params.clone() };
        let attached: Result<TerminalAttachResult, Error> = self.client.call(method::attach, &params).await;
        match attached {
            Ok(attached) => {
                self.viewer.send_replace(Some(attached.viewer_id));
                let missing = self.missing(attached.from);
                self.received = Some(attached.from);
                missing.map_or(Followed::Nothing, |mark| Followed::Output(vec![mark]))
            }
            // With the next connection it goes on.
            Err(error) if error.is_connection_lost() => Followed::Nothing,
            Err(error) if error.kind() == Kind::NotFound => Followed::End(FollowEnd::Closed),
            Err(error) => Followed::End(FollowEnd::Lost(error)),
        }
    }

    async fn reconnected(&mut self) -> Followed {
        // It may have been made on this connection, when that was not known to be there yet.
        if let Some(viewer_id) = self.viewer.send_replace(None) {
            let params = TerminalDetachParams { terminal_id: self.params.terminal_id.clone(), viewer_id };
            // When this connection is lost too, so is the viewer.
            let _ = self.client.tell(method::detach, &params).await;
        }
        match self.attach().await {
            Followed::Nothing => Followed::Reconnected,
            followed => followed,
        }
    }

    fn is_own(&self, viewer_id: &str) -> bool {
        self.viewer.borrow().as_deref() == Some(viewer_id)
    }

    fn decode(&mut self, data: TerminalDataOut) -> Vec<u8> {
        // Nothing was asked for as bytes, and the daemon encodes what it sends.
        let text = data.data.map_or_else(String::new, JsonString::into_text);
        let bytes = match data.encoding {
            TerminalEncoding::Utf8 => text.into_bytes(),
            TerminalEncoding::Base64 => BASE64_STANDARD.decode(text).unwrap_or_default(),
        };
        let missing = self.missing(data.from);
        self.received = Some(data.to);
        missing.into_iter().chain(bytes).collect()
    }

    /// What stands for output that was not kept for so slow a viewer.
    fn missing(&self, from: u64) -> Option<u8> {
        self.received.filter(|received| *received < from).map(|_| CANCEL)
    }
}
