//! What a file must hold so that a pattern can match in it. The plan never leaves out a file that matches; what it lets
//! through is searched.
//!
//! The way from an expression to texts follows Russ Cox, "Regular Expression Matching with a Trigram Index": for each part
//! of the expression the texts that it begins and ends with, as long as they are few, and what it needs besides. Unlike
//! there, a text stays whole: the index looks for all of its trigrams in one place.

mod texts;

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use self::texts::Texts;

/// The longest text that a plan asks for, in bytes. Longer ones are asked for in parts.
pub(super) const TEXT_BYTES_MAX: usize = 128;

/// The shortest text that can be asked for.
pub(super) const TEXT_BYTES_MIN: usize = 3;

/// About the most texts of a plan: looking for more takes longer than looking into the files.
const TEXTS_MAX: usize = 256;

/// The most copies of a repeated part that are written out.
const COPIES_MAX: u32 = 8;

/// What a file must hold. Texts are compared with ASCII letters in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing: every file may match.
    Any,
    /// This text, of 3 to [`TEXT_BYTES_MAX`] bytes.
    Text(Vec<u8>),
    /// What each of these asks for.
    All(Vec<Self>),
    /// What one of these asks for.
    Either(Vec<Self>),
}

impl Plan {
    /// The plan for an expression, whose case folding must be done.
    pub(super) fn new(hir: &Hir) -> Self {
        Part::new(hir).needs()
    }

    fn texts(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Text(_) => 1,
            Self::All(plans) | Self::Either(plans) => plans.iter().map(Self::texts).sum(),
        }
    }

    /// What a text asks for.
    fn of_text(text: &[u8]) -> Self {
        if text.len() < TEXT_BYTES_MIN {
            return Self::Any;
        }
        // Parts share two bytes, so that no trigram is lost.
        let step = TEXT_BYTES_MAX + 1 - TEXT_BYTES_MIN;
        let starts = (0..).step_by(step).take_while(|start| *start == 0 || start + TEXT_BYTES_MIN <= text.len());
        let parts = starts.map(|start| Self::Text(text[start..text.len().min(start + TEXT_BYTES_MAX)].to_vec()));
        Self::all(parts.collect())
    }

    /// What any of these texts asks for.
    fn of_texts(texts: &Texts) -> Self {
        Self::either(texts.iter().map(Self::of_text).collect())
    }

    fn all(plans: Vec<Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for plan in plans {
            match plan {
                Self::Any => {}
                Self::All(inner) => inner.into_iter().for_each(|plan| add(&mut kept, plan)),
                plan => add(&mut kept, plan),
            }
        }
        match kept.len() {
            0 => Self::Any,
            1 => kept.swap_remove(0),
            _ => Self::All(kept),
        }
    }

    fn either(plans: Vec<Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for plan in plans {
            match plan {
                Self::Any => return Self::Any,
                Self::Either(inner) => inner.into_iter().for_each(|plan| offer(&mut kept, plan)),
                plan => offer(&mut kept, plan),
            }
        }
        match kept.len() {
            // Nothing can match: an empty class. The matcher says so quickly enough.
            0 => Self::Any,
            1 => kept.swap_remove(0),
            _ => Self::Either(kept),
        }
    }

    /// Whether this is a text that holds the other.
    fn holds(&self, part: &Self) -> bool {
        match (self, part) {
            (Self::Text(whole), Self::Text(part)) => whole.windows(part.len()).any(|window| window == part),
            _ => false,
        }
    }
}

/// Asks for one more thing, unless another asks for it already.
fn add(kept: &mut Vec<Plan>, plan: Plan) {
    if !kept.iter().any(|other| *other == plan || other.holds(&plan)) {
        kept.retain(|other| !plan.holds(other));
        kept.push(plan);
    }
}

/// Lets one more thing do, unless what does already is there wherever it is.
fn offer(kept: &mut Vec<Plan>, plan: Plan) {
    if !kept.iter().any(|other| *other == plan || plan.holds(other)) {
        kept.retain(|other| !other.holds(&plan));
        kept.push(plan);
    }
}

/// What is known of one part of an expression.
#[derive(Clone, Debug)]
struct Part {
    /// Whether `begins` are all that the part matches; `ends` are then the same.
    is_exact: bool,
    /// Each match begins with one of these.
    begins: Texts,
    /// Each match ends with one of these.
    ends: Texts,
    /// What a file with a match holds besides.
    plan: Plan,
}

impl Part {
    fn new(hir: &Hir) -> Self {
        match hir.kind() {
            // A place between bytes does not part what is before and after it.
            HirKind::Empty | HirKind::Look(_) => Self::exact(Texts::empty_text()),
            HirKind::Literal(literal) => Self::literal(&literal.0),
            HirKind::Class(class) => class_texts(class).map_or_else(Self::unknown, Self::exact),
            HirKind::Repetition(repetition) => Self::repeated(repetition),
            HirKind::Capture(capture) => Self::new(&capture.sub),
            HirKind::Concat(parts) => parts.iter().map(Self::new).reduce(Self::then).unwrap_or_else(Self::unknown),
            HirKind::Alternation(parts) => parts.iter().map(Self::new).reduce(Self::or).unwrap_or_else(Self::unknown),
        }
    }

