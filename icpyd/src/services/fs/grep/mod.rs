//! `fs:grep`: finding lines by what is in them.

mod answer;
mod apply;
mod collector;
mod handlers;
mod index;
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

pub(super) use self::apply::Replacement;
pub(super) use self::indexed::{Changes, Indexed, Tree};
pub(super) use self::replace::Reversal;
