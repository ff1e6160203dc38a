//! Texts for clients that edit with Yjs. A text has a replica while there are any, and for a while after.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use crop::Rope;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::text::{FileChanged, TextRevision};
use icpy_protocol::yjs::{
    UPDATED, YjsApi, YjsLeaveParams, YjsLeaveResult, YjsOpenParams, YjsOpenResult, YjsSendParams, YjsSendResult,
    YjsUpdated,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::asking::uncounted;
use super::shared::{Shared, Yjs};
use super::{OpenText, TEXT_BYTES_MAX, Texts};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::document::Edit;
use crate::document::yjs::{Refused, Replica};
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
            shared.yjs = Some(text.begin_yjs(shared.document.text()));
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
        let Some(yjs) = shared.yjs.as_mut().filter(|yjs| !yjs.news.is_empty()) else { return };
        let message = STANDARD.encode_to_string(std::mem::take(&mut yjs.news));
        let (path, document_epoch, revision) = (self.path.clone(), yjs.epoch.clone(), shared.now());
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
        if !gone.is_empty() {
            yjs.left.send_replace(());
        }
        self.tell_yjs(&mut shared);
        !gone.is_empty()
    }

    /// Makes a replica, which is forgotten when nobody has used it for a while.
    fn begin_yjs(self: &Arc<Self>, now: &Rope) -> Yjs {
        let epoch = self.services.host.new_id();
        let replica = Replica::new(now, &epoch);
        let (left, leaving) = watch::channel(());
        let (text, stop) = (Arc::clone(self), self.services.stop.clone());
        self.services.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(text.forget_who_leaves(leaving)).await;
        });
        Yjs { epoch, replica, sessions: HashMap::new(), news: Vec::new(), left }
    }

    /// Forgets sessions that end, and the replica after them. Ends with that.
    async fn forget_who_leaves(&self, mut leaving: watch::Receiver<()>) {
        let sessions = &self.services.sessions;
        let mut count = sessions.count.clone();
        let is_lost = |session: &str| (sessions.client)(session).is_none();
        while leaving.has_changed().is_ok() && count.has_changed().is_ok() {
            count.mark_unchanged();
            leaving.mark_unchanged();
            let using = self.lock().yjs.as_ref().map(|yjs| yjs.sessions.keys().cloned().collect::<Vec<_>>());
            let Some(using) = using else { return };
            let (is_used, has_lost) = (!using.is_empty(), using.iter().any(|session| is_lost(session)));
            let until = Instant::now() + if has_lost { GRACE } else { UNUSED };
            tokio::select! {
                _ = leaving.changed() => {}
                _ = count.changed(), if is_used && !has_lost => {}
                () = sleep_until(until), if has_lost => drop(self.forget_yjs(is_lost)),
                () = sleep_until(until), if !is_used => {
                    drop(self.lock().yjs.take_if(|yjs| yjs.sessions.is_empty()));
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

#[cfg(test)]
mod tests {
    use tokio::sync::watch;
    use tokio::time::{advance, timeout};
    use tokio_util::sync::CancellationToken;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::bus::Bus;
    use crate::document::{Document, Lineage};
    use crate::host::{Host, ProgramLimits};
    use crate::journal::Journal;
    use crate::services::workspace::texts::shared::Disk;
    use crate::services::{KnownSessions, Services};
    use crate::store::Store;
    use crate::store::events::Retention;

    /// A text, and how many sessions there are.
    fn text() -> (Arc<OpenText>, watch::Sender<usize>) {
        let (connected, count) = watch::channel(1);
        let (host, bus) = (Host::real(), Bus::new("epoch".to_owned(), 1 << 20, 1 << 20));
        let store = Arc::new(Store::new("nowhere".into()));
        let retention = Retention { age_max_ms: 0, bytes_max: 0 };
        let services = Services {
            journal: Journal::new(store, bus.clone(), host.clone(), retention),
            host,
            bus,
            request_timeout: Duration::MAX,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            program_limits: ProgramLimits::default(),
            sessions: KnownSessions { count, is_known: Arc::new(|_| true), client: Arc::new(|it| Some(it.to_owned())) },
        };
        let document = Document::new(Lineage { epoch: "e".to_owned(), former: Vec::new() }, 0, "begin".into());
        let path = icpy_protocol::path::FilePath::from("/a.txt");
        let shared = Shared::new(path.clone(), document, Disk::none());
        (Arc::new(OpenText::new(services, path, shared)), connected)
    }

    fn open(text: &Arc<OpenText>, session: &str) {
        let mut shared = text.lock();
        if shared.yjs.is_none() {
            shared.yjs = Some(text.begin_yjs(shared.document.text()));
        }
        shared.yjs.as_mut().unwrap().sessions.insert(session.to_owned(), <_>::default());
    }

    async fn settled(text: &OpenText) -> usize {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        text.services.tasks.len()
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_ends_a_minute_after_the_last_session_has_left_it() {
        let (text, _connected) = text();
        open(&text, "one");
        assert_eq!(settled(&text).await, 1);
        assert!(text.forget_yjs(|session| session == "one"));
        assert_eq!(settled(&text).await, 1);
        advance(UNUSED / 2).await;
        open(&text, "two");
        assert!(text.forget_yjs(|session| session == "two"));
        settled(&text).await;
        advance(UNUSED * 3 / 4).await;
        assert_eq!(settled(&text).await, 1);
        assert!(text.lock().yjs.is_some(), "somebody has left it since");
        text.services.tasks.close();
        timeout(UNUSED / 2, text.services.tasks.wait()).await.unwrap();
        assert!(text.lock().yjs.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_goes_on_for_a_replica_that_is_gone() {
        let (text, _connected) = text();
        for _ in 0..3 {
            open(&text, "one");
            settled(&text).await;
            // So it ends where what a client sends cannot be taken.
            text.lock().yjs = None;
        }
        assert_eq!(settled(&text).await, 0);
    }
}
