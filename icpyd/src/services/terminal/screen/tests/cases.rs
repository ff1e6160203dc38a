//! Cases by hand: what the judge does otherwise or does not know, and what hostile output does.

use super::super::{Clipboard, Effect, Format, Part, Pattern, Screen, ScreenLimits, plain_text};
use super::view::{feed, screen, size, view};

/// What is shown of output, without blank rows at the end.
fn check(columns: u16, rows: u16, output: &str, expect: &str) {
    let mut screen = screen(size(columns, rows));
    feed(&mut screen, output);
    assert_eq!(screen.render(Part::Screen, Format::Text).trim_end_matches('\n'), expect, "{output:?}");
}

fn answers(output: &str) -> String {
    let effects = feed(&mut screen(size(20, 5)), output);
    let answer = |effect| if let Effect::Answer(bytes) = effect { bytes } else { vec![] };
    String::from_utf8(effects.into_iter().flat_map(answer).collect()).unwrap()
}

#[test]
fn what_the_judge_does_otherwise() {
    // Margins hold the cursor.
    check(9, 5, "\x1b[2;4r\x1b[3;1H\x1b[9Aa\x1b[9Bb", "\na\n\n b");
    // More deleted than there is leaves what is before the cursor.
    check(9, 2, "abcdef\x1b[5G\x1b[9P", "abcd");
    // Erasing up to the second row empties the first.
    check(9, 3, "ab\r\ncdef\x1b[2G\x1b[1J", "\n  ef");
    // A tab in the last column stays there.
    check(4, 2, "abcd\t\x08e", "abed");
    // Lines are inserted and deleted from the first column.
    check(9, 3, "ab\x1b[Lx", "x\nab");
    // A line feed begins a line in that mode.
    check(9, 3, "\x1b[20hab\nc", "ab\nc");
    // Half of a wide character is none.
    check(9, 2, "a世b\x1b[3Gx", "a xb");
    check(9, 2, "a世b\x1b[2G\x1b[1P", "a b");
    // One column has no room for it.
    check(1, 2, "世a", "a");
    // Back over the border of a row.
    check(4, 2, "\x1b[?45habcde\x08\x08x", "abcx\ne");
    // The old alternate screens, of which one keeps the cursor.
    check(9, 2, "ab\x1b[?47hcd\x1b[?47le", "ab  e");
    // What is repeated must have come last.
    check(9, 1, "a\x1b[2b\x1b[2bc", "aaac");
    // Single shift.
    check(9, 1, "\x1b*0\x1bNqq", "─q");
}

#[test]
fn deleted_lines_were_not_scrolled_out() {
    let mut screen = screen(size(9, 3));
    feed(&mut screen, "ab\r\ncd\x1b[H\x1b[M");
    assert_eq!(screen.scrollback_lines(), 0);
    feed(&mut screen, "\x1b[3;1H\r\n");
    assert_eq!(screen.render(Part::Scrollback, Format::Text), "cd\n");
}

#[test]
fn questions_are_answered() {
    assert_eq!(answers("\x1b[c\x1b[5n\x1b[3;4H\x1b[6n"), "\x1b[?62;22;52c\x1b[0n\x1b[3;4R");
    assert_eq!(answers("\x1b[2;4r\x1b[?6h\x1b[2;1H\x1b[6n"), "\x1b[2;1R");
    assert_eq!(
        answers("\x1b[?7$p\x1b[?2004$p\x1b[?9999$p\x1b[4$p"),
        "\x1b[?7;1$y\x1b[?2004;2$y\x1b[?9999;0$y\x1b[4;2$y"
    );
    assert_eq!(answers("\x1b[1;31m\x1bP$qm\x1b\\\x1bP$qr\x1b\\"), "\x1bP1$r0;1;31m\x1b\\\x1bP1$r1;5r\x1b\\");
    assert_eq!(
        answers("\x1b]11;?\x07\x1b]4;1;?\x1b\\"),
        "\x1b]11;rgb:0000/0000/0000\x07\x1b]4;1;rgb:cdcd/0000/0000\x1b\\"
    );
    assert_eq!(answers("\x1b]11;#102030\x07\x1b]11;?\x07"), "\x1b]11;rgb:1010/2020/3030\x07");
    assert_eq!(answers("\x1b[14t\x1b[16t\x1b[18t"), "\x1b[4;80;160t\x1b[6;16;8t\x1b[8;5;20t");
    assert_eq!(answers("\x1b[>5u\x1b[?u\x1b[<u\x1b[?u"), "\x1b[?5u\x1b[?0u");
    assert_eq!(answers("\x1b]52;c;?\x07"), "", "the clipboard is not told");
}

#[test]
fn others_are_told() {
    let effects = feed(
        &mut screen(size(20, 5)),
        "\x1b]2;title\x07\x07\x1b]7;file://host/tmp\x07\x1b]52;c;aGk=\x07\x1b]9;done\x07",
    );
    let expect = [
        Effect::Title("title".to_owned()),
        Effect::Bell,
        Effect::Cwd("file://host/tmp".to_owned()),
        Effect::Clipboard { selection: Clipboard::Clipboard, data: b"hi".to_vec() },
        Effect::Notification("done".to_owned()),
    ];
    assert_eq!(effects, expect);
}

