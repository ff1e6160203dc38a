//! Texts for clients that edit with Yjs. A text has a replica while there are any, and for a while after.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::text::{FileChanged, TextRevision};
use icpy_protocol::yjs::{
    UPDATED, YjsApi, YjsLeaveParams, YjsLeaveResult, YjsOpenParams, YjsOpenResult, YjsSendParams, YjsSendResult,
    YjsUpdated,
};
use tokio::time::{Instant, sleep_until};

use super::asking::uncounted;
use super::shared::{Shared, Yjs};
use super::{OpenText, TEXT_BYTES_MAX, Texts};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::document::Edit;
use crate::document::yjs::{Refused, Replica};
use crate::services::Services;
use crate::services::workspace::Workspaces;

/// How long a replica is kept that nobody uses: who comes back goes on with it.
const UNUSED: Duration = Duration::from_mins(1);

/// How long a connection may be lost before its Yjs clients count as gone.
const GRACE: Duration = Duration::from_millis(800);

impl YjsApi<Caller> for Workspaces {
    async fn open(&self, caller: &Caller, params: YjsOpenParams) -> Result<YjsOpenResult> {
        self.texts.open_yjs(caller, &params).await
    }

    async fn send(&self, caller: &Caller, params: YjsSendParams) -> Result<YjsSendResult> {
        self.texts.send_yjs(caller, params).await
    }

    async fn leave(&self, caller: &Caller, params: YjsLeaveParams) -> Result<YjsLeaveResult> {
        let text = self.texts.of(caller, &params.file, AuthRole::Viewer).await?;
        let was_there = text.forget_yjs(|session| session == caller.session());
        Ok(YjsLeaveResult { was_there })
    }
}

impl Texts {
    async fn open_yjs(&self, caller: &Caller, params: &YjsOpenParams) -> Result<YjsOpenResult> {
        let known = params.state_vector.as_ref().map(|known| decoded("stateVector", known)).transpose()?;
        let text = self.of(caller, &params.file, AuthRole::Viewer).await?;
        let bytes = text.lock().document.text().byte_len() as u64;
        let _room = caller.reserve(bytes.max(LONG_RESULT_BYTES)).await;
        let mut shared = text.lock();
        shared.check_here()?;
        if shared.yjs.is_none() {
            let epoch = text.services.host.new_id();
            let replica = Replica::new(shared.document.text(), &epoch);
            shared.yjs = Some(Yjs { epoch, replica, sessions: HashMap::new(), news: Vec::new() });
            text.watch_yjs();
        }
        let revision = shared.now();
        let yjs = shared.yjs(params.epoch.as_deref())?;
        yjs.sessions.entry(caller.session().to_owned()).or_default();
        let message = yjs.replica.greet(known.as_deref()).map_err(|refused| told(refused, "stateVector"))?;
        let (path, epoch) = (text.path.clone(), yjs.epoch.clone());
        Ok(YjsOpenResult { path, epoch, revision, message: STANDARD.encode_to_string(message) })
    }

    async fn send_yjs(&self, caller: &Caller, params: YjsSendParams) -> Result<YjsSendResult> {
        let message = decoded("message", &params.message)?;
        let text = self.here(caller, &params.file).await?;
        let edit = uncounted(caller, params.client.as_deref(), &text.services)?;
        let result = {
            let mut shared = text.lock();
            shared.check_here()?;
            shared.yjs(Some(&params.epoch))?;
            if shared.document.text().byte_len() + message.len() > TEXT_BYTES_MAX {
                let message = format!("a text that is edited here has at most {TEXT_BYTES_MAX} bytes");
                return Err(Error::too_large(message).with("limit", TEXT_BYTES_MAX));
            }
            let (events, reply) = shared.receive_yjs(caller.session(), &message, &edit)?;
            text.tell(&mut shared, &events);
            let message = (!reply.is_empty()).then(|| STANDARD.encode_to_string(reply));
            YjsSendResult { revision: shared.now(), message }
        };
        text.store_soon().await?;
        Ok(result)
    }
}

impl Shared {
    /// The replica with an epoch.
    fn yjs(&mut self, epoch: Option<&str>) -> Result<&mut Yjs> {
        let present = self.yjs.as_ref().map(|yjs| yjs.epoch.clone());
        if let Some(epoch) = epoch
            && present.as_deref() != Some(epoch)
        {
            let message =
                format!("what `{}` has in common with the client's document is not known any more", self.path);
            let TextRevision { epoch, rev } = self.now();
            return Err(Error::conflict(message)
                .with("epoch", present)
                .with("revision", serde_json::json!({ "epoch": epoch, "rev": rev }))
                .with("text", self.document.text().to_string()));
        }
        self.yjs.as_mut().ok_or_else(|| Error::conflict("nobody edits this text with Yjs: begin with `yjs:open`"))
    }

