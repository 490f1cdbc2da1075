//! The gateway speaks https itself where it is given a certificate.

use qisma::outbound::install_tls_provider;
use reqwest::Certificate;

use crate::test_app::{Reply, TestApp};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/api/tls");

#[tokio::test]
async fn with_a_certificate_the_gateway_speaks_https_and_nothing_else() {
    install_tls_provider();
    let (cert, key) = (format!("{FILES}/cert.pem"), format!("{FILES}/key.pem"));
    let files = [("QISMA__HTTP__TLS_CERT", cert.as_str()), ("QISMA__HTTP__TLS_KEY", key.as_str())];
    let app = TestApp::with_settings(&files).await;
    let address = app.url.trim_start_matches("http://");
    let root = Certificate::from_pem(&std::fs::read(&cert).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let reply = Reply::of(client.get(format!("https://{address}/health"))).await;
    assert_eq!(
        (reply.status, reply.header("strict-transport-security")),
        (200, "max-age=63072000")
    );
    assert!(client.get(format!("http://{address}/health")).send().await.is_err());
}