    fn exact(texts: Texts) -> Self {
        Self { is_exact: true, begins: texts.clone(), ends: texts, plan: Plan::Any }
    }

    fn unknown() -> Self {
        Self { is_exact: false, begins: Texts::empty_text(), ends: Texts::empty_text(), plan: Plan::Any }
    }

    fn literal(bytes: &[u8]) -> Self {
        let text = bytes.to_ascii_lowercase();
        if text.len() <= TEXT_BYTES_MAX {
            return Self::exact(Texts::one(text));
        }
        let plan = Plan::of_text(&text);
        let (begins, ends) = (&text[..TEXT_BYTES_MAX], &text[text.len() - TEXT_BYTES_MAX..]);
        Self { is_exact: false, begins: Texts::one(begins.to_vec()), ends: Texts::one(ends.to_vec()), plan }
    }

    fn repeated(repetition: &Repetition) -> Self {
        let one = Self::new(&repetition.sub);
        if repetition.min == 0 {
            return match repetition.max {
                Some(0) => Self::exact(Texts::empty_text()),
                Some(1) => one.or(Self::exact(Texts::empty_text())),
                _ => Self::unknown(),
            };
        }
        let copies = repetition.min.min(COPIES_MAX);
        let mut part = (1..copies).fold(one.clone(), |part, _| part.then(one.clone()));
        if repetition.max != Some(copies) {
            part.forget_exactness();
        }
        part
    }

    /// There may be more between the beginning and the end.
    fn forget_exactness(&mut self) {
        if self.is_exact {
            self.plan = Plan::of_texts(&self.begins);
            self.is_exact = false;
        }
    }

    /// This part, and the next one right behind it.
    fn then(self, next: Self) -> Self {
        let between = self.ends.joined(&next.begins);
        let is_exact = self.is_exact && next.is_exact;
        if let Some(texts) = between.as_ref().filter(|texts| is_exact && texts.longest() <= TEXT_BYTES_MAX) {
            return Self::exact(texts.clone());
        }
        let middle = match &between {
            Some(texts) => Plan::of_texts(texts),
            None => Plan::all(vec![Plan::of_texts(&self.ends), Plan::of_texts(&next.begins)]),
        };
        let begins = if self.is_exact { between.clone().unwrap_or(self.begins) } else { self.begins };
        let ends = if next.is_exact { between.unwrap_or(next.ends) } else { next.ends };
        // To ask for less is not wrong.
        let plan = match self.plan.texts() + middle.texts() + next.plan.texts() > TEXTS_MAX {
            true => self.plan,
            false => Plan::all(vec![self.plan, middle, next.plan]),
        };
        Self { is_exact: false, begins: begins.cut_to_begins(), ends: ends.cut_to_ends(), plan }
    }

    /// This part, or the other.
    fn or(self, other: Self) -> Self {
        if let Some(texts) = self.begins.united(&other.begins).filter(|_| self.is_exact && other.is_exact) {
            return Self::exact(texts);
        }
        let begins = self.begins.united(&other.begins).unwrap_or_else(Texts::empty_text);
        let ends = self.ends.united(&other.ends).unwrap_or_else(Texts::empty_text);
        let plan = Plan::either(vec![self.needs(), other.needs()]);
        let plan = if plan.texts() > TEXTS_MAX { Plan::Any } else { plan };
        Self { is_exact: false, begins: begins.cut_to_begins(), ends: ends.cut_to_ends(), plan }
    }

    /// All that a file with a match holds.
    fn needs(self) -> Plan {
        Plan::all(vec![Plan::of_texts(&self.begins), self.plan, Plan::of_texts(&self.ends)])
    }
}

/// The texts of a class, when they are few.
fn class_texts(class: &Class) -> Option<Texts> {
    let count: usize = match class {
        Class::Unicode(class) => class.iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum(),
        Class::Bytes(class) => class.iter().map(regex_syntax::hir::ClassBytesRange::len).sum(),
    };
    if count == 0 || count > texts::COUNT_MAX {
        return None;
    }
    let texts: Vec<Vec<u8>> = match class {
        Class::Unicode(class) => {
            let chars = class.iter().flat_map(|range| range.start()..=range.end());
            chars.map(|char| char.to_string().into_bytes()).collect()
        }
        Class::Bytes(class) => {
            class.iter().flat_map(|range| range.start()..=range.end()).map(|byte| vec![byte]).collect()
        }
    };
    Some(texts.into_iter().map(|text| text.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests;
