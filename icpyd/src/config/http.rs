//! What can be set about the listener for HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration;

/// Where it listens when that is asked for and not set.
const ADDRESS: &str = "127.0.0.1:7070";

/// Settings of the listener for HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpConfig {
    /// An address and a port to listen at from the start on, or `off`.
    pub listen: String,
    /// Whether it may listen elsewhere than on the loopback device.
    pub allow_remote: bool,
    /// How it is encrypted.
    pub tls: Tls,
    /// With `files`: the certificate and those above it, in PEM.
    pub certificate: PathBuf,
    /// With `files`: its private key, in PEM.
    pub key: PathBuf,
    /// Whether a reverse proxy stands before it, which encrypts: browsers come to `hosts` by `https`.
    pub behind_proxy: bool,
    /// Names, with ports, that browsers may come to it by, beside its own.
    pub hosts: Vec<String>,
    /// Connections at one time.
    pub connections_max: usize,
    /// Connections from one address at one time.
    pub connections_per_address_max: usize,
    /// Bytes of one request's body.
    pub body_bytes_max: usize,
    /// Bytes of one request's head.
    pub header_bytes_max: usize,
    /// Headers of one request.
    pub headers_max: usize,
    /// How long a request's head may take to come.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// How long the next part of a request's body may take to come.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How often a WebSocket is asked whether it is still there.
    #[serde(with = "duration")]
    pub ping_interval: Duration,
    /// How long a browser stays logged in.
    #[serde(with = "duration")]
    pub login_lasts: Duration,
    /// Requests of one credential in a second that see something; 0 is no limit.
    pub reads_per_second: u32,
    /// Requests of one credential in a second that change files or state; 0 is no limit.
    pub writes_per_second: u32,
    /// Requests of one credential in a second that run or control something; 0 is no limit.
    pub others_per_second: u32,
    /// A folder to serve the web UI from instead of the program's own: for who works on it.
    pub web_folder: PathBuf,
}

/// How the listener is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// It is not.
    #[default]
    Off,
    /// With a certificate that the daemon makes for itself, once.
    SelfSigned,
    /// With a certificate from files.
    Files,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: "off".to_owned(),
            allow_remote: false,
            tls: Tls::Off,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            behind_proxy: false,
            hosts: Vec::new(),
            connections_max: 16_384,
            connections_per_address_max: 16_384,
            body_bytes_max: 16 << 20,
            header_bytes_max: 32 << 10,
            headers_max: 100,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            ping_interval: Duration::from_secs(30),
            login_lasts: Duration::from_hours(30 * 24),
            reads_per_second: 2_000,
            writes_per_second: 500,
            others_per_second: 1_000,
            web_folder: PathBuf::new(),
        }
    }
}

impl HttpConfig {
    /// Where it listens from the start on, if it does.
    pub fn listens_at_start(&self) -> Option<&str> {
        (self.listen != "off").then_some(&*self.listen)
    }

    /// Where it is to listen. The error is a sentence fragment.
    pub fn address(&self, asked: Option<&str>) -> Result<SocketAddr, String> {
        let text = asked.or(self.listens_at_start()).unwrap_or(ADDRESS);
        let text = text.replacen("localhost:", "127.0.0.1:", 1);
        let address: SocketAddr =
            text.parse().map_err(|_| format!("`{text}` is no address and port, as `{ADDRESS}` is"))?;
        let is_encrypted = self.tls != Tls::Off || self.behind_proxy;
        if address.ip().is_loopback() || (self.allow_remote && is_encrypted) {
            return Ok(address);
        }
        Err(format!(
            "`{address}` can be reached by others: that takes `http.allow_remote`, and `http.tls` or `http.behind_proxy`"
        ))
    }

    /// Whether the daemon could live with this. The error is a sentence fragment about one setting.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        self.address(None).map_err(|error| ("http.listen", format!("is wrong: {error}")))?;
        let at_least = [
            ("http.connections_max", self.connections_max, 1),
            ("http.connections_per_address_max", self.connections_per_address_max, 1),
            ("http.body_bytes_max", self.body_bytes_max, 1024),
            ("http.header_bytes_max", self.header_bytes_max, 8192),
            ("http.headers_max", self.headers_max, 16),
        ];
        if let Some((key, value, min)) = at_least.into_iter().find(|(_, value, min)| value < min) {
            return Err((key, format!("is at least {min}, and not {value}")));
        }
        let times = [
            ("http.header_timeout", self.header_timeout),
            ("http.body_timeout", self.body_timeout),
            ("http.ping_interval", self.ping_interval),
            ("http.login_lasts", self.login_lasts),
        ];
        if let Some((key, _)) = times.into_iter().find(|(_, time)| time.is_zero()) {
            return Err((key, "is more than nothing".to_owned()));
        }
        if self.tls == Tls::Files && (self.certificate.as_os_str().is_empty() || self.key.as_os_str().is_empty()) {
            return Err(("http.tls", "is `files`: set `http.certificate` and `http.key` too".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_reach_takes_a_word_and_encryption() {
        let check = |set: &dyn Fn(&mut HttpConfig), address: &str, expect: Result<&str, &str>| {
            let mut config = HttpConfig::default();
            set(&mut config);
            match (config.address(Some(address)), expect) {
                (Ok(address), Ok(expect)) => assert_eq!(address.to_string(), expect),
                (Err(error), Err(expect)) => assert!(error.contains(expect), "{error}"),
                (outcome, _) => panic!("{address}: {outcome:?}"),
            }
        };
        check(&|_| (), "127.0.0.1:0", Ok("127.0.0.1:0"));
        check(&|_| (), "[::1]:80", Ok("[::1]:80"));
        check(&|_| (), "localhost:80", Ok("127.0.0.1:80"));
        check(&|_| (), "80", Err("no address and port"));
        check(&|_| (), "0.0.0.0:80", Err("can be reached by others"));
        check(&|it| it.allow_remote = true, "0.0.0.0:80", Err("`http.tls`"));
        check(&|it| it.tls = Tls::SelfSigned, "[::]:80", Err("`http.allow_remote`"));
        check(&|it| (it.allow_remote, it.tls) = (true, Tls::SelfSigned), "0.0.0.0:80", Ok("0.0.0.0:80"));
        check(&|it| (it.allow_remote, it.behind_proxy) = (true, true), "0.0.0.0:80", Ok("0.0.0.0:80"));
    }
}
