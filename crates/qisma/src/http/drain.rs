//! The rest of a refused request's body is read and dropped, so that its sender gets the answer and
//! not a reset: closing a socket that still has unread bytes throws away what we have written.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;

/// What is read of a body that nobody wants.
const DRAIN_BYTES_MAX: usize = 1_048_576;
/// How long it is read.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// What a handler leaves of a body.
pub struct Leftover {
    body: oneshot::Receiver<Rest>,
    /// The sender waits for our word before it sends; the answer is that word.
    awaits_continue: bool,
}

struct Rest {
    stream: BodyDataStream,
    was_read: bool,
}

/// Lends the body to the handler and keeps what it leaves. A request without a body costs nothing.
pub fn keep(request: Request) -> (Request, Option<Leftover>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let awaits_continue = request.headers().contains_key(EXPECT);
    let (giver, body) = oneshot::channel();
    let request = request.map(|body| {
        let rest = Rest { stream: body.into_data_stream(), was_read: false };
        Body::from_stream(Lent { rest: Some(rest), giver: Some(giver) })
    });
    (request, Some(Leftover { body, awaits_continue }))
}

/// Reads and drops what is left, up to the limits.
pub async fn drop_rest(leftover: Option<Leftover>) {
    let Some(mut leftover) = leftover else { return };
    // Nothing there: the handler read it all.
    let Ok(mut rest) = leftover.body.try_recv() else { return };
    if leftover.awaits_continue && !rest.was_read {
        return;
    }
    let drop_some = async {
        let mut bytes_left = DRAIN_BYTES_MAX;
        while let Some(Ok(chunk)) = rest.stream.next().await {
            match bytes_left.checked_sub(chunk.len()) {
                Some(left) => bytes_left = left,
                None => return,
            }
        }
    };
    // Whoever sends more, or slower, may see a reset.
    let _ = tokio::time::timeout(DRAIN_MAX, drop_some).await;
}

/// A body that is given back when it is dropped before its end.
struct Lent {
    rest: Option<Rest>,
    giver: Option<oneshot::Sender<Rest>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.was_read = true;
        let polled = rest.stream.poll_next_unpin(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(rest), Some(giver)) = (self.rest.take(), self.giver.take()) {
            // Nobody may be waiting, if the connection is gone.
            let _ = giver.send(rest);
        }
    }
}
