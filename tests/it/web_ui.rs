//! The web UI in a real browser, on a real daemon: `icpyd/web/e2e` has the tests, of which each file is run by one here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use icpy_tests::cannot_run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../icpyd/web");
const CHROMIUM: &str = "/usr/bin/chromium";

fn run(script: &str, args: &[&str]) {
    if !Path::new(FOLDER).join("node_modules/.bin").exists() {
        return cannot_run("the web UI's packages are not installed: run `cargo xtask test`");
    }
    let output = Command::new(Path::new(FOLDER).join("node_modules/.bin").join(script))
        .args(args)
        .current_dir(FOLDER)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "`{script} {}`:\n{stdout}{stderr}", args.join(" "));
}

fn drive(file: &str) {
    if !Path::new(CHROMIUM).exists() {
        return cannot_run("Chromium is not installed");
    }
    if !Path::new(FOLDER).join("dist/index.html").exists() {
        return cannot_run("the web UI is not built: run `cargo xtask test`");
    }
    run("vitest", &["run", "--project", "e2e", &format!("e2e/{file}.test.ts")]);
}

#[test]
fn the_parts_that_are_pure_do_what_they_say() {
    run("vitest", &["run", "--project", "unit"]);
}

#[test]
fn its_types_fit_and_its_code_is_formatted() {
    run("svelte-check", &["--fail-on-warnings", "--output", "human"]);
    run("biome", &["ci", "--error-on-warnings", "."]);
}

#[test]
fn each_file_of_tests_is_run() {
    let files = std::fs::read_dir(Path::new(FOLDER).join("e2e")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".test.ts").map(str::to_owned)).collect();
    assert_eq!(found, FILES.iter().map(|name| (*name).to_owned()).collect());
}

macro_rules! driven {
    ($($name:ident $file:literal)+) => {
        /// The files that are run below.
        const FILES: &[&str] = &[$($file),+];

        $(
            #[test]
            fn $name() {
                drive($file);
            }
        )+
    };
}

driven! {
    a_window_connects_and_comes_back "shell"
    a_window_notices_that_its_connection_is_dead "half_open"
    commands_settings_people_and_themes_are_at_hand "workbench"
    a_file_is_shown_in_a_browser_that_comes_for_it "icpy_web"
    files_are_seen_in_the_explorer "explorer"
    files_are_changed_in_the_explorer "explorer_changes"
    files_are_searched_and_replaced "search"
    files_are_edited_in_tabs_and_groups "editor"
    language_and_indentation_are_chosen "editor_choices"
    the_editor_looks_as_it_is_preferred "editor_looks"
    keys_typed_early_are_not_lost "type_ahead"
    several_edit_one_text "sharing"
    nothing_that_is_typed_is_lost "nothing_lost"
    terminals_are_shown_as_they_are "terminal"
    terminals_stand_in_the_panel "terminal_panel"
    terminals_take_what_is_typed_and_pasted "terminal_view"
    the_pictures_of_the_readme_can_be_taken "pictures"
}
