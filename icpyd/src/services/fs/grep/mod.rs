//! `fs:grep`: finding lines by what is in them.

mod answer;
mod collector;
mod line;
mod pattern;
mod scan;
mod scope;
mod turns;
mod walk;

pub(super) use self::answer::grep;
