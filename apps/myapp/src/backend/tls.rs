//! TLS to a server: trusted authorities, and the reasons for rejecting a certificate.

use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use super::certificate;
use super::host::Host;

/// A connection to a server.
pub(crate) enum Stream {
    /// A connection in clear text.
    Plain(TcpStream),
    /// A connection with TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// TLS with a server failed, with this process's own code for the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TlsFault(&'static str);

impl TlsFault {
    /// The server's TLS handshake failed for a reason without a code of its own.
    const HANDSHAKE: Self = Self("tls_failed");

    pub(crate) const OTHER_HOST: Self = Self("certificate_other_host");
    pub(crate) const NOT_OFFERED: Self = Self("tls_not_offered");
    pub(crate) const INVALID_ROOTS: Self = Self("sslrootcert_invalid");

    pub(crate) fn code(self) -> &'static str {
        self.0
    }

    /// Returns false if the handshake ended before the server presented a certificate.
    pub(crate) fn is_of_certificate(self) -> bool {
        self != Self::HANDSHAKE
    }

    /// Returns the explanation for the code of a fault: the cause and the remedy.
    pub(crate) fn sentence(code: &str) -> Option<&'static str> {
        certificate::sentence(code)
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(certificate::sentence(self.0).unwrap_or("TLS with the server failed"))
    }
}

impl std::error::Error for TlsFault {}

/// Builds a client configuration that accepts certificates of `roots` for the requested host.
pub(crate) fn client_config(roots: RootCertStore) -> Result<ClientConfig, TlsFault> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::from(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Performs the TLS handshake over `stream`.
///
/// # Errors
/// An error of rustls, wrapped in an `io::Error`.
pub(crate) async fn connect(stream: TcpStream, host: &Host, config: ClientConfig) -> io::Result<Stream> {
    let name = server_name(host).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// Returns the host in the form of a certificate's subject name.
fn server_name(host: &Host) -> Result<ServerName<'static>, TlsFault> {
    match host {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| TlsFault::OTHER_HOST),
    }
}

/// Returns the authorities in the file alone, as in libpq; without a file, the public ones.
pub(crate) async fn trusted(file: Option<&Path>) -> Result<RootCertStore, TlsFault> {
    let Some(file) = file else {
        return Ok(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()));
    };
    let text = tokio::fs::read(file).await.map_err(|error| {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        TlsFault(if is_missing { "sslrootcert_missing" } else { "sslrootcert_unreadable" })
    })?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|_| TlsFault::INVALID_ROOTS)?;
        roots.add(certificate).map_err(|_| TlsFault::INVALID_ROOTS)?;
    }
    if roots.is_empty() { Err(TlsFault::INVALID_ROOTS) } else { Ok(roots) }
}

impl From<&Error> for TlsFault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what the library may add is a failed handshake too")]
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self(of_certificate(error)),
            Error::NoCertificatesPresented => Self("certificate_refused"),
            _ => Self::HANDSHAKE,
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what the library may add is a refused certificate too")]
fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "certificate_without_names"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate_other_host"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate_expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate_not_yet_valid"
        }
        CertificateError::UnknownIssuer => "certificate_unknown_issuer",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "certificate_other_purpose"
        }
        // rustls has no public variants for these errors of its certificate library; only their debug text tells them apart.
        CertificateError::Other(error) => match format!("{:?}", error.0).as_str() {
            "CaUsedAsEndEntity" => "certificate_is_authority",
            "UnsupportedCertVersion" => "certificate_version",
            _ => "certificate_refused",
        },
        _ => "certificate_refused",
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
