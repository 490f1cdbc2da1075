//! The listener: how long a client may take, how many may come at once, and how we stop.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::extract::Extension;
use axum::middleware::AddExtension;
use axum_server::Handle;
use axum_server::Server;
use axum_server::accept::{Accept, DefaultAcceptor, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Layer;

use super::router;
use crate::config::TlsFiles;
use crate::gateway::Gateway;

/// How long the head of a request may take to arrive, also between two requests of a connection.
const HEAD_READ_MAX: Duration = Duration::from_secs(10);
/// How long a new connection may take to send its first request.
const FIRST_REQUEST_MAX: Duration = Duration::from_secs(10);
/// How long requests under way may take to finish once we stop.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// Bytes of a request's head, and of what is read ahead of a body.
const HEAD_BYTES_MAX: usize = 65_536;

/// Serves the gateway until shutdown; then finishes what has begun. Only HTTP/1.1 is spoken: it is
/// what every Flouci client uses, and a proxy in front can speak the rest.
pub async fn serve(
    gateway: Gateway,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let http = &gateway.config.http;
    let connections = Arc::new(Semaphore::new(http.connections_max));
    let tls = http.tls.as_ref().map(tls_config).transpose()?;
    let handle = Handle::new();
    let server = axum_server::from_tcp(listener).context("the listener could not be used")?;
    let server = bounded(server, &handle);
    let app = router::router(gateway).into_make_service_with_connect_info::<SocketAddr>();

    let stopping = {
        let handle = handle.clone();
        async move {
            shutdown.cancelled().await;
            handle.graceful_shutdown(Some(DRAIN_MAX));
        }
    };
    let stopping = tokio::spawn(stopping);
    let ended = match tls {
        None => server.acceptor(Capped::new(NoDelayAcceptor, connections)).serve(app).await,
        Some(config) => {
            let tls = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor);
            server.acceptor(Capped::new(tls, connections)).serve(app).await
        }
    };
    stopping.abort();
    ended.context("the server stopped")
}

fn bounded(
    server: Server<SocketAddr, DefaultAcceptor>,
    handle: &Handle<SocketAddr>,
) -> Server<SocketAddr, DefaultAcceptor> {
    let mut server =
        server.http1_only().handle(handle.clone()).first_request_timeout(FIRST_REQUEST_MAX);
    server.http_builder().http1().header_read_timeout(HEAD_READ_MAX).max_buf_size(HEAD_BYTES_MAX);
    server
}

fn tls_config(files: &TlsFiles) -> anyhow::Result<RustlsConfig> {
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("http.tls_cert: {} cannot be read", files.cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("http.tls_key: {} cannot be read", files.key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS 1.2 and 1.3 are built in")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("http.tls_cert and http.tls_key do not belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// Lets in so many connections; one too many is closed at once, which a client may try again.
#[derive(Clone)]
struct Capped<A> {
    inner: A,
    permits: Arc<Semaphore>,
}

impl<A> Capped<A> {
    const fn new(inner: A, permits: Arc<Semaphore>) -> Self {
        Self { inner, permits }
    }
}

/// A place among the connections, held by the connection's own copy of the service until it ends.
type Place = Extension<Arc<OwnedSemaphorePermit>>;
type Accepted<A, I, S> = (
    <A as Accept<I, S>>::Stream,
    AddExtension<<A as Accept<I, S>>::Service, Arc<OwnedSemaphorePermit>>,
);
type Accepting<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl<I, S, A> Accept<I, S> for Capped<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
    A::Stream: Send,
    A::Service: Send,
{
    type Stream = A::Stream;
    type Service = AddExtension<A::Service, Arc<OwnedSemaphorePermit>>;
    type Future = Accepting<Accepted<A, I, S>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let Ok(permit) = self.permits.clone().try_acquire_owned() else {
            metrics::counter!("qisma_http_connections_refused_total").increment(1);
            return Box::pin(async { Err(io::Error::other("too many connections")) });
        };
        let accepting = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let place: Place = Extension(Arc::new(permit));
            Ok((stream, place.layer(service)))
        })
    }
}
