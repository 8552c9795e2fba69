//! Telling open pages that the city changed: server-sent events (HTML Living Standard, 9.2).

use crate::{door::Visitor, refusal::Refusal, state::State};
use axum::{
    body::{Body, Bytes},
    extract::State as Reached,
    http::header,
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::Instant,
};

/// The least time between two messages to one page.
const PACE: Duration = Duration::from_secs(1);
/// How long a stream may be silent before a comment keeps it open.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a stream lasts. The browser asks again at once; whoever was signed out since is then refused.
const LIFE: Duration = Duration::from_secs(300);

/// A stream of the numbers of changes. It begins with the number of the latest, so that a page that was away knows
/// whether it missed any.
pub(crate) async fn events(Reached(state): Reached<State>, _: Visitor) -> Result<Response, Refusal> {
    let place = state.streams().try_acquire_owned().map_err(|_| {
        Refusal::Unavailable(
            "Too many pages are kept up to date already. This one stands still until some are closed.",
        )
    })?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(tell([state.changes(), state.rehearsals().changes(), state.ticks()], sender));
    let body = Body::new(Changes { receiver, _place: place });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// Tells of changes of the city, of rehearsals and of restorations, by the sum of their numbers: it grows whenever one of
/// them does.
async fn tell(
    [mut changes, mut rehearsals, mut ticks]: [watch::Receiver<u64>; 3],
    sender: mpsc::Sender<Bytes>,
) {
    let end = Instant::now() + LIFE;
    let mut number = sum(&mut changes, &mut rehearsals, &mut ticks);
    let mut message = format!("retry: 1000\nevent: change\ndata: {number}\n\n");
    while sender.send(Bytes::from(message)).await.is_ok() && Instant::now() < end {
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(PACE) => {}
        }
        message = tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(SILENCE) => ": still here\n\n".to_owned(),
            changed = async { tokio::select! {
                c = changes.changed() => c, r = rehearsals.changed() => r, t = ticks.changed() => t
            } } => {
                if changed.is_err() {
                    return;
                }
                number = sum(&mut changes, &mut rehearsals, &mut ticks);
                format!("event: change\ndata: {number}\n\n")
            }
        };
    }
}

fn sum(a: &mut watch::Receiver<u64>, b: &mut watch::Receiver<u64>, c: &mut watch::Receiver<u64>) -> u64 {
    *a.borrow_and_update() + *b.borrow_and_update() + *c.borrow_and_update()
}

/// The body of a stream. Dropping it gives its place to another page.
struct Changes {
    receiver: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl hyper::body::Body for Changes {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver.poll_recv(context).map(|message| message.map(|bytes| Ok(Frame::data(bytes))))
    }
}
