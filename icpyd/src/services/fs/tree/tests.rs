//! Trees against what they must be.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Something done to a tree, by places that are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Insert(usize, String, bool),
    Remove(usize),
    Rename(usize, usize, String),
}

fn act() -> impl Strategy<Value = Act> {
    let name = "[.a-d][a-d]";
    prop_oneof![
        3 => (any::<usize>(), name, any::<bool>()).prop_map(|(folder, name, is_folder)| Act::Insert(folder, name, is_folder)),
        1 => any::<usize>().prop_map(Act::Remove),
        1 => (any::<usize>(), any::<usize>(), name).prop_map(|(node, folder, name)| Act::Rename(node, folder, name)),
    ]
}

/// All nodes by their paths, as the tree has them.
fn content(tree: &Tree) -> BTreeMap<PathBuf, NodeId> {
    let mut all = BTreeMap::new();
    tree.walk(ROOT, &mut |node| {
        assert_eq!(tree.below(node), Path::new(tree.text(node)));
        all.insert(tree.below(node), node);
        true
    });
    all
}

fn folders(tree: &Tree, model: &BTreeMap<PathBuf, bool>) -> Vec<PathBuf> {
    let folders = model.iter().filter(|(_, is_folder)| **is_folder).map(|(path, _)| path.clone());
    let folders: Vec<_> = [PathBuf::new()].into_iter().chain(folders).collect();
    assert!(folders.iter().all(|folder| tree.find(folder).is_some()));
    folders
}

/// Does the same to a tree and to a map from paths to whether they are folders.
fn apply(tree: &mut Tree, model: &mut BTreeMap<PathBuf, bool>, act: Act) {
    let folders = folders(tree, model);
    let nth = |place: usize| model.keys().nth(place % model.len().max(1)).cloned();
    match act {
        Act::Insert(folder, name, is_folder) => {
            let path = folders[folder % folders.len()].join(&name);
            if tree.find(&path).is_none() {
                let parent = tree.find(path.parent().unwrap()).unwrap();
                let kind = if is_folder { NodeKind::Folder } else { NodeKind::File };
                tree.insert(parent, OsStr::new(&name), kind).unwrap();
                model.insert(path, is_folder);
            }
        }
        Act::Remove(place) => {
            let Some(path) = nth(place) else { return };
            let mut gone = 0;
            tree.remove(tree.find(&path).unwrap(), &mut |_, _, _| gone += 1);
            let before = model.len();
            model.retain(|other, _| !other.starts_with(&path));
            assert_eq!(before - model.len(), gone);
        }
        Act::Rename(place, folder, name) => {
            let Some(path) = nth(place) else { return };
            let folder = &folders[folder % folders.len()];
            let to = folder.join(&name);
            if folder.starts_with(&path) || model.contains_key(&to) {
                return;
            }
            assert!(tree.rename(tree.find(&path).unwrap(), tree.find(folder).unwrap(), OsStr::new(&name)));
            let moved = std::mem::take(model).into_iter().map(|(other, is_folder)| match other.strip_prefix(&path) {
                Ok(rest) if rest == Path::new("") => (to.clone(), is_folder),
                Ok(rest) => (to.join(rest), is_folder),
                Err(_) => (other, is_folder),
            });
            *model = moved.collect();
        }
    }
}

proptest! {
    #[test]
    fn a_tree_is_what_was_done_to_it(acts in prop::collection::vec(act(), 0..120)) {
        let mut tree = Tree::new("/root".into());
        let mut model = BTreeMap::new();
        for act in acts {
            apply(&mut tree, &mut model, act);
            let content = content(&tree);
            prop_assert_eq!(content.keys().collect::<Vec<_>>(), model.keys().collect::<Vec<_>>());
            for (path, node) in content {
                prop_assert_eq!(tree.kind(node) == Some(NodeKind::Folder), model[&path]);
                prop_assert_eq!(tree.find(&path), Some(node));
                let is_hidden = path.iter().any(|name| name.as_encoded_bytes().starts_with(b"."));
                prop_assert_eq!(tree.is_hidden(node), is_hidden);
            }
            prop_assert_eq!(tree.files(), model.values().filter(|is_folder| !**is_folder).count());
            prop_assert_eq!(tree.each_file().count(), tree.files());
            // From anywhere on, also from behind what is not there.
            for after in model.keys().step_by(7).cloned().chain(["b/bb".into(), "c".into()]) {
                let mut behind = Vec::new();
                tree.walk_after(ROOT, &after, &mut |node| {
                    behind.push(tree.below(node));
                    true
                });
                prop_assert!(behind.iter().eq(model.keys().filter(|path| **path > after)));
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_unicode_are_kept() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut tree = Tree::new("/root".into());
    let odd = OsStr::from_bytes(b"caf\xe9");
    let folder = tree.insert(ROOT, odd, NodeKind::Folder).unwrap();
    let file = tree.insert(folder, OsStr::new("a"), NodeKind::File).unwrap();
    assert_eq!(tree.path(file), Path::new("/root").join(odd).join("a"));
    assert_eq!(tree.text(file), "caf\u{fffd}/a");
    assert!(tree.rename(folder, ROOT, OsStr::new("b")));
    assert_eq!(tree.below(file), Path::new("b/a"));
    assert_eq!(tree.child(ROOT, odd), None);
}

#[test]
fn what_belongs_to_nothing_is_thrown_away() {
    let mut tree = Tree::new("/root".into());
    let kept = tree.insert(ROOT, OsStr::new("kept"), NodeKind::File).unwrap();
    for round in 0..5000 {
        let node = tree.insert(ROOT, OsStr::new(&format!("a name of some length {round}")), NodeKind::File).unwrap();
        tree.remove(node, &mut |_, _, _| {});
    }
    assert_eq!(tree.text(kept), "kept");
    assert!(tree.text.len() < 1 << 18, "{}", tree.text.len());
    assert!(tree.nodes.len() < 10);
}
