//! What is asked of a shared text: `file:get_text`, `file:edit` and the like.

use std::ops::Range;
use std::sync::Arc;

use crop::Rope;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::text::{
    FileChanged, FileEditParams, FileEditResult, FileResolveParams, FileSaved, FileText, FileUndoParams,
    FileUndoResult, TextEdit, TextPlace, TextSide, TextUnit,
};
use icpy_protocol::file::{CHANGED, FileOf};

use super::shared::{DISK, Shared};
use super::{OpenText, TEXT_BYTES_MAX, Texts, aside};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::document::diff::edits_between;
use crate::document::line_ends::plain;
use crate::document::place::{Place, Unit, byte_of};
use crate::document::{Base, ClientSeq, Delta, Edit, First, Role, Who, put_own_first};
use crate::services::Services;

/// The most bytes of a client's name, and of a group's.
const NAME_BYTES_MAX: usize = 200;

/// How often a text is looked for that gets another path.
const MOVES_MAX: usize = 4;

impl Texts {
    /// A text that can be changed.
    pub(super) async fn here(&self, caller: &Caller, file: &FileOf) -> Result<Arc<OpenText>> {
        let mut text = self.of(caller, file, AuthRole::Editor).await?;
        for _ in 0..MOVES_MAX {
            if !text.lock().is_moved {
                break;
            }
            // Until it has it.
            drop(text.disk.lock().await);
            text = self.of(caller, file, AuthRole::Editor).await?;
        }
        text.check_storable().await?;
        Ok(text)
    }

    pub(in crate::services::workspace) async fn get_text(&self, caller: &Caller, file: &FileOf) -> Result<FileText> {
        let text = self.of(caller, file, AuthRole::Viewer).await?;
        let bytes = text.lock().document.text().byte_len() as u64;
        let _room = caller.reserve(bytes.max(LONG_RESULT_BYTES)).await;
        let told = text.lock().text();
        Ok(told)
    }

    pub(in crate::services::workspace) async fn edit(
        &self,
        caller: &Caller,
        params: FileEditParams,
    ) -> Result<FileEditResult> {
        let text = self.here(caller, &params.file).await?;
        let edit = edit_of(caller, &params, &text.services)?;
        let known = edit.seq.as_ref().and_then(|seq| text.lock().document.known(seq));
        let rev = match known {
            Some(rev) => rev,
            None => text.make(params, &edit).await?,
        };
        text.store_soon().await?;
        let revision = text.lock().revision(rev);
        Ok(FileEditResult { revision })
    }

    pub(in crate::services::workspace) async fn reverse(
        &self,
        caller: &Caller,
        params: &FileUndoParams,
        role: Role,
    ) -> Result<FileUndoResult> {
        let text = self.here(caller, &params.file).await?;
        let edit = uncounted(caller, params.client.as_deref(), &text.services)?;
        let result = {
            let mut shared = text.lock();
            shared.check_here()?;
            let events = shared.reverse(role, &edit);
            text.tell(&mut shared, &events);
            FileUndoResult { revision: shared.now(), is_changed: !events.is_empty() }
        };
        text.store_soon().await?;
        Ok(result)
    }

    pub(in crate::services::workspace) async fn save(&self, caller: &Caller, file: &FileOf) -> Result<FileSaved> {
        let (text, caller) = (self.of(caller, file, AuthRole::Editor).await?, caller.clone());
        self.0.services.finish(async move { text.save(&caller).await }).await
    }

    pub(in crate::services::workspace) async fn revert(
        &self,
        caller: &Caller,
        file: &FileOf,
    ) -> Result<FileEditResult> {
        let text = self.of(caller, file, AuthRole::Editor).await?;
        let edit = uncounted(caller, None, &text.services)?;
        let revert = async move {
            text.revert(&edit).await?;
            let revision = text.lock().now();
            Ok(FileEditResult { revision })
        };
        self.0.services.finish(revert).await
    }

