//! TLS to a server: who is trusted, and why a certificate is not.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::database::host::Host;
use crate::database::server::{Server, TlsMode};
use crate::database::{Reason, Unavailable};

/// Length 8 and the code 80877103
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>, SSLRequest).
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Asks the server for TLS as its mode wants it.
pub(super) async fn secured(mut stream: TcpStream, server: &Server) -> Result<Stream, Unavailable> {
    if server.tls == TlsMode::Disable {
        return Ok(Stream::Plain(stream));
    }
    stream.write_all(&TLS_REQUEST).await?;
    match (stream.read_u8().await?, server.tls) {
        (b'S', _) => {}
        (b'N', TlsMode::Prefer) => return Ok(Stream::Plain(stream)),
        (b'N', _) => return Err(Unavailable::with(Reason::Certificate, "tls_not_offered")),
        _ => return Err(Unavailable::with(Reason::Protocol, "no_postgresql")),
    }
    let config = client_config(server).await?;
    let name = match &server.host {
        Host::Address(address) => ServerName::from(*address),
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| Unavailable::with(Reason::Certificate, "certificate_other_host"))?,
    };
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Stream::Tls(Box::new(stream)))
}

async fn client_config(server: &Server) -> Result<ClientConfig, Unavailable> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| of_tls(&error))?;
    let chain = match server.tls {
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => None,
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            let roots = Arc::new(trusted(server.root_certificates.as_deref()).await?);
            if server.tls == TlsMode::VerifyFull {
                return Ok(builder.with_root_certificates(roots).with_no_client_auth());
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
            Some(verifier.map_err(|_| Unavailable::with(Reason::Certificate, "sslrootcert_invalid"))?)
        }
    };
    let verifier = Arc::new(AnyHost { chain, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The authorities in the file alone, as libpq has it; the public ones where none is given.
async fn trusted(file: Option<&Path>) -> Result<RootCertStore, Unavailable> {
    let Some(file) = file else {
        return Ok(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()));
    };
    let unusable = |code| Unavailable::with(Reason::Certificate, code);
    let text = tokio::fs::read(file).await.map_err(|error| {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        unusable(if is_missing { "sslrootcert_missing" } else { "sslrootcert_unreadable" })
    })?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|_| unusable("sslrootcert_invalid"))?;
        roots.add(certificate).map_err(|_| unusable("sslrootcert_invalid"))?;
    }
    if roots.is_empty() { Err(unusable("sslrootcert_invalid")) } else { Ok(roots) }
}

/// Takes a certificate for any host: from an authority of `chain`, or from anyone where there is none. The contract lets that
/// be for servers on loopback only.
#[derive(Debug)]
struct AnyHost {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why TLS failed.
#[expect(clippy::wildcard_enum_match_arm, reason = "what the library may add is a failed handshake too")]
pub(in crate::database) fn of_tls(error: &Error) -> Unavailable {
    match error {
        Error::InvalidCertificate(error) => Unavailable::with(Reason::Certificate, of_certificate(error)),
        Error::NoCertificatesPresented => Unavailable::with(Reason::Certificate, "certificate_refused"),
        _ => Unavailable::with(Reason::Protocol, "tls_failed"),
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
        // The library below has names of its own for what it adds to no other enum.
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
