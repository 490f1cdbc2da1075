//! A receiver of webhooks: it shows each request to the test and answers as it was told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Longer than anything here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    RetryAfter(u16, String),
    Never,
}

/// A receiver that ends with the test.
pub struct Receiver {
    pub address: SocketAddr,
    requests: UnboundedReceiver<Request>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Receiver {
    /// Answers 200 to whatever it was not told an answer for.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, requests) = unbounded_channel();
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let told = answers.clone();
        let router = Router::new().fallback(
            async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let body = String::from_utf8(body.to_vec()).unwrap();
                answer(&seen, &told, Request { method, uri, headers, body }).await
            },
        );
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, requests, answers }
    }

    /// Where it listens, followed by a path and a query.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Tells what to answer to the next requests, in order.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// The next request, which must come.
    pub async fn next(&mut self) -> Request {
        let next = tokio::time::timeout(PATIENCE, self.requests.recv()).await;
        next.expect("a webhook arrives").expect("the receiver runs")
    }

    /// Whether no request has arrived that the test did not take.
    pub fn is_quiet(&self) -> bool {
        self.requests.is_empty()
    }
}

async fn answer(
    seen: &UnboundedSender<Request>,
    told: &Mutex<VecDeque<Answer>>,
    request: Request,
) -> Response {
    let answer = told.lock().unwrap().pop_front().unwrap_or(Answer::Status(200));
    // The test may be over.
    let _ = seen.send(request);
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::RetryAfter(status, wish) => {
            (StatusCode::from_u16(status).unwrap(), [("retry-after", wish)]).into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}
