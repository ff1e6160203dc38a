//! Keeping what was done, and telling about it.

use icpy_protocol::error::Result;
use icpy_protocol::fs::{
    FsListOperationsParams, FsListOperationsResult, FsOperation, FsOperationDone, FsOperationItem, FsOperationKind,
    OPERATION_DONE, OPERATION_UNDONE,
};

use super::job::Done;
use super::may_use;
use super::step::Step;
use crate::caller::{Caller, LONG_RESULT_BYTES, Principal};
use crate::services::Services;
use crate::services::fs::place::Use;
use crate::store::operations;

/// Things that an operation names.
const ITEMS_SHOWN_MAX: usize = 100;

/// Keeps an operation, and tells about it. Returns its id; none where nothing was done, or it cannot be kept: it is done all
/// the same.
pub(super) async fn keep(services: &Services, caller: &Caller, kind: FsOperationKind, done: Done) -> Option<String> {
    let Done { steps, is_whole } = done;
    if steps.is_empty() {
        return None;
    }
    let by = caller.session().to_owned();
    let mut operation = FsOperation {
        operation_id: services.host.new_id(),
        kind,
        items: items(&steps).take(ITEMS_SHOWN_MAX).collect(),
        item_count: items(&steps).count() as u64,
        session: by.clone(),
        pid: pid(caller),
        done_at_ms: 0,
        can_undo: is_whole && steps.iter().all(Step::can_undo),
        undone_at_ms: None,
    };
    let id = operation.operation_id.clone();
    let kept = services.journal.commit_by(caller, move |connection, changes| {
        operation.done_at_ms = changes.now_ms;
        operations::add(connection, &operation, &write(&steps))?;
        changes.publish(&OPERATION_DONE, &FsOperationDone { operation, by });
        Ok(())
    });
    match kept.await {
        Ok(_) => Some(id),
        Err(error) => {
            tracing::error!(%error, "an operation cannot be kept, nor undone");
            None
        }
    }
}

/// Keeps what is left to be undone of an operation, or that it is undone. Returns it as it is now.
pub(super) async fn put_back(
    services: &Services,
    caller: &Caller,
    mut operation: FsOperation,
    steps: Vec<Step>,
    is_undone: bool,
) -> Result<FsOperation> {
    let by = caller.session().to_owned();
    let put = services.journal.commit_by(caller, move |connection, changes| {
        if is_undone {
            operation.can_undo = false;
            operation.undone_at_ms = Some(changes.now_ms);
            changes.publish(&OPERATION_UNDONE, &FsOperationDone { operation: operation.clone(), by });
        }
        operations::put(connection, &operation, &write(&steps))?;
        Ok(operation)
    });
    Ok(put.await?.value)
}

/// The operation with this id, or the caller's last one, with its steps.
pub(super) async fn find(services: &Services, caller: &Caller, id: Option<String>) -> Result<(FsOperation, Vec<Step>)> {
    let session = caller.session().to_owned();
    let found = services.journal.commit(move |connection, _| match id {
        Some(id) => operations::get(connection, &id),
        None => operations::last_of(connection, &session),
    });
    let (operation, steps) = found.await?.value;
    Ok((operation, read(&steps)))
}

/// The operations that a caller may see.
pub(in super::super) async fn list(
    services: &Services,
    caller: &Caller,
    params: FsListOperationsParams,
) -> Result<FsListOperationsResult> {
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    let is_confined = caller.confinement().is_some();
    let kept = services.journal.commit(move |connection, _| operations::list(connection, is_confined)).await?.value;
    let limit = params.limit.map_or(usize::MAX, |limit| limit as usize);
    let is_seen = |steps: &str| !is_confined || is_inside(caller, &read(steps));
    let seen = kept.into_iter().filter(|(_, steps)| is_seen(steps)).map(|(operation, _)| operation);
    Ok(FsListOperationsResult { operations: seen.take(limit).collect() })
}

/// Whether all that an operation has changed is where a caller may look.
fn is_inside(caller: &Caller, steps: &[Step]) -> bool {
    let sees = |item: &FsOperationItem| {
        let mut paths = [Some(&item.path), item.from.as_ref()].into_iter().flatten();
        paths.all(|path| may_use(caller, path.as_path(), Use::Look))
    };
    steps.iter().all(|step| sees(&step.item()))
}

/// What replaces something is one item, although it is two steps.
fn items(steps: &[Step]) -> impl Iterator<Item = FsOperationItem> {
    let is_followed = |place: usize| {
        matches!(steps[place], Step::Trashed { .. } | Step::Removed { .. })
            && steps.get(place + 1).is_some_and(|next| next.item().path == steps[place].item().path)
    };
    steps.iter().enumerate().filter(move |(place, _)| !is_followed(*place)).map(|(_, step)| step.item())
}

fn pid(caller: &Caller) -> Option<u32> {
    match caller.principal() {
        Principal::Peer { pid, .. } => *pid,
        Principal::Daemon | Principal::Remote { .. } => None,
    }
}

fn write(steps: &[Step]) -> String {
    serde_json::to_string(steps).expect("steps have string keys")
}

/// Steps of a version of this program that knew others cannot be reversed.
fn read(steps: &str) -> Vec<Step> {
    serde_json::from_str(steps).unwrap_or_default()
}
