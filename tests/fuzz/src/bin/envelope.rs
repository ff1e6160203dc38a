//! libFuzzer on [`icpy_fuzz::envelope`].

#![no_main]

icpy_fuzz::fuzz!(icpy_fuzz::envelope::target);
