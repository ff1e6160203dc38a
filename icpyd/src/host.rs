//! The outside world: clock, randomness and environment, real or fake.
//!
//! Nothing else in the daemon asks the system for these, so that a test decides what time it is. Waiting goes through
//! `tokio::time`, which a test can pause.

#![expect(clippy::disallowed_methods, reason = "this is the one place that may ask the system")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A handle to the outside world.
#[derive(Clone, Debug)]
pub struct Host(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Real,
    Fake { now_ms: AtomicU64, random: AtomicU64, variables: BTreeMap<String, String> },
}

impl Host {
    /// The machine.
    pub fn real() -> Self {
        Self(Arc::new(Kind::Real))
    }

    /// A world with a clock that stands still, random numbers that repeat, and an empty environment.
    pub fn fake(now_ms: u64) -> Self {
        let (now_ms, random) = (AtomicU64::new(now_ms), AtomicU64::new(0));
        Self(Arc::new(Kind::Fake { now_ms, random, variables: BTreeMap::new() }))
    }

    /// The same, with an environment.
    pub fn fake_with_variables(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self(Arc::new(Kind::Fake { now_ms: AtomicU64::new(0), random: AtomicU64::new(0), variables }))
    }

    /// Moves a fake clock forward. A real one goes by itself.
    pub fn advance(&self, by_ms: u64) {
        if let Kind::Fake { now_ms, .. } = &*self.0 {
            now_ms.fetch_add(by_ms, Ordering::Relaxed);
        }
    }

    /// Sets a fake clock, also back. A real one is the machine's.
    pub fn jump_to(&self, to_ms: u64) {
        if let Kind::Fake { now_ms, .. } = &*self.0 {
            now_ms.store(to_ms, Ordering::Relaxed);
        }
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        match &*self.0 {
            Kind::Fake { now_ms, .. } => now_ms.load(Ordering::Relaxed),
            Kind::Real => {
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            }
        }
    }

    /// A name that nothing else has: 64 random bits in hexadecimal.
    pub fn new_id(&self) -> String {
        self.hexadecimal(8)
    }

    /// A secret that nobody can guess: 256 random bits in hexadecimal.
    pub fn new_secret(&self) -> String {
        self.hexadecimal(32)
    }

    fn hexadecimal(&self, bytes: usize) -> String {
        let mut buffer = [0u8; 32];
        self.fill(&mut buffer[..bytes]);
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
        buffer[..bytes].iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
    }

    fn fill(&self, buffer: &mut [u8]) {
        match &*self.0 {
            Kind::Real => getrandom::fill(buffer).expect("the system's random numbers do not fail after boot"),
            Kind::Fake { random, .. } => {
                let next = random.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                for (byte, value) in buffer.iter_mut().zip(next.iter().cycle()) {
                    *byte = *value;
                }
            }
        }
    }

    /// What the program of a process is called, where the system tells.
    pub fn program_of(&self, pid: u32) -> Option<String> {
        match &*self.0 {
            Kind::Real if cfg!(target_os = "linux") => {
                let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
                Some(name.trim_end().to_owned())
            }
            Kind::Real | Kind::Fake { .. } => None,
        }
    }

    /// A variable of the environment.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        match &*self.0 {
            Kind::Real => std::env::var_os(name),
            Kind::Fake { variables, .. } => variables.get(name).map(OsString::from),
        }
    }

    /// The variables of the environment whose names begin so, and that are text.
    pub fn variables(&self, prefix: &str) -> Vec<(String, String)> {
        let ours = |(name, _): &(String, String)| name.starts_with(prefix);
        match &*self.0 {
            Kind::Real => {
                let text =
                    |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
                std::env::vars_os().filter_map(text).filter(ours).collect()
            }
            Kind::Fake { variables, .. } => variables.clone().into_iter().filter(ours).collect(),
        }
    }
}

/// The limits that the daemon was started with, for the programs that it starts: it has raised its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramLimits {
    /// How many descriptors a process may have open.
    pub descriptors: Option<u64>,
}
