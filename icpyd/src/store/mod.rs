//! Durable state in SQLite: one file, one thread that owns it, many changes in one transaction.
//!
//! The thread takes all work that waits, runs it in one transaction, each piece in a savepoint of its own, and commits
//! once. Who waits for a piece is told after the commit: what was answered survives `kill -9`. The file is opened by the
//! first piece of work, so that a daemon that stores nothing starts without it.

pub mod accounts;
mod column;
mod error;
pub mod events;
pub mod operations;
pub mod preferences;
pub mod recent_files;
pub mod records;
mod schema;
pub mod texts;
pub mod workspaces;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::{mpsc, oneshot};

pub use error::stored;

/// Work that may wait for the thread. More waits in the tasks that bring it.
const WAITING_MAX: usize = 256;

/// Pieces of work in one transaction.
const BATCH_MAX: usize = 256;

/// A handle to the store.
pub struct Store {
    path: PathBuf,
    tidy: Tidy,
    writer: Mutex<Option<Writer>>,
}

/// What is done with the file when it was opened.
type Tidy = Arc<dyn Fn(&Connection) -> Result<()> + Send + Sync>;

#[derive(Debug)]
struct Writer {
    work: mpsc::Sender<Work>,
    thread: JoinHandle<()>,
}

/// One piece of work. It runs in the transaction and returns what is to be done when that has ended.
type Work = Box<dyn FnOnce(Result<&Connection>) -> AfterCommit + Send>;
type AfterCommit = Box<dyn FnOnce(Result<()>) + Send>;

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// The store in this file, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self::tidied(path, |_| Ok(()))
    }

    /// The same, with something to be done whenever the file was opened. Where that fails the store is as good as before.
    pub fn tidied(path: PathBuf, tidy: impl Fn(&Connection) -> Result<()> + Send + Sync + 'static) -> Self {
        Self { path, tidy: Arc::new(tidy), writer: Mutex::new(None) }
    }

    /// Runs `work` in a transaction, and `after_commit` on its value on the store's thread, in the order of commits.
    /// The answer comes when both are done; an error of `work` undoes what it changed.
    pub async fn transact<T, U>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
        after_commit: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let piece = move |connection: Result<&Connection>| -> AfterCommit {
            let outcome = connection.and_then(|connection| in_savepoint(connection, work));
            Box::new(move |committed| {
                // Nobody waits any more when the request was cancelled: the change stands all the same.
                let _ = tell.send(outcome.and_then(|value| committed.map(|()| after_commit(value))));
            })
        };
        let mut work: Work = Box::new(piece);
        // A thread that could not open the file takes no more; the next one tries again.
        while let Err(SendError(unsent)) = self.queue()?.send(work).await {
            work = unsent;
        }
        told.await.map_err(|_| ended())?
    }

    /// Ends the thread after the work that waits, and closes the file.
    pub async fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Writer { work, thread }) = writer {
            drop(work);
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the store's thread ended badly");
            }
        }
    }

    fn queue(&self) -> Result<mpsc::Sender<Work>> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Writer { work, .. }) = writer.as_ref().filter(|writer| !writer.work.is_closed()) {
            return Ok(work.clone());
        }
        let (work, queue) = mpsc::channel(WAITING_MAX);
        let (path, tidy) = (self.path.clone(), Arc::clone(&self.tidy));
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(&path, &tidy, queue))
            .map_err(|error| Error::unavailable(format!("cannot start the store's thread: {error}")))?;
        *writer = Some(Writer { work: work.clone(), thread });
        Ok(work)
    }
}

fn ended() -> Error {
    Error::unavailable("the store is closed")
}

/// Runs a piece of work so that its failure undoes what it changed, and nothing else.
fn in_savepoint<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    execute(connection, "SAVEPOINT piece")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|_| {
        // The panic itself is in the log.
        Err(Error::internal("a change failed inside the daemon; its log says more"))
    });
    if outcome.is_err() {
        execute(connection, "ROLLBACK TO piece")?;
    }
    execute(connection, "RELEASE piece")?;
    outcome
}

fn execute(connection: &Connection, statement: &str) -> Result<()> {
    connection.prepare_cached(statement).and_then(|mut it| it.execute([])).map(drop).map_err(stored)
}

/// The thread. When the file cannot be opened all that waits is told why, and the next piece of work tries again.
fn run(path: &Path, tidy: &Tidy, mut queue: mpsc::Receiver<Work>) {
    let Some(first) = queue.blocking_recv() else { return };
    let connection = schema::open(path);
    match connection.as_ref().map(|connection| tidy(connection)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the store cannot be tidied up"),
        Err(error) => {
            tracing::error!(%error, "the store cannot be opened");
            queue.close();
        }
    }
    let mut next = Some(first);
    while let Some(first) = next.take().or_else(|| queue.blocking_recv()) {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        match &connection {
            Ok(connection) => run_batch(connection, batch),
            Err(error) => {
                for work in batch {
                    work(Err(error.clone()))(Err(error.clone()));
                }
            }
        }
    }
}

fn run_batch(connection: &Connection, batch: Vec<Work>) {
    let begun = execute(connection, "BEGIN");
    // A full disk makes SQLite undo the whole transaction: what ran then would be stored at once and by itself.
    let inside = || match connection.is_autocommit() {
        true => Err(Error::unavailable("an earlier change could not be stored, and took this one with it")),
        false => Ok(connection),
    };
    let run = |work: Work| work(begun.clone().and_then(|()| inside()));
    let finish: Vec<AfterCommit> = batch.into_iter().map(run).collect();
    let committed = begun.and_then(|()| execute(connection, "COMMIT"));
    if let Err(error) = &committed {
        tracing::error!(%error, "a change could not be stored");
        // A failed commit may leave the transaction open; without one this fails, which is as well.
        let _ = execute(connection, "ROLLBACK");
    }
    for finish in finish {
        finish(committed.clone());
    }
}

#[cfg(test)]
mod tests;
