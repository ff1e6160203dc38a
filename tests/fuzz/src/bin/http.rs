//! libFuzzer on [`icpy_fuzz::http`].

#![no_main]

icpy_fuzz::fuzz!(icpy_fuzz::http::target);
