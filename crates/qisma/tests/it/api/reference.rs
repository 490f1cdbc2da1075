//! The documentation that the gateway serves itself.

use reqwest::Method;

use crate::test_app::{Reply, TestApp};

async fn get(app: &TestApp, path: &str) -> Reply {
    Reply::of(app.request(Method::GET, path)).await
}

#[tokio::test]
async fn the_document_is_the_one_that_is_kept_with_the_code() {
    let app = TestApp::start().await;
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json"));
    assert_eq!(get(&app, "/openapi.json").await.body, kept.unwrap());
}

#[tokio::test]
async fn the_page_names_every_endpoint_and_every_error() {
    let app = TestApp::start().await;
    let page = get(&app, "/docs").await.body;
    let document = get(&app, "/openapi.json").await.json();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(&format!(" {path}</code></h2>")), "{path}");
    }
    for code in qisma::http::error::ErrorCode::ALL {
        assert!(page.contains(&format!("<code>{}</code>", code.as_str())), "{code:?}");
    }
}

#[tokio::test]
async fn every_link_of_the_page_leads_somewhere() {
    let app = TestApp::start().await;
    let page = get(&app, "/docs").await.body;
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{link}"),
            None => assert_eq!(get(&app, link).await.status, 200, "{link}"),
        }
    }
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_run_nothing() {
    let app = TestApp::start().await;
    let reply = get(&app, "/docs").await;
    assert!(
        reply.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'")
    );
    assert!(!reply.body.contains("<script") && !reply.body.contains("src=\"http"));
}
