//! Conditions of a request on the version of what it is about, RFC 9110, section 13.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE};
use axum::http::{HeaderMap, HeaderName};
use icpy_protocol::error::{Error, Result};

/// Entity tags as a header has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// `*`: any version.
    Any,
    /// These versions. A weak tag names no version, and is here only to be compared weakly.
    Named(Vec<Tag>),
}

/// One entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    version: String,
    is_weak: bool,
}

/// The conditions of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// `If-Match`.
    pub(super) matches: Option<Tags>,
    /// `If-None-Match`.
    pub(super) differs: Option<Tags>,
}

/// What conditions say of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They hold.
    Go,
    /// The client has this version already.
    Same,
    /// They do not hold.
    Failed,
}

impl Conditions {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        Ok(Self { matches: tags(headers, &IF_MATCH)?, differs: tags(headers, &IF_NONE_MATCH)? })
    }

    /// Whether `If-Match` names a version, and is not content with any.
    pub(super) fn names_version(&self) -> bool {
        matches!(self.matches, Some(Tags::Named(_)))
    }

    /// Whether there are any.
    pub(super) fn is_some(&self) -> bool {
        self.matches.is_some() || self.differs.is_some()
    }

    /// What they say to one who only reads.
    pub(super) fn verdict(&self, version: &str) -> Verdict {
        let has = |tags: &Tags, is_strong: bool| match tags {
            Tags::Any => true,
            Tags::Named(tags) => tags.iter().any(|tag| tag.version == version && !(is_strong && tag.is_weak)),
        };
        match self {
            Self { matches: Some(tags), .. } if !has(tags, true) => Verdict::Failed,
            Self { differs: Some(tags), .. } if has(tags, false) => Verdict::Same,
            _ => Verdict::Go,
        }
    }

    /// What they say to one who writes: the version that must be there, and whether there must be none.
    pub(super) fn of_write(&self) -> Result<(Option<String>, bool)> {
        let version = match &self.matches {
            None => None,
            Some(Tags::Named(tags)) => match &tags[..] {
                [Tag { version, is_weak: false }] => Some(version.clone()),
                _ => {
                    return Err(Error::invalid_request(
                        "`If-Match` names one strong entity tag when something is written",
                    ));
                }
            },
            Some(Tags::Any) => {
                return Err(Error::invalid_request("`If-Match` names an entity tag when something is written"));
            }
        };
        match &self.differs {
            None => Ok((version, false)),
            Some(Tags::Any) => Ok((version, true)),
            Some(Tags::Named(_)) => Err(Error::invalid_request("`If-None-Match` is `*` when something is written")),
        }
    }
}

/// Whether a range counts: `If-Range` names the version, or is not there. A time is no version.
pub(super) fn range_counts(headers: &HeaderMap, version: &str) -> bool {
    let Some(condition) = headers.get(IF_RANGE) else { return true };
    condition.as_bytes() == etag(version).as_bytes()
}

/// A version as an entity tag.
pub(super) fn etag(version: &str) -> String {
    format!("\"{version}\"")
}

/// The tags of all lines of a header.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>> {
    let mut lines = headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    let wrong = || Error::invalid_request(format!("`{name}` is neither `*` nor a list of entity tags"));
    let mut named = Vec::new();
    for line in lines {
        let text = line.to_str().map_err(|_| wrong())?.trim();
        if text == "*" {
            return Ok(Some(Tags::Any));
        }
        named.extend(list(text).ok_or_else(wrong)?);
    }
    Ok(Some(Tags::Named(named)))
}

/// `"a", W/"b"`.
fn list(text: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_weak = rest.starts_with("W/");
        let inner = rest.trim_start_matches("W/").strip_prefix('"')?;
        let (version, behind) = inner.split_once('"')?;
        tags.push(Tag { version: version.to_owned(), is_weak });
        let behind = behind.trim_start();
        rest = match behind.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn who_reads_gets_what_is_new() {
        let check = |lines: &[(HeaderName, &str)], expect: Option<Verdict>| {
            let verdict = Conditions::of(&headers(lines)).ok().map(|it| it.verdict("v1"));
            assert_eq!(verdict, expect, "{lines:?}");
        };
        check(&[], Some(Verdict::Go));
        check(&[(IF_NONE_MATCH, "\"v1\"")], Some(Verdict::Same));
        check(&[(IF_NONE_MATCH, "W/\"v1\"")], Some(Verdict::Same));
        check(&[(IF_NONE_MATCH, "\"v0\" , \"v1\"")], Some(Verdict::Same));
        check(&[(IF_NONE_MATCH, "\"v0\"")], Some(Verdict::Go));
        check(&[(IF_NONE_MATCH, "*")], Some(Verdict::Same));
        check(&[(IF_NONE_MATCH, "v1")], None);
        check(&[(IF_NONE_MATCH, "\"v1")], None);
        check(&[(IF_NONE_MATCH, "\"v0\"\"v1\"")], None);
        check(&[(IF_MATCH, "\"v1\"")], Some(Verdict::Go));
        check(&[(IF_MATCH, "*")], Some(Verdict::Go));
        check(&[(IF_MATCH, "W/\"v1\"")], Some(Verdict::Failed));
        check(&[(IF_MATCH, "\"v0\"")], Some(Verdict::Failed));
        check(&[(IF_MATCH, "")], Some(Verdict::Failed));
        check(&[(IF_MATCH, "\"v1\""), (IF_NONE_MATCH, "\"v1\"")], Some(Verdict::Same));
        check(&[(IF_MATCH, "\"v0\""), (IF_NONE_MATCH, "\"v1\"")], Some(Verdict::Failed));
    }

    #[test]
    fn who_writes_names_one_version_or_none() {
        let check = |lines: &[(HeaderName, &str)], expect: Option<(Option<&str>, bool)>| {
            let found = Conditions::of(&headers(lines)).and_then(|it| it.of_write()).ok();
            let expect = expect.map(|(version, is_new)| (version.map(str::to_owned), is_new));
            assert_eq!(found, expect, "{lines:?}");
        };
        check(&[], Some((None, false)));
        check(&[(IF_MATCH, "\"v1\"")], Some((Some("v1"), false)));
        check(&[(IF_NONE_MATCH, "*")], Some((None, true)));
        check(&[(IF_MATCH, "*")], None);
        check(&[(IF_MATCH, "\"v1\", \"v2\"")], None);
        check(&[(IF_MATCH, "W/\"v1\"")], None);
        check(&[(IF_NONE_MATCH, "\"v1\"")], None);
    }

    #[test]
    fn a_range_is_of_the_version_that_is_named() {
        let check = |value: &str, expect: bool| {
            assert_eq!(range_counts(&headers(&[(IF_RANGE, value)]), "v1"), expect, "{value}");
        };
        assert!(range_counts(&HeaderMap::new(), "v1"));
        check("\"v1\"", true);
        check("W/\"v1\"", false);
        check("\"v0\"", false);
        check("Sat, 29 Oct 1994 19:43:31 GMT", false);
    }
}
