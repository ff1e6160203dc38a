//! The store through its own interface, on real files.

use std::sync::{Arc, Mutex};

use icpy_protocol::error::{Error, Kind};
use icpy_protocol::path::FilePath;

use super::workspaces::Which;
use super::*;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("state/icpy.db"));
    (folder, store)
}

async fn add(store: &Store, id: &'static str, root: &'static str) -> Result<()> {
    store.transact(move |connection| workspaces::insert(connection, id, id, &FilePath::from(root), 7), |()| ()).await
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let (folder, store) = store();
    add(&store, "w1", "/a").await.unwrap();
    add(&store, "w2", "/b").await.unwrap();
    store.close().await;
    let again = Store::new(folder.path().join("state/icpy.db"));
    let workspaces = again.transact(|connection| workspaces::list(connection, Which::Open), |it| it).await.unwrap();
    let ids: Vec<&str> = workspaces.iter().map(|it| it.workspace_id.as_str()).collect();
    assert_eq!(ids, ["w2", "w1"]);
    assert!(workspaces[0].is_active && !workspaces[1].is_active);
    again.close().await;
}

#[tokio::test]
async fn a_failed_piece_undoes_its_own_changes_only() {
    let (_folder, store) = store();
    let failed = store
        .transact(
            |connection| {
                workspaces::insert(connection, "bad", "bad", &FilePath::from("/bad"), 1)?;
                Err::<(), _>(Error::conflict("no"))
            },
            |()| (),
        )
        .await;
    assert_eq!(failed.unwrap_err().kind(), Kind::Conflict);
    add(&store, "good", "/good").await.unwrap();
    let ids: Vec<String> = store
        .transact(
            |connection| workspaces::list(connection, Which::Open),
            |it| it.into_iter().map(|it| it.workspace_id).collect(),
        )
        .await
        .unwrap();
    assert_eq!(ids, ["good"]);
    store.close().await;
}

#[tokio::test]
async fn everyone_is_told_why_the_file_cannot_be_opened() {
    let (folder, store) = store();
    std::fs::create_dir(folder.path().join("state")).unwrap();
    std::fs::write(folder.path().join("state/icpy.db"), "not a database".repeat(100)).unwrap();
    for _ in 0..50 {
        let pieces = (0..20).map(|_| add(&store, "w", "/a"));
        for outcome in futures_util::future::join_all(pieces).await {
            assert!(outcome.unwrap_err().message().contains("damaged"));
        }
    }
    store.close().await;
}

#[tokio::test]
async fn a_piece_that_panics_fails_alone() {
    let (_folder, store) = store();
    let panics = store.transact(|_| -> Result<()> { panic!("a fault") }, |()| ());
    let (failed, added) = tokio::join!(panics, add(&store, "good", "/good"));
    assert_eq!(failed.unwrap_err().kind(), Kind::Internal);
    added.unwrap();
    store.close().await;
}

#[test]
fn a_lost_transaction_takes_all_of_its_changes() {
    let folder = tempfile::tempdir().unwrap();
    let connection = schema::open(&folder.path().join("icpy.db")).unwrap();
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let piece = |change: fn(&Connection) -> Result<()>| -> Work {
        let outcomes = Arc::clone(&outcomes);
        Box::new(move |connection| {
            let outcome = connection.and_then(|connection| in_savepoint(connection, change));
            Box::new(move |committed| outcomes.lock().unwrap().push(outcome.and(committed)))
        })
    };
    let insert = |connection: &Connection| workspaces::insert(connection, "w", "w", &FilePath::from("/w"), 1);
    // What SQLite does by itself when the disk is full.
    let lose = |connection: &Connection| connection.execute_batch("ROLLBACK").map_err(stored);
    run_batch(&connection, vec![piece(insert), piece(lose), piece(insert)]);
    assert!(outcomes.lock().unwrap().drain(..).all(|outcome| outcome.is_err()), "none of them is stored");
    run_batch(
        &connection,
        vec![piece(|connection| workspaces::list(connection, Which::All).map(|list| assert!(list.is_empty())))],
    );
    run_batch(&connection, vec![piece(insert)]);
    assert!(outcomes.lock().unwrap().drain(..).all(|outcome| outcome.is_ok()));
}

