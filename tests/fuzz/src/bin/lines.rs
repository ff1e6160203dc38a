//! libFuzzer on [`icpy_fuzz::lines`].

#![no_main]

icpy_fuzz::fuzz!(icpy_fuzz::lines::target);
