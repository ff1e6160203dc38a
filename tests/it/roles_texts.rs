//! Texts and open files of who is limited to some workspaces or paths.

use icpy_protocol::auth::{AuthCreateTokenParams, AuthRole, AuthScope};
use icpy_tests::Web;
use serde_json::{Value, json};

use crate::roles::{Shared, kind};

#[test]
fn a_text_is_read_and_edited_by_who_may_read_and_write_the_file() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let viewer = shared.user("vic", &one, AuthRole::Viewer).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        let scopes = vec![AuthScope::Read, AuthScope::Write];
        let paths = vec!["src/**".to_owned()];
        let workspace_id = Some(one.clone());
        let limited = AuthCreateTokenParams { name: "src".into(), scopes, workspace_id, paths, ..Default::default() };
        let limited = Web::token_of(shared.daemon.client().await, limited).await;
        let client = shared.daemon.client().await;
        for file in ["one/a.txt", "one/src/b.txt", "two/a.txt"] {
            client.request("file:open", shared.file(file).to_string(), false).await.unwrap();
        }
        let mut heard = web.socket_of(&viewer).await;
        heard.call("session:subscribe", json!({ "patterns": ["file:changed"] })).await;
        for (token, file, may_read, may_write) in [
            (&viewer, "one/a.txt", true, false),
            (&editor, "one/a.txt", true, true),
            (&editor, "two/a.txt", false, false),
            (&limited, "one/a.txt", false, false),
            (&limited, "one/src/b.txt", true, true),
        ] {
            let read = web.call(token, "file:get_text", shared.file(file)).await;
            assert_eq!(kind(&read) == "none", may_read, "{file}: {read}");
            let now = client.request("file:get_text", shared.file(file).to_string(), false).await.unwrap();
            let now: Value = serde_json::from_str(&now).unwrap();
            let mut edit = shared.file(file);
            (edit["epoch"], edit["baseRev"]) = (now["revision"]["epoch"].clone(), now["revision"]["rev"].clone());
            // Text that looks like a path of somebody else's is text.
            edit["edits"] = json!([{ "from": 0, "text": "/two/a.txt" }]);
            let edited = web.call(token, "file:edit", edit).await;
            assert_eq!(kind(&edited) == "none", may_write, "{file}: {edited}");
        }
        for file in ["a.txt", "b.txt"] {
            let event = heard.next().await;
            assert!(event["params"]["path"].as_str().unwrap().ends_with(file), "{event}");
            assert_eq!(event["params"]["edits"][0]["text"], "/two/a.txt");
        }
    });
}

#[test]
fn a_file_that_two_workspaces_have_is_that_of_the_one_that_a_caller_may_use() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let (one, two) = (shared.workspace("one").await, shared.workspace("two").await);
        let web = Web::start(&shared.daemon).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        let client = shared.daemon.client().await;
        for (file, order) in [("one/a.txt", [&two, &one]), ("one/src/b.txt", [&one, &two])] {
            for workspace in order {
                let mut open = shared.file(file);
                open["workspaceId"] = json!(workspace);
                client.request("file:open", open.to_string(), false).await.unwrap();
            }
            // Her own is shared after the other, or before it.
            for _ in 0..4 {
                let text = web.call(&editor, "file:get_text", shared.file(file)).await;
                assert_eq!(kind(&text), "none", "{text}");
                client.request("file:get_text", shared.file(file).to_string(), false).await.unwrap();
            }
            let closed = web.call(&editor, "file:close", shared.file(file)).await;
            assert_eq!(closed["result"]["workspaceId"], json!(one), "{closed}");
            let closed = web.call(&editor, "file:close", shared.file(file)).await;
            assert_eq!(kind(&closed), "not_found", "{closed}");
        }
    });
}

#[test]
fn a_text_without_a_file_is_closed_by_nobody_who_may_not() {
    let shared = Shared::new();
    shared.daemon.run(async {
        let one = shared.workspace("one").await;
        let web = Web::start(&shared.daemon).await;
        let viewer = shared.user("vic", &one, AuthRole::Viewer).await;
        let editor = shared.user("eve", &one, AuthRole::Editor).await;
        let file = web.call(&editor, "file:create_untitled", json!({ "workspaceId": one })).await["result"].clone();
        let mut of = json!({ "fileId": file["fileId"] });
        let now = web.call(&editor, "file:get_text", of.clone()).await["result"]["revision"].clone();
        let typed = json!({ "fileId": file["fileId"], "epoch": now["epoch"], "baseRev": now["rev"], "text": "typed" });
        assert_eq!(kind(&web.call(&editor, "file:edit", typed).await), "none");
        for discard in [false, true] {
            of["discard"] = json!(discard);
            assert_eq!(kind(&web.call(&viewer, "file:close", of.clone()).await), "permission_denied");
        }
        of["discard"] = json!(false);
        assert_eq!(kind(&web.call(&editor, "file:close", of.clone()).await), "conflict");
        of["discard"] = json!(true);
        assert_eq!(kind(&web.call(&editor, "file:close", of).await), "none");
    });
}
