//! `fs:grep`: finding lines by what is in them.

mod answer;
mod collector;
mod index;
#[cfg_attr(not(test), expect(dead_code, reason = "the trees of workspaces are its users"))]
mod indexed;
mod line;
mod pattern;
mod plan;
mod preview;
mod replace;
mod scan;
mod scope;
mod turns;
mod walk;

pub(super) use self::answer::grep;
pub(super) use self::preview::preview_replace;