#[tokio::test]
async fn after_commit_runs_in_the_order_of_commits() {
    let (_folder, store) = store();
    let order = Arc::new(Mutex::new(Vec::new()));
    let pieces = (0..100).map(|number| {
        let order = Arc::clone(&order);
        store.transact(move |_| Ok(number), move |number| order.lock().unwrap().push(number))
    });
    for outcome in futures_util::future::join_all(pieces).await {
        outcome.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    store.close().await;
}

#[tokio::test]
async fn a_file_that_is_no_store_is_named_and_left_alone() {
    let (folder, store) = store();
    let path = folder.path().join("state/icpy.db");
    std::fs::create_dir(folder.path().join("state")).unwrap();
    std::fs::write(&path, "not a database at all, but something a person wrote".repeat(50)).unwrap();
    let error = add(&store, "w", "/a").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains("icpy.db") && error.message().contains("damaged"), "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a database"));
    // The next piece of work tries again.
    std::fs::remove_file(&path).unwrap();
    add(&store, "w", "/a").await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() {
    let (folder, store) = store();
    add(&store, "w", "/a").await.unwrap();
    store.close().await;
    let path = folder.path().join("state/icpy.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let error = add(&store, "v", "/b").await.unwrap_err();
    assert!(error.message().contains("newer icpyd"), "{error}");
    store.close().await;
}

#[tokio::test]
async fn two_stores_do_not_share_a_file() {
    let (folder, store) = store();
    add(&store, "w", "/a").await.unwrap();
    let second = Store::new(folder.path().join("state/icpy.db"));
    assert_eq!(add(&second, "v", "/b").await.unwrap_err().kind(), Kind::Unavailable);
    store.close().await;
    second.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn an_open_file_is_found_by_any_path() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    use icpy_protocol::file::OpenFile;

    let (_folder, store) = store();
    add(&store, "w", "/a").await.unwrap();
    let strange = std::ffi::OsStr::from_bytes(b"/a/\xff.py");
    for (id, path) in [("1", Path::new("/a/plain \"quoted\".py")), ("2", Path::new(strange)), ("3", Path::new("/a/{}"))]
    {
        let path = FilePath::from(path);
        let file = OpenFile {
            file_id: id.into(),
            workspace_id: "w".into(),
            path: path.clone(),
            opened_at_ms: 1,
            purpose: None,
        };
        let insert = file.clone();
        store.transact(move |connection| workspaces::put_open_file(connection, &insert), |()| ()).await.unwrap();
        let found = store
            .transact(move |connection| workspaces::find_open_file(connection, "w", &path), |it| it)
            .await
            .unwrap();
        assert_eq!(found, Some(file));
    }
    store.close().await;
}

#[tokio::test]
async fn a_store_of_an_older_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("icpy.db");
    // As it was before workspaces could be closed.
    schema::open_at(&path, 6);
    let insert = "INSERT INTO workspace VALUES ('w1', 'a', '\"/a\"', 1, 1, 1)";
    Connection::open(&path).unwrap().execute_batch(insert).unwrap();
    let again = Store::new(path);
    let workspaces = again.transact(|connection| workspaces::list(connection, Which::Open), |it| it).await.unwrap();
    assert_eq!((workspaces[0].workspace_id.as_str(), workspaces[0].closed_at_ms), ("w1", None));
    let user = preferences::Whose::User(accounts::OWNER.to_owned());
    let asked = user.clone();
    again.transact(move |connection| user.put(connection, "x.a", 1.into(), 7), |set| set).await.unwrap();
    let kept = again.transact(move |connection| asked.list(connection), |kept| kept).await.unwrap();
    assert_eq!((kept.len(), &kept[0].value), (1, &1.into()));
    again.close().await;
}

#[tokio::test]
async fn texts_of_an_older_version_keep_their_revisions() {
    let folder = tempfile::tempdir().unwrap();
    let store_path = folder.path().join("icpy.db");
    schema::open_at(&store_path, 8);
    let old = Connection::open(&store_path).unwrap();
    let disk = r#"{"version":null,"text":"","charset":"UTF-8","hasBom":false,"conflicts":[]}"#;
    old.execute("INSERT INTO text VALUES ('\"/a\"', 'e', '[]', 1, 'one', ?1, NULL, NULL, 2)", [disk]).unwrap();
    old.execute_batch(
        "INSERT INTO text_revision VALUES ('\"/a\"', 2, 7, 'two');
         INSERT INTO text_save VALUES ('\"/a\"', 1, 6, 'xxh3:0');",
    )
    .unwrap();
    drop(old);
    let (path, again) = (FilePath::from("/a"), Store::new(store_path));
    let (kept, revisions, saves, after) = again
        .transact(
            move |connection| {
                let (kept, revisions) = texts::get(connection, &path)?.expect("the text");
                let saves = texts::saves(connection, &path, 0..=9)?;
                texts::remove(connection, &path)?;
                Ok((kept, revisions, saves, texts::back_from(connection, &path, 9, 9)?))
            },
            |it| it,
        )
        .await
        .unwrap();
    assert_eq!(
        (kept.rev, kept.saving_rev, &*kept.snapshot, kept.disk.charset),
        (1, Some(2), "one", "UTF-8".to_owned())
    );
    assert_eq!((revisions.len(), revisions[0].rev, saves.len(), saves[0].saved_at_ms), (1, 2, 1, 6));
    assert!(after.is_empty(), "revisions go with their text");
    again.close().await;
}
