//! What the environment decides of tests: whether other terminals must be there, and how long to go on.
#![expect(clippy::disallowed_methods, reason = "tests look at the machine they run on")]

/// Says why a test cannot run. It must, where `CI` is set.
pub(super) fn cannot_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "this test cannot run: {why}");
    eprintln!("not run: {why}");
}

/// How many times a test of random places is repeated.
pub(super) fn rounds(default: u32) -> u32 {
    std::env::var("ICPY_TEST_ROUNDS").map_or(default, |rounds| rounds.parse().unwrap())
}
