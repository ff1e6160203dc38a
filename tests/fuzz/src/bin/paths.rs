//! libFuzzer on [`icpy_fuzz::paths`].

#![no_main]

icpy_fuzz::fuzz!(icpy_fuzz::paths::target);
