//! Whoever attaches to a session is shown what a terminal shows that was there all along, in any size and at any time.

use icpy_protocol::terminal::TerminalSize;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{Effect, Format, Part, Screen};
use super::golden::{ALACRITTY, excuse_no_british_set};
use super::oracle::{Oracle, view_without_blinking};
use super::recorded::{Recording, SIZE, recordings};
use super::reference::rounds;
use super::view::{View, feed, screen, size, view};
use super::xterm;

const SIZES: [(u16, u16); 5] = [(80, 24), (40, 10), (132, 50), (200, 60), (20, 5)];

/// Attaching is tried at so many places of each recording.
const PLACES: usize = 3;

/// What a terminal of another size is attached to.
struct Attached {
    name: String,
    ours: Screen,
}

fn attached() -> Vec<Attached> {
    let mut all = Vec::new();
    for recording in recordings() {
        for (end, (columns, rows)) in recording.places(PLACES).flat_map(|end| SIZES.map(|size| (end, size))) {
            let mut ours = recording.screen(end);
            ours.resize(size(columns, rows));
            all.push(Attached { name: format!("{} up to {end} in {columns} x {rows}", recording.name), ours });
        }
    }
    all
}

/// A terminal of ours that is given a snapshot, which must ask nothing.
pub(super) fn copy(ours: &Screen) -> Screen {
    let mut copy = screen(ours.size());
    let effects = feed(&mut copy, ours.snapshot(usize::MAX, None));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Answer(_))), "a snapshot asks nothing");
    copy
}

/// What is seen but for the history. Its lines stay as they were laid out, and each viewer lays them out anew.
fn laid_out(screen: &Screen) -> View {
    View { history: Vec::new(), ..view(screen) }
}

#[test]
fn a_terminal_of_any_size_is_shown_the_same() {
    for Attached { name, ours } in attached() {
        let copy = copy(&ours);
        assert_eq!(copy.render(Part::Both, Format::Text), ours.render(Part::Both, Format::Text), "{name}");
        let seen = if ours.size() == SIZE { view } else { laid_out };
        assert_eq!(seen(&copy).difference(&seen(&ours)), None, "{name}");
        let mut theirs = Oracle::new(ours.size());
        theirs.feed(&ours.snapshot(usize::MAX, None));
        assert_eq!(theirs.view().difference(&view_without_blinking(&copy)), None, "alacritty: {name}");
    }
}

#[test]
fn xterm_js_of_any_size_is_shown_the_same() {
    let all = attached();
    let job = |it: &Attached| xterm::Job::new(it.ours.size()).write(&it.ours.snapshot(usize::MAX, None)).view();
    let jobs: Vec<xterm::Job> = all.iter().map(job).collect();
    let Some(views) = xterm::views(&jobs) else { return };
    for (Attached { name, ours }, views) in all.iter().zip(views) {
        assert_eq!(views[0].difference(&view(&copy(ours)).limited_to(&views[0])), None, "{name}");
    }
}

/// What happens on the way to a place of a recording, and behind it.
#[derive(Clone, Debug)]
struct Way {
    recording: Index,
    cut: Index,
    resizes_before: Vec<(Index, TerminalSize)>,
    resizes_after: Vec<(Index, TerminalSize)>,
}

fn ways() -> impl Strategy<Value = Way> {
    let resize = || (any::<Index>(), (2_u16..140, 1_u16..50).prop_map(|(columns, rows)| size(columns, rows)));
    let resizes = || prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(resize(), 1..4)];
    (any::<Index>(), any::<Index>(), resizes(), resizes()).prop_map(
        |(recording, cut, resizes_before, resizes_after)| Way { recording, cut, resizes_before, resizes_after },
    )
}

/// Feeds `bytes`, and changes the size in between.
fn feed_resized(screen: &mut Screen, bytes: &[u8], resizes: &[(Index, TerminalSize)]) {
    let mut places: Vec<_> = resizes.iter().map(|(place, size)| (place.index(bytes.len() + 1), *size)).collect();
    places.sort_by_key(|(place, _)| *place);
    let mut begin = 0;
    for (place, size) in places {
        feed(screen, &bytes[begin..place]);
        screen.resize(size);
        begin = place;
    }
    feed(screen, &bytes[begin..]);
}

fn check_way(recordings: &[Recording], way: &Way) -> Result<(), TestCaseError> {
    let recording = way.recording.get(recordings);
    let cut = way.cut.index(recording.bytes.len() + 1);
    let (before, after) = recording.bytes.split_at(cut);
    let mut ours = screen(SIZE);
    feed_resized(&mut ours, before, &way.resizes_before);
    // No sequence says that the last row goes on.
    let terminal = &ours.terminal;
    let goes_on =
        [&terminal.grid, &terminal.hidden].iter().any(|grid| grid.rows.back().is_some_and(|it| it.is_wrapped));

    let mut kept = Screen::restore(&ours.save()).expect("what was saved");
    prop_assert!(kept.save() == ours.save(), "{} cut at {cut}: saved otherwise", recording.name);
    let mut viewers = if goes_on { vec![] } else { vec![copy(&ours)] };
    let mut theirs = (!goes_on).then(|| Oracle::new(ours.size()));
    if let Some(theirs) = &mut theirs {
        theirs.feed(&ours.snapshot(usize::MAX, None));
        let difference = theirs.view().difference(&view_without_blinking(&viewers[0]));
        prop_assert!(difference.is_none(), "alacritty: {} cut at {cut}: {}", recording.name, difference.unwrap());
        theirs.feed(after);
    }
    // A program that does not know of another size, now or before, writes where it did not mean to, and so meets alacritty's
    // faults at margins and ends of rows: it deletes what is before the cursor, or keeps what is erased in the second row.
    theirs = theirs.filter(|_| way.resizes_before.is_empty() && way.resizes_after.is_empty());
    for screen in [&mut ours, &mut kept].into_iter().chain(&mut viewers) {
        feed_resized(screen, after, &way.resizes_after);
    }
    prop_assert!(kept.save() == ours.save(), "{} cut at {cut}: goes on otherwise", recording.name);
    // At the end the other screen is looked at too.
    for text in ["", "\x0f\x1b[?1049l", "\x1b8"] {
        feed(&mut ours, text);
        for viewer in &mut viewers {
            feed(viewer, text);
            if let Some(difference) = laid_out(viewer).difference(&laid_out(&ours)) {
                prop_assert!(false, "{} cut at {cut}, {text:?}: {difference}", recording.name);
            }
        }
        let Some(theirs) = &mut theirs else { continue };
        theirs.feed(text.as_bytes());
        let (mut theirs, mut expect) = (theirs.view(), view_without_blinking(&viewers[0]));
        excuse_no_british_set(&recording.name, &mut expect, &mut theirs);
        if let Some(difference) = theirs.difference(&expect) {
            prop_assert!(false, "alacritty: {} cut at {cut}, {text:?}: {difference}", recording.name);
        }
    }
    Ok(())
}

/// Cut anywhere, also within a sequence or a character, in the alternate screen, and with other sizes before and behind:
/// a viewer that attaches there, and the daemon that takes over there, go on as if they had been there all along.
/// `ICPY_TEST_ROUNDS=10000` makes it a campaign.
#[test]
fn cut_anywhere_a_session_goes_on() {
    let recordings: Vec<Recording> = recordings().into_iter().map(|it| it.rewritten(ALACRITTY)).collect();
    let config = ProptestConfig { cases: rounds(150), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(&ways(), |way| check_way(&recordings, &way)).unwrap();
}