#[test]
fn the_end_of_the_prompt_moves_with_the_text() {
    let mut screen = screen(size(20, 4));
    feed(&mut screen, "0123456789abcdefghij\r\n1\r\n2\r\n3\r\n~/src $");
    assert!(!screen.is_prompt_empty());
    screen.note_prompt_end();
    // In seven columns the prompt fills its row, and in six it takes two.
    for (columns, rows) in [(7, 3), (6, 2), (6, 9), (40, 9), (20, 4)] {
        screen.resize(size(columns, rows));
        assert!(screen.is_prompt_empty(), "{columns} x {rows}");
        let mut kept = Screen::restore(&screen.save()).expect("what was saved");
        assert!(kept.is_prompt_empty(), "{columns} x {rows}");
        feed(&mut kept, "x");
        assert!(!kept.is_prompt_empty(), "{columns} x {rows}");
    }
}

#[test]
fn commands_are_told_where_they_stand() {
    let mut screen = screen(size(20, 4));
    let run = |screen: &mut Screen, line: &str, output: &str, exit_code: i32| {
        feed(screen, "$ ");
        screen.note_prompt_end();
        feed(screen, format!("{line}\r\n"));
        screen.note_command();
        feed(screen, output);
        screen.note_command_end(Some(exit_code));
    };
    run(&mut screen, "first", "a\r\nb\r\nc\r\nd\r\n", 1);
    run(&mut screen, "other", "e\r\n", 0);
    feed(&mut screen, "$ ");
    screen.note_prompt_end();
    let told = |screen: &Screen| {
        let snapshot = String::from_utf8(screen.snapshot(usize::MAX, Some("secret"))).unwrap();
        let told = snapshot.split("\r\n").filter_map(|line| {
            let (text, marks) = line.split_once("\x1b]133;")?;
            let marks = marks.split("\x1b]133;").map(|mark| mark.split_once(";icpy=secret\x1b\\").unwrap().0);
            Some(format!("{} {}", marks.collect::<Vec<_>>().join(" "), plain_text(text.as_bytes()).trim()))
        });
        told.collect::<Vec<_>>()
    };
    let expect = ["B C D;1 $ first", "B C D;0 $ other", "B $"];
    for (columns, rows) in [(20, 4), (9, 3), (40, 9), (20, 4)] {
        screen.resize(size(columns, rows));
        assert_eq!(told(&screen), expect, "{columns} x {rows}");
        assert_eq!(told(&Screen::restore(&screen.save()).expect("what was saved")), expect);
    }
    // What is erased is told no more.
    feed(&mut screen, "\x1b[3J\x1b[H\x1b[J\x1b[4H");
    run(&mut screen, "last", "", 2);
    assert_eq!(told(&screen), ["B C D;2 $ last"]);
}

#[test]
fn text_is_found_across_rows() {
    let mut screen = screen(size(5, 2));
    feed(&mut screen, "one\r\nabcdefghij\r\nlast 世x");
    let found = screen.search(&Pattern::new("EFG", true, false).unwrap(), Part::Both, 9);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line, found[0].column, found[0].text.as_str()), (1, 4, "efg"));
    assert!(Pattern::new("(", false, true).is_err());
}

#[test]
fn text_is_laid_out_anew() {
    let mut screen = screen(size(10, 3));
    feed(&mut screen, "first\r\n0123456789abcdefghij\r\n$ ");
    let before = screen.render(Part::Both, Format::Text);
    for columns in [4, 23, 7, 10] {
        screen.resize(size(columns, 3));
        assert_eq!(screen.render(Part::Both, Format::Text), before, "{columns} columns");
        let (_, column) = screen.cursor();
        assert_eq!(column, 2);
    }
}

#[test]
fn the_cursor_that_waits_below_the_alternate_screen_moves_with_its_text() {
    let mut screen = screen(size(10, 4));
    feed(&mut screen, "0123456789ab\x1b[?1049h");
    screen.resize(size(5, 4));
    feed(&mut screen, "\x1b[?1049l\x1b8x");
    assert_eq!(screen.render(Part::Both, Format::Text).trim_end(), "0123456789abx");
}

#[test]
fn wide_text_in_one_column_is_saved_and_restored() {
    let mut screen = screen(size(4, 3));
    feed(&mut screen, "世世");
    screen.resize(size(1, 3));
    let restored = Screen::restore(&screen.save()).expect("what was saved");
    assert_eq!(view(&restored).difference(&view(&screen)), None);
}

