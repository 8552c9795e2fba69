//! Where no firewall is connected: each order is answered with why it could not be done.

use crate::engine::{Containing, Message};
use city::{Response, Text};
use std::{
    io,
    sync::mpsc::{SyncSender, channel},
    thread,
};

/// Why nothing can be done here.
const WHY: &str = "no firewall is connected to Bastide";

/// Answers the orders of a loop that has nobody to carry them out.
pub(crate) fn containing(messages: &SyncSender<Message>) -> io::Result<Containing> {
    let messages = messages.clone();
    let (orders, waiting) = channel::<u64>();
    // On a thread of its own: the loop must never wait for room among its own messages.
    thread::Builder::new().name("unenforced".into()).spawn(move || {
        for number in waiting {
            if messages.send(Message::Answered(number, Some(Text::const_new(WHY)))).is_err() {
                return;
            }
        }
    })?;
    Ok(Box::new(move |response: &Response| {
        // The thread is gone only when everything ends.
        let _ = orders.send(response.number);
    }))
}
