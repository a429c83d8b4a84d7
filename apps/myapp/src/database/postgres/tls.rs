//! TLS as defined by PostgreSQL: negotiated on an open connection, in the mode of `sslmode`.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::backend::{self, Stream, TlsFault, trusted};
use crate::database::server::{Server, TlsMode};
use crate::database::{DatabaseError, Reason};

/// Length 8 and the code 80877103
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>, SSLRequest).
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Negotiates TLS with the server according to its mode.
pub(super) async fn secured(mut stream: TcpStream, server: &Server) -> Result<Stream, DatabaseError> {
    if server.tls == TlsMode::Disable {
        return Ok(Stream::Plain(stream));
    }
    stream.write_all(&TLS_REQUEST).await?;
    match (stream.read_u8().await?, server.tls) {
        (b'S', _) => {}
        (b'N', TlsMode::Prefer) => return Ok(Stream::Plain(stream)),
        (b'N', _) => return Err(TlsFault::NOT_OFFERED.into()),
        _ => return Err(DatabaseError::with(Reason::Protocol, "no_postgresql")),
    }
    let config = client_config(server).await?;
    Ok(backend::connect(stream, &server.host, config).await?)
}

async fn client_config(server: &Server) -> Result<ClientConfig, DatabaseError> {
    let provider = Arc::new(ring::default_provider());
    let chain = match server.tls {
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => None,
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            let roots = trusted(server.root_certificates.as_deref()).await?;
            if server.tls == TlsMode::VerifyFull {
                return Ok(backend::client_config(roots)?);
            }
            let verifier =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
            Some(verifier.map_err(|_| TlsFault::INVALID_ROOTS)?)
        }
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::from(&error))?;
    let verifier = Arc::new(AnyHost { chain, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Accepts a certificate for any host: from an authority of `chain`, or from any issuer without a chain. The contract permits
/// this for servers on loopback only.
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
