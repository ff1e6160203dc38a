//! The index against a look at every file.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn texts(texts: &[&str]) -> Vec<Plan> {
    texts.iter().map(|text| Plan::Text(text.as_bytes().to_vec())).collect()
}

#[test]
fn files_are_found_by_what_is_in_them() {
    let mut index = Index::new(usize::MAX);
    index.update(0, b"Foo and bar");
    index.update(2, b"foo\0and bar");
    index.update(3, b"\xff\xfef\0o\0o\0");
    index.update(4, &[&b"bar"[..], &vec![b'.'; 100_000], b"foo"].concat());
    index.update(5, b"");
    index.update(70, b"nothing");
    let check = |plan: Plan, expect: &[u32]| assert_eq!(index.candidates(&plan), expect, "{plan:?}");
    check(Plan::Any, &[0, 3, 4, 5, 70]);
    check(Plan::Text(b"foo".to_vec()), &[0, 3, 4]);
    check(Plan::Text(b"nothing".to_vec()), &[3, 70]);
    check(Plan::Text(b"absent".to_vec()), &[3]);
    check(Plan::All(texts(&["foo", "bar"])), &[0, 3, 4]);
    check(Plan::All(texts(&["foo", "and"])), &[0, 3]);
    check(Plan::Either(texts(&["nothing", "and"])), &[0, 3, 70]);
    assert!(index.knows(5) && !index.knows(1) && !index.knows(1000));
}

#[test]
fn what_finds_no_room_is_searched() {
    const BYTES_MAX: usize = 1 << 20;
    let mut index = Index::new(BYTES_MAX);
    let content = vec![b'x'; 1 << 20];
    for file in 0..32 {
        index.update(file, &content);
    }
    let plan = Plan::Text(b"absent".to_vec());
    let searched = index.candidates(&plan);
    assert!(!searched.is_empty() && searched.len() < 32, "{searched:?}");
    assert!(index.bytes() <= BYTES_MAX, "{}", index.bytes());
    (0..32).for_each(|file| index.remove(file));
    index.update(7, &content);
    assert_eq!(index.candidates(&plan), Vec::<u32>::new());
}

#[test]
fn memory_is_given_back() {
    let mut index = Index::new(usize::MAX);
    let content: Vec<u8> = (0..=255).cycle().skip(1).filter(|byte| *byte > 0).take(1 << 20).collect();
    (0..100).for_each(|file| index.update(file, &content));
    let full = index.bytes();
    (0..100).for_each(|file| index.remove(file));
    assert!(full > 3 << 20 && index.bytes() < full / 4, "{full} and then {}", index.bytes());
}

#[derive(Clone, Debug)]
enum Step {
    Update(u32, usize, u8),
    Remove(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sizes = prop_oneof![3 => 0usize..300, 1 => 16_000usize..40_000];
    let step = prop_oneof![
        3 => (0u32..200, sizes, 0u8..12).prop_map(|(file, bytes, word)| Step::Update(file, bytes, word)),
        1 => (0u32..200).prop_map(Step::Remove),
    ];
    proptest::collection::vec(step, 0..600)
}

fn content(bytes: usize, word: u8) -> Vec<u8> {
    let filler = b"the quick brown fox ".iter().copied().cycle().take(bytes);
    filler.chain(format!("word{word}word").into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_is_missed_whatever_has_changed(steps in steps()) {
        let (mut index, mut files) = (Index::new(usize::MAX), BTreeMap::new());
        for step in steps {
            match step {
                Step::Update(file, bytes, word) => {
                    index.update(file, &content(bytes, word));
                    files.insert(file, word);
                }
                Step::Remove(file) => {
                    index.remove(file);
                    files.remove(&file);
                }
            }
        }
        for word in 0..12u8 {
            let expect: Vec<u32> = files.iter().filter(|(_, has)| **has == word).map(|(file, _)| *file).collect();
            let found = index.candidates(&Plan::Text(format!("word{word}word").into_bytes()));
            // The trigrams of so short a vocabulary tell these apart without a mistake.
            prop_assert_eq!(found, expect);
        }
    }
}
