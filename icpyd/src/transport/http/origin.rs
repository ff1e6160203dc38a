//! Which names browsers may come by, and from which pages. A page of somebody else can make a browser send nearly anything here;
//! it cannot choose what the browser says of where it came from.
//!
//! Not here: who has a credential. A page that is ours is no credential, and a request without `Origin` is no native client.

use std::net::SocketAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use icpy_protocol::error::{Error, Result};

use crate::config::HttpConfig;

/// The names, with ports, that this listener goes by.
#[derive(Debug)]
pub(super) struct Hosts {
    /// In lower case; the first is what it calls itself.
    names: Vec<String>,
    scheme: &'static str,
}

impl Hosts {
    pub(super) fn new(address: SocketAddr, config: &HttpConfig, is_encrypted: bool) -> Self {
        let port = address.port();
        let mut names = vec![];
        if !address.ip().is_unspecified() {
            names.push(address.to_string());
        }
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            names.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
        }
        let added = config.hosts.iter().map(|host| host.to_ascii_lowercase());
        // What is named by the user is what a browser comes to.
        let names = match config.behind_proxy {
            true => added.chain(names).collect(),
            false => names.into_iter().chain(added).collect(),
        };
        let is_encrypted = is_encrypted || config.behind_proxy;
        let scheme = if is_encrypted { "https" } else { "http" };
        Self { names, scheme }
    }

    /// The beginning of every address here.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.names.first().map_or("localhost", String::as_str))
    }

    /// Whether browsers come by `https`.
    pub(super) fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }

    /// Refuses a request for another host. A name that somebody else has pointed here (DNS rebinding) is another host.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<()> {
        let named = only(headers, &HOST)?.ok_or_else(|| Error::permission_denied("the request names no host"))?;
        let authority = uri.authority().map(Authority::as_str);
        let all = [Some(named), authority].into_iter().flatten();
        for name in all {
            if !self.has(name) {
                let message = format!("`{}` is not a name of this daemon: `http.hosts` adds names", shortened(name));
                return Err(Error::permission_denied(message));
            }
        }
        Ok(())
    }

    /// Refuses a request that a page of another origin has made.
    pub(super) fn check_origin(&self, method: &Method, headers: &HeaderMap) -> Result<()> {
        if let Some(origin) = only(headers, &ORIGIN)? {
            let host = origin.strip_prefix(self.scheme).and_then(|rest| rest.strip_prefix("://"));
            // One origin is one name: a page under one of our names is no page under another.
            let named = only(headers, &HOST)?;
            if !host.zip(named).is_some_and(|(host, named)| self.is_same(host, named)) {
                let message = format!("a page of `{}` may not use this daemon", shortened(origin));
                return Err(Error::permission_denied(message));
            }
        }
        let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_foreign = says("sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site"));
        // Whoever follows a link sees our page, and nothing is done by that.
        let is_visit = *method == Method::GET
            && says("sec-fetch-mode") == Some("navigate")
            && says("sec-fetch-dest") == Some("document");
        match is_foreign && !is_visit {
            true => Err(Error::permission_denied("a page of another origin may not use this daemon")),
            false => Ok(()),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|it| self.is_same(it, name))
    }

    fn is_same(&self, name: &str, other: &str) -> bool {
        let ((host, port), (other_host, other_port)) = (self.parts(name), self.parts(other));
        host.eq_ignore_ascii_case(other_host) && port == other_port
    }

    /// A name and its port: browsers leave out the one that the scheme has anyway.
    fn parts<'a>(&self, name: &'a str) -> (&'a str, &'a str) {
        let usual = if self.is_encrypted() { "443" } else { "80" };
        let has_port = |port: &str| !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
        name.rsplit_once(':').filter(|(_, port)| has_port(port)).unwrap_or((name, usual))
    }
}

