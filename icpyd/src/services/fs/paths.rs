//! Maps by path.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// The paths of a map that are this one or below it.
pub(super) fn keys_below<'a, V>(map: &'a BTreeMap<PathBuf, V>, path: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
    // Paths are in the order of their steps: what is below one follows it.
    let from = map.range::<Path, _>((Bound::Included(path), Bound::Unbounded)).map(|(key, _)| key);
    from.take_while(move |key| key.starts_with(path))
}