    pub(in crate::services::workspace) async fn resolve(
        &self,
        caller: &Caller,
        params: &FileResolveParams,
    ) -> Result<FileText> {
        let text = self.here(caller, &params.file).await?;
        let told = {
            let mut shared = text.lock();
            shared.check_here()?;
            if params.keep == TextSide::Theirs {
                let edit = uncounted(caller, None, &text.services)?;
                let events = shared.take_theirs(&edit)?;
                text.tell(&mut shared, &events);
            }
            shared.conflicts.clear();
            text.tell_state(&shared);
            shared.text()
        };
        text.store_all().await?;
        Ok(told)
    }
}

impl OpenText {
    /// Makes an edit, and tells it. Whole texts are compared without the lock: what others edit meanwhile stays.
    async fn make(&self, params: FileEditParams, edit: &Edit) -> Result<u64> {
        if params.has_own_edits {
            return self.make_with_own(params, edit).await;
        }
        let (base, before) = {
            let shared = self.lock();
            let base = base_of(&shared, &params)?;
            let before = shared.document.text_at(&base).map_err(|_| shared.stale(&base))?;
            (base, before)
        };
        let delta = match params.edits {
            Some(_) => delta(&before, params)?,
            None => aside(move || delta(&before, params)).await??,
        };
        self.take(&base, delta, edit)
    }

    /// The same for a whole text that has in it what its author has changed since its base.
    async fn make_with_own(&self, params: FileEditParams, edit: &Edit) -> Result<u64> {
        if params.text.is_none() {
            return Err(Error::invalid_params("`hasOwnEdits` is said of a whole `text`"));
        }
        let (now, text, mut before, revisions) = {
            let shared = self.lock();
            let base = base_of(&shared, &params)?;
            let before = shared.document.text_at(&base).map_err(|_| shared.stale(&base))?;
            let revisions: Vec<_> = shared.document.since(&base).map_err(|_| shared.stale(&base))?.cloned().collect();
            (shared.base(), shared.document.text().clone(), before, revisions)
        };
        let author = Arc::clone(&edit.author);
        let moved = aside(move || {
            let Some(others) = put_own_first(&mut before, &revisions, &author, &text) else { return Ok(None) };
            let delta = delta(&before, params)?;
            Ok(Some(others.iter().fold(delta, |delta, other| delta.over(other, First::Other))))
        });
        match moved.await?? {
            Some(delta) => self.take(&now, delta, edit),
            None => {
                let shared = self.lock();
                let message =
                    format!("what of `{}` is the client's own cannot be told from what others did", shared.path);
                Err(shared.conflict(message))
            }
        }
    }

    fn take(&self, base: &Base, delta: Delta, edit: &Edit) -> Result<u64> {
        let mut shared = self.lock();
        let changed = shared.edit(base, delta, edit)?;
        self.tell(&mut shared, &changed.events);
        Ok(changed.rev)
    }

    /// Tells what has changed. The lock is held, so that everybody is told in the order of the revisions.
    pub(super) fn tell(&self, shared: &mut Shared, events: &[FileChanged]) {
        for event in events {
            self.services.bus.publish(&CHANGED, event);
        }
        self.tell_yjs(shared);
    }
}

/// Whose the edits of a caller are.
fn author<'a>(caller: &'a Caller, client: Option<&'a str>) -> Result<&'a str> {
    let Some(client) = client else { return Ok(caller.session()) };
    check_name("client", client)?;
    match client == DISK {
        false => Ok(client),
        true => Err(Error::invalid_params(format!("`{DISK}` is what changes of the file are told as, and no client"))),
    }
}

fn check_name(what: &str, name: &str) -> Result<()> {
    match name.is_empty() || name.len() > NAME_BYTES_MAX {
        false => Ok(()),
        true => Err(Error::invalid_params(format!("`{what}` has 1 to {NAME_BYTES_MAX} bytes"))),
    }
}

