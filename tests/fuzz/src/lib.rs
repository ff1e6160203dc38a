//! What is read from strangers, given anything. A target is one file here, which says what must hold for every input, one
//! in `bin` for libFuzzer, and a folder of inputs in `corpus`.
//!
//! A test gives each target its corpus, so that what was found once is never lost. Not here: finding more, which
//! `cargo xtask fuzz` does.

#![allow(clippy::unwrap_used, reason = "a check that fails is what is looked for")]

pub mod envelope;
pub mod http;
pub mod lines;
#[cfg(target_os = "linux")]
pub mod paths;

/// A target that has what it needs: takes one input, and panics when something does not hold.
pub type Target = Box<dyn FnMut(&[u8])>;

/// Lets libFuzzer drive a target.
#[cfg(feature = "libfuzzer")]
#[macro_export]
macro_rules! fuzz {
    ($target:path) => {
        std::thread_local! {
            // It goes with the process: nothing waits for a daemon to end.
            static TARGET: std::cell::RefCell<std::mem::ManuallyDrop<$crate::Target>> =
                std::cell::RefCell::new(std::mem::ManuallyDrop::new($target()));
        }
        libfuzzer_sys::fuzz_target!(|input: &[u8]| TARGET.with_borrow_mut(|target| target(input)));
    };
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::Target;

    /// Gives a target all that is in its corpus.
    fn check(name: &str, mut target: Target) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut inputs: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "`{}` is empty", folder.display());
        for path in inputs {
            // Shown when the test fails: the input that it failed at is the last one.
            println!("{}", path.display());
            target(&fs::read(&path).unwrap());
        }
    }

    #[test]
    fn envelope_takes_its_corpus() {
        check("envelope", super::envelope::target());
    }

    #[test]
    fn http_takes_its_corpus() {
        check("http", super::http::target());
    }

    #[test]
    fn lines_take_their_corpus() {
        check("lines", super::lines::target());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn paths_take_their_corpus() {
        check("paths", super::paths::target());
    }
}
