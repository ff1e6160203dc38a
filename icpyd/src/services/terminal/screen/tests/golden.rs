//! Recorded sessions lead to the same as with other terminals, in whatever pieces they come.

use proptest::prelude::*;

use super::oracle::{Oracle, view_without_blinking};
use super::recorded::{Recording, Rewrite, SIZE, recordings};
use super::tmux::Tmux;
use super::view::{View, view};
use super::xterm;

/// How often each recording is looked at on the way.
const PLACES: usize = 12;

/// Margins do not hold its cursor.
pub(super) const ALACRITTY: &[Rewrite] = &[
    Rewrite {
        recording: "vttest-screen",
        from: "Soft scroll up region [12..13] size 2 Line 29\r\n\x1b[24A",
        to: "Soft scroll up region [12..13] size 2 Line 29\r\n\x1b[12d",
    },
    Rewrite {
        recording: "vttest-screen",
        from: "Jump scroll up region [12..13] size 2 Line 29\r\n\x1b[24A",
        to: "Jump scroll up region [12..13] size 2 Line 29\r\n\x1b[12d",
    },
];

/// Where the screen is erased while there are margins, it scrolls what is between them.
const XTERM_JS: &[Rewrite] = &[
    Rewrite { recording: "vttest-screen", from: "\x1b[?4h\x1b[12;13r\x1b[2J", to: "\x1b[?4h\x1b[r\x1b[2J\x1b[12;13r" },
    Rewrite { recording: "vttest-screen", from: "\x1b[?4l\x1b[12;13r\x1b[2J", to: "\x1b[?4l\x1b[r\x1b[2J\x1b[12;13r" },
    Rewrite { recording: "vttest-screen", from: "\x1b[2J\x1b[?6l", to: "\x1b[?6l\x1b[r\x1b[2J\x1b[23;24r" },
];

/// Feeds every recording in pieces, and compares with what it leads to as a whole.
fn check_pieces(lengths: &[usize]) {
    for recording in recordings() {
        let (whole, whole_effects) = recording.in_pieces(&[recording.bytes.len()]);
        let (pieces, effects) = recording.in_pieces(lengths);
        let difference = view(&pieces).difference(&view(&whole));
        assert_eq!(difference, None, "{} in pieces of {lengths:?}", recording.name);
        assert!(pieces.save() == whole.save(), "{} in pieces of {lengths:?}", recording.name);
        assert_eq!(effects, whole_effects, "{} in pieces of {lengths:?}", recording.name);
    }
}

#[test]
fn pieces_of_every_size_lead_to_one_state() {
    for length in [1, 2, 3, 7, 64, 4096] {
        check_pieces(&[length]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_pieces_lead_to_one_state(lengths in prop::collection::vec(1_usize..300, 50)) {
        check_pieces(&lengths);
    }
}

/// Fails with what `compare` finds to differ.
fn check_views(recordings: &[Recording], mut compare: impl FnMut(&Recording) -> Option<String>) {
    let problems: Vec<String> = recordings
        .iter()
        .filter_map(|recording| compare(recording).map(|difference| format!("{} {difference}", recording.name)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn recordings_are_shown_as_by_alacritty() {
    let rewritten: Vec<Recording> = recordings().into_iter().map(|it| it.rewritten(ALACRITTY)).collect();
    check_views(&rewritten, |recording| {
        let mut theirs = Oracle::new(SIZE);
        let mut begin = 0;
        recording.places(PLACES).find_map(|end| {
            theirs.feed(&recording.bytes[begin..end]);
            begin = end;
            let mut ours = view_without_blinking(&recording.screen(end));
            let mut theirs = theirs.view();
            excuse_no_british_set(&recording.name, &mut ours, &mut theirs);
            Some(format!("up to {end}: {}", ours.difference(&theirs)?))
        })
    });
}

/// What has no British character set shows `£` as `#`, which is not the `£` of DEC special graphics.
pub(super) fn excuse_no_british_set(recording: &str, ours: &mut View, theirs: &mut View) {
    if recording == "vttest-sets" {
        let cells = ours.cells_mut().chain(theirs.cells_mut());
        cells.filter(|cell| cell.text == "£").for_each(|cell| cell.text = "#".to_owned());
    }
}

#[test]
fn recordings_are_shown_as_by_xterm_js() {
    let rewritten: Vec<Recording> = recordings().into_iter().map(|it| it.rewritten(XTERM_JS)).collect();
    let job = |recording: &Recording| {
        let mut begin = 0;
        let new = xterm::Job::new(SIZE).keeps_erased(recording.name != "vttest-colors");
        recording.places(PLACES).fold(new, |job, end| {
            let piece = &recording.bytes[begin..end];
            begin = end;
            job.write(piece).view()
        })
    };
    let jobs: Vec<xterm::Job> = rewritten.iter().map(job).collect();
    let Some(all) = xterm::views(&jobs) else { return };
    let mut all = all.into_iter();
    check_views(&rewritten, |recording| {
        let views = all.next().unwrap();
        recording.places(PLACES).zip(views).find_map(|(end, mut theirs)| {
            let mut ours = view(&recording.screen(end)).limited_to(&theirs);
            for view in [&mut ours, &mut theirs] {
                excuse_xterm_js(&recording.name, view);
            }
            Some(format!("up to {end}: {}", ours.difference(&theirs)?))
        })
    });
}

/// What it does otherwise, and no other output avoids.
fn excuse_xterm_js(recording: &str, view: &mut View) {
    match recording {
        // It has `_` in DEC special graphics, where the VT100 has a blank.
        "vttest-sets" => view.cells_mut().filter(|cell| cell.text == "_").for_each(|cell| cell.text = " ".to_owned()),
        // Where it keeps what is erased, rows without text do not get the background.
        "vttest-colors" => view.history.clear(),
        _ => {}
    }
}

#[test]
fn recordings_are_shown_as_by_tmux() {
    let Some(tmux) = Tmux::start() else { return };
    // It has two character sets, and neither British nor locking shifts to the other two.
    let known: Vec<Recording> = recordings().into_iter().filter(|it| it.name != "vttest-sets").collect();
    check_views(&known, |recording| {
        recording.places(3).find_map(|place| {
            let end = recording.whole_place(place);
            let mut theirs = tmux.view(&recording.bytes[..end]);
            let mut ours = view_without_blinking(&recording.screen(end)).limited_to(&theirs);
            // It knows no links.
            ours.cells_mut().for_each(|cell| cell.link = None);
            // What is erased goes to its history in other cases as well, and without blank ends.
            if recording.name.starts_with("vttest") {
                ours.history.clear();
                theirs.history.clear();
            }
            // What it captures of a row ends with what was printed: cells behind that are erased, in a colour or not.
            for view in [&mut ours, &mut theirs] {
                view.trim_rows();
            }
            Some(format!("up to {end}: {}", ours.difference(&theirs)?))
        })
    });
}