fn edit_of(caller: &Caller, params: &FileEditParams, services: &Services) -> Result<Edit> {
    let client = author(caller, params.client.as_deref())?;
    if let Some(group) = &params.group {
        check_name("group", group)?;
    }
    Ok(Edit {
        label: params.group.as_deref().map(Arc::from),
        seq: params.client_seq.map(|seq| ClientSeq { client: client.to_owned(), seq }),
        ..uncounted(caller, params.client.as_deref(), services)?
    })
}

/// An edit that its client does not count.
pub(super) fn uncounted(caller: &Caller, client: Option<&str>, services: &Services) -> Result<Edit> {
    let who = Who { user: Services::user_of(caller).to_owned(), program: (services.sessions.client)(caller.session()) };
    Ok(Edit {
        author: author(caller, client)?.into(),
        label: None,
        who: Some(Arc::new(who)),
        seq: None,
        time_ms: services.host.now_ms(),
    })
}

/// The revision that an edit was made for.
fn base_of(shared: &Shared, params: &FileEditParams) -> Result<Base> {
    match (&params.epoch, params.base_rev, &params.patch) {
        (Some(epoch), Some(rev), _) => Ok(Base { epoch: epoch.clone(), rev }),
        // It finds its own place in the text as it is.
        (None, None, Some(_)) => Ok(shared.base()),
        _ => Err(Error::invalid_params("`epoch` and `baseRev` say which revision the edit was made for")),
    }
}

/// What an edit changes in the text that it was made for.
fn delta(before: &Rope, params: FileEditParams) -> Result<Delta> {
    let FileEditParams { edits, text, patch, unit, .. } = params;
    let edits = match (edits, text, patch) {
        (Some(edits), None, None) => {
            edits.into_iter().map(|edit| bytes_of(before, edit, unit)).collect::<Result<Vec<_>>>()?
        }
        (None, Some(text), None) => edits_between(&before.to_string(), &plain(text)),
        (None, None, Some(patch)) => patched(&before.to_string(), &plain(patch))?,
        _ => return Err(Error::invalid_params("an edit has either `edits`, or `text`, or a `patch`")),
    };
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    if before.byte_len().saturating_add(added) > TEXT_BYTES_MAX {
        let message = format!("a text that is edited here has at most {TEXT_BYTES_MAX} bytes");
        return Err(Error::too_large(message).with("limit", TEXT_BYTES_MAX));
    }
    Delta::of(before, edits).map_err(|error| Error::invalid_params(error.to_string()))
}

fn bytes_of(text: &Rope, edit: TextEdit, unit: TextUnit) -> Result<(Range<usize>, String)> {
    let TextEdit { from, to, text: inserted } = edit;
    let unit = match unit {
        TextUnit::Utf16 => Unit::Utf16,
        TextUnit::Utf8 => Unit::Utf8,
    };
    let number = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
    let byte = |place: TextPlace| {
        let meant = match place {
            TextPlace::Offset(offset) => Place::Offset(number(offset)),
            TextPlace::Line { line, character } => Place::Line(number(line), number(character)),
        };
        byte_of(text, meant, unit).ok_or_else(|| {
            let place = serde_json::to_string(&place).unwrap_or_default();
            Error::invalid_params(format!("{place} is no place between two characters of the text"))
        })
    };
    let begin = byte(from)?;
    let end = to.map_or(Ok(begin), byte)?;
    Ok((begin..end, plain(inserted)))
}

/// What a unified diff changes.
fn patched(text: &str, patch: &str) -> Result<Vec<(Range<usize>, String)>> {
    let patch = diffy::Patch::from_str(patch)
        .map_err(|error| Error::invalid_params(format!("`patch` is no unified diff of one file: {error}")))?;
    if patch.hunks().is_empty() {
        return Err(Error::invalid_params(
            "`patch` is no unified diff of one file: it has no part that begins with `@@`",
        ));
    }
    let changed = diffy::apply(text, &patch)
        .map_err(|error| Error::conflict(format!("the patch does not fit the text: {error}")))?;
    Ok(edits_between(text, &changed))
}
