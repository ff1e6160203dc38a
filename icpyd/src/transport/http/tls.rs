//! TLS by rustls, with a certificate from files, or one that the daemon makes for itself, once.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use icpy_protocol::error::{Error, Result};
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::config::{HttpConfig, Tls};

const CERTIFICATE: &str = "http-certificate.pem";
const KEY: &str = "http-key.pem";

/// What makes plain connections secret.
pub(super) struct Encryption {
    acceptor: TlsAcceptor,
    fingerprint: Option<String>,
}

impl Encryption {
    /// As it is set; `None` where nothing is encrypted.
    pub(super) fn of(config: &HttpConfig, state_folder: &Path) -> Result<Option<Self>> {
        let (certificate, key) = match config.tls {
            Tls::Off => return Ok(None),
            Tls::Files => (config.certificate.clone(), config.key.clone()),
            Tls::SelfSigned => (state_folder.join(CERTIFICATE), state_folder.join(KEY)),
        };
        let is_own = config.tls == Tls::SelfSigned;
        if is_own && !(certificate.exists() && key.exists()) {
            make(config, &certificate, &key)?;
        }
        let wrong = |path: &Path, error: &dyn fmt::Display| {
            Error::unavailable(format!("`{}` is of no use for TLS: {error}", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(&certificate)
            .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
            .map_err(|error| wrong(&certificate, &error))?;
        let fingerprint = is_own.then(|| chain.first().map(fingerprint)).flatten();
        let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| wrong(&key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| wrong(&certificate, &error))?;
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(config)), fingerprint }))
    }

    /// Speaks TLS on a connection.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Of a certificate that the daemon has made: its SHA-256.
    pub(super) fn fingerprint(&self) -> Option<String> {
        self.fingerprint.clone()
    }
}

/// Makes a certificate for the names that browsers come by. Its key is its user's alone from the first byte on.
fn make(config: &HttpConfig, certificate: &Path, key: &Path) -> Result<()> {
    let failed = |error: &dyn fmt::Display| Error::unavailable(format!("cannot make a certificate: {error}"));
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let added = config.hosts.iter().map(|host| host.rsplit_once(':').map_or(&**host, |(name, _)| name).to_owned());
    let params =
        CertificateParams::new(own.into_iter().chain(added).collect::<Vec<_>>()).map_err(|error| failed(&error))?;
    let pair = KeyPair::generate().map_err(|error| failed(&error))?;
    let signed = params.self_signed(&pair).map_err(|error| failed(&error))?;
    write(key, &pair.serialize_pem()).and_then(|()| write(certificate, &signed.pem())).map_err(|error| failed(&error))
}

/// A whole file that only its user can read, or none.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = Sha256::digest(certificate);
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

impl fmt::Debug for Encryption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encryption").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}