/// A header that stands there once at most.
fn only<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> Result<Option<&'a str>> {
    let mut all = headers.get_all(name).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(Error::permission_denied(format!("the header `{name}` stands there twice")));
    }
    let text = |value: &'a HeaderValue| {
        value.to_str().map_err(|_| Error::permission_denied(format!("the header `{name}` is no text")))
    };
    first.map(text).transpose()
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(80).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(set: impl FnOnce(&mut HttpConfig)) -> Hosts {
        let mut config = HttpConfig::default();
        set(&mut config);
        let is_encrypted = config.tls != crate::config::Tls::Off;
        Hosts::new("127.0.0.1:7070".parse().unwrap(), &config, is_encrypted)
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_host_is_one_of_its_names_with_the_port() {
        let check = |name: &str, is_ours: bool| {
            let headers = headers(&[("host", name)]);
            assert_eq!(hosts(|_| ()).check_host(&"/".parse().unwrap(), &headers).is_ok(), is_ours, "{name}");
        };
        check("127.0.0.1:7070", true);
        check("LOCALHOST:7070", true);
        check("[::1]:7070", true);
        for other in
            ["127.0.0.1", "localhost", "localhost:80", "evil.test:7070", "localhost.evil.test:7070", "127.0.0.1:70701"]
        {
            check(other, false);
        }
        let none = hosts(|_| ()).check_host(&"/".parse().unwrap(), &HeaderMap::new());
        assert!(none.is_err());
        let mut twice = headers(&[("host", "localhost:7070")]);
        twice.append("host", "localhost:7070".parse().unwrap());
        assert!(hosts(|_| ()).check_host(&"/".parse().unwrap(), &twice).is_err());
        let absolute = "http://evil.test:7070/".parse().unwrap();
        assert!(hosts(|_| ()).check_host(&absolute, &headers(&[("host", "localhost:7070")])).is_err());
    }

    #[test]
    fn behind_a_proxy_the_names_are_the_proxys() {
        let hosts = hosts(|config| (config.behind_proxy, config.hosts) = (true, vec!["dev.example".to_owned()]));
        assert_eq!(hosts.url(), "https://dev.example");
        let with = |origin: &str| headers(&[("host", "dev.example"), ("origin", origin)]);
        assert!(hosts.check_host(&"/".parse().unwrap(), &with("")).is_ok());
        assert!(hosts.check_origin(&Method::POST, &with("https://dev.example")).is_ok());
        assert!(hosts.check_origin(&Method::POST, &with("http://dev.example")).is_err());
    }

    #[test]
    fn a_page_is_of_the_same_name_scheme_and_port() {
        let check = |origin: &str, is_ours: bool| {
            let headers = headers(&[("host", "localhost:7070"), ("origin", origin)]);
            assert_eq!(hosts(|_| ()).check_origin(&Method::GET, &headers).is_ok(), is_ours, "{origin}");
        };
        check("http://localhost:7070", true);
        for other in [
            "null",
            "",
            "http://localhost",
            "https://localhost:7070",
            "http://127.0.0.1:7070",
            "http://localhost:7070.evil.test",
            "http://evil.test",
            "http://localhost:70701",
            "file://localhost:7070",
        ] {
            check(other, false);
        }
    }

    #[test]
    fn what_a_browser_says_of_its_request_is_believed_to_refuse_it() {
        let check = |method: Method, all: &[(&'static str, &str)], is_allowed: bool| {
            assert_eq!(hosts(|_| ()).check_origin(&method, &headers(all)).is_ok(), is_allowed, "{all:?}");
        };
        check(Method::GET, &[], true);
        check(Method::GET, &[("sec-fetch-site", "same-origin")], true);
        check(Method::GET, &[("sec-fetch-site", "none")], true);
        check(Method::GET, &[("sec-fetch-site", "cross-site")], false);
        check(Method::GET, &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], false);
        let visit = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        check(Method::GET, &visit, true);
        check(Method::POST, &visit, false);
        let frame = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        check(Method::GET, &frame, false);
    }
}