    /// Takes messages of a Yjs client. Returns what has changed, and what the client is to be sent.
    fn receive_yjs(&mut self, session: &str, message: &[u8], edit: &Edit) -> Result<(Vec<FileChanged>, Vec<u8>)> {
        let Some(mut yjs) = self.yjs.take() else { return Ok(<_>::default()) };
        let text = self.document.text();
        // What strangers have written is read by code that may give up: the replica is gone then, and the text as it was.
        let received = catch_unwind(AssertUnwindSafe(|| yjs.replica.receive(message, text)));
        let received = match received.unwrap_or(Err(Refused::NotText)) {
            Ok(received) => received,
            Err(refused) => {
                if matches!(refused, Refused::Unreadable(_)) {
                    self.yjs = Some(yjs);
                }
                return Err(told(refused, "message"));
            }
        };
        let mut events = Vec::new();
        for delta in received.deltas {
            events.extend(self.edit(&self.base(), delta, edit)?.events);
        }
        yjs.sessions.entry(session.to_owned()).or_default().extend(received.clients);
        yjs.news.extend(received.news);
        self.yjs = Some(yjs);
        Ok((events, received.reply))
    }
}

impl OpenText {
    /// Tells Yjs clients what they are to be told.
    pub(super) fn tell_yjs(&self, shared: &mut Shared) {
        let revision = shared.now();
        let Some(yjs) = shared.yjs.as_mut().filter(|yjs| !yjs.news.is_empty()) else { return };
        let message = STANDARD.encode_to_string(std::mem::take(&mut yjs.news));
        let (path, document_epoch) = (self.path.clone(), yjs.epoch.clone());
        self.services.bus.publish(&UPDATED, &YjsUpdated { path, document_epoch, revision, message });
    }

    /// Forgets sessions, and tells the others that their Yjs clients are not there any more. Returns whether there were any.
    fn forget_yjs(&self, is_gone: impl Fn(&str) -> bool) -> bool {
        let mut shared = self.lock();
        let Some(yjs) = &mut shared.yjs else { return false };
        let gone: Vec<String> = yjs.sessions.keys().filter(|session| is_gone(session)).cloned().collect();
        for session in &gone {
            let clients = yjs.sessions.remove(session).unwrap_or_default();
            if !clients.is_empty() {
                let message = yjs.replica.leave(clients);
                yjs.news.extend(message);
            }
        }
        self.tell_yjs(&mut shared);
        !gone.is_empty()
    }

    /// Has sessions forgotten that end, and the replica once nobody has used it for a while.
    fn watch_yjs(self: &Arc<Self>) {
        let (text, services) = (Arc::clone(self), self.services.clone());
        self.services.tasks.spawn(async move {
            let stop = services.stop.clone();
            let _ = stop.run_until_cancelled(text.forget_who_leaves(&services)).await;
        });
    }

    async fn forget_who_leaves(&self, services: &Services) {
        let mut count = services.sessions.count.clone();
        loop {
            count.mark_unchanged();
            let is_lost = |session: &str| (services.sessions.client)(session).is_none();
            let has_lost = self.lock().yjs.as_ref().is_some_and(|yjs| yjs.sessions.keys().any(|it| is_lost(it)));
            if has_lost {
                sleep_until(Instant::now() + GRACE).await;
                self.forget_yjs(is_lost);
            }
            let is_used = self.lock().yjs.as_ref().map(|yjs| !yjs.sessions.is_empty());
            match is_used {
                None => return,
                Some(true) => {
                    if count.changed().await.is_err() {
                        return;
                    }
                }
                Some(false) => {
                    sleep_until(Instant::now() + UNUSED).await;
                    let mut shared = self.lock();
                    if shared.yjs.as_ref().is_none_or(|yjs| yjs.sessions.is_empty()) {
                        shared.yjs = None;
                        return;
                    }
                }
            }
        }
    }
}

fn decoded(name: &str, text: &str) -> Result<Vec<u8>> {
    STANDARD.decode_to_vec(text).map_err(|error| Error::invalid_params(format!("`{name}` is no base64: {error}")))
}

fn told(refused: Refused, name: &str) -> Error {
    match refused {
        Refused::Unreadable(why) => Error::invalid_params(format!("`{name}` cannot be read: {why}")),
        Refused::NotText => Error::conflict(
            "the document has something else than text in `text` now, or half a character: begin anew with `yjs:open`",
        ),
    }
}