#[test]
fn a_place_for_a_wide_character_is_none_without_it() {
    // What it was left for is overwritten: it is a blank like others, as every viewer is shown it.
    let mut wide = screen(size(4, 3));
    feed(&mut wide, "abc世\x1b[2;1Hx");
    wide.resize(size(9, 3));
    assert_eq!(wide.render(Part::Screen, Format::Text).trim_end(), "abc x");
    // The text ends in this row now.
    let mut ended = screen(size(4, 3));
    feed(&mut ended, "abc世\x1b[1;1H\x1b[P");
    let restored = Screen::restore(&ended.save()).expect("what was saved");
    assert!(restored.save() == ended.save());
}

#[test]
fn a_background_behind_a_full_row_is_not_kept() {
    let mut ours = screen(size(2, 3));
    feed(&mut ours, "\x1b[44m\x1b[KN>x");
    let mut restored = Screen::restore(&ours.save()).expect("what was saved");
    for screen in [&mut ours, &mut restored] {
        feed(screen, "\x1b[1;2H>");
    }
    assert!(restored.save() == ours.save());
}

#[test]
fn a_wider_screen_is_filled_however_narrow_it_was() {
    let mut screen = screen(size(2, 2));
    (0..30).for_each(|number| drop(feed(&mut screen, format!("line number {number:02}\r\n"))));
    // In between only the screen is laid out anew, and so the history has lines of several lengths.
    screen.resize(size(30, 2));
    screen.resize(size(40, 20));
    assert_eq!(screen.cursor(), (19, 0));
    let shown = screen.render(Part::Screen, Format::Text);
    assert_eq!(shown.lines().next(), Some("line number 11"));
}

#[test]
fn html_does_nothing_but_show() {
    let mut screen = screen(size(40, 1));
    feed(&mut screen, "\x1b[1;31m<b>\x1b[m \x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07");
    let html = screen.render(Part::Screen, Format::Html);
    assert!(html.contains("<span style=\"color:#cd0000;font-weight:bold\">&lt;b&gt;</span>"), "{html}");
    assert!(!html.contains("javascript"), "{html}");
}

#[test]
fn hostile_output_takes_no_memory() {
    let mut small = Screen::new(size(80, 24), ScreenLimits { scrollback_bytes: 256 << 10 });
    let long = "x".repeat(1 << 20);
    for begin in ["\x1b]0;", "\x1b]8;;", "\x1bP", "\x1b_", "\x1b[", "\x1b]52;c;"] {
        feed(&mut small, begin);
        (0..4).for_each(|_| drop(feed(&mut small, if begin == "\x1b[" { "1;" } else { &long })));
        feed(&mut small, "\x1b\\\x18");
    }
    for number in 0..20_000 {
        feed(
            &mut small,
            format!("\x1b[38;2;{};{};9mq\u{301}\x1b]8;;http://x/{number}\x07", number % 256, number / 256),
        );
    }
    feed(&mut small, "\x1b[65535b\x1b[65535S\x1b[65535L\x1b[65535;65535H\x1b[65535@\x1b[65535P\x1b[99999999999m");
    assert!(small.memory_bytes() < 4 << 20, "{} bytes", small.memory_bytes());
    for (columns, rows) in [(0, 0), (1, 1), (u16::MAX, 2), (2, u16::MAX), (1, 1), (80, 24)] {
        small.resize(size(columns, rows));
        feed(&mut small, "世\x1b#8\x1b[?1049hx\x1b[?1049l");
    }
    assert_eq!(small.size(), size(80, 24));
}

#[test]
fn the_oldest_lines_are_given_up_first() {
    let mut screen = Screen::new(size(80, 24), ScreenLimits::default());
    (0..20_000).for_each(|number| drop(feed(&mut screen, format!("line number {number}\r\n"))));
    let (before, (_, end)) = (screen.scrollback_bytes(), screen.line_numbers());
    screen.give_up_scrollback(100_000);
    assert!((before - 200_000..=before - 100_000).contains(&screen.scrollback_bytes()));
    screen.give_up_scrollback(usize::MAX);
    // The newest stay, with their numbers.
    let (first, last) = screen.line_numbers();
    assert!(screen.scrollback_bytes() < 200_000 && (end - 8000..end - 2000).contains(&first) && last == end, "{first}");
    let kept = screen.render(Part::Scrollback, Format::Text);
    assert_eq!(kept.lines().next().unwrap(), format!("line number {first}"));
}

#[test]
fn compressed_lines_are_read_as_before() {
    let mut screen = Screen::new(size(80, 24), ScreenLimits::default());
    (0..10_000).for_each(|number| drop(feed(&mut screen, format!("\x1b[3{}mline {number}\x1b[m\r\n", number % 8))));
    let (before, bytes) = (view(&screen), screen.memory_bytes());
    screen.compress_idle();
    assert!(screen.memory_bytes() < bytes, "{bytes}");
    assert_eq!(view(&screen).difference(&before), None);
    feed(&mut screen, "more\r\n");
    let copy = Screen::restore(&screen.save()).unwrap();
    assert_eq!(view(&copy).difference(&view(&screen)), None);
    assert!(Screen::restore(b"nonsense").is_none());
}
