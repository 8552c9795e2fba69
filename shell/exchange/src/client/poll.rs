//! Reading what is new in a collection (§5.4).

use super::{
    Client, Fault, Remote,
    progress::{Progress, Resume, Step, Stop, Told},
};
use crate::envelope::Envelope;
use adapt::stix::Document;
use city::{Doubt, DoubtKind, Received, Text};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::time::Instant;
use store::{
    Intelligence, IntelligenceError,
    intelligence::{Added, Filing},
};
use tokio::runtime::Handle;

/// How many refused objects are told of one by one.
const REFUSED_MAX: usize = 100;

/// What came of a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// How many pages were read.
    pub pages: usize,
    /// How many objects were new here.
    pub new: u64,
    /// How many were known.
    pub known: u64,
    /// How many were refused.
    pub refused: u64,
    /// The first hundred of them: which, and why.
    pub why: Vec<(String, String)>,
    /// What was wrong with it all, each kind once.
    pub doubts: Vec<Doubt>,
    /// Why it stopped before the end, if it did.
    pub stopped: Option<Stop>,
    /// Where the next one goes on. To be kept once what was taken is kept.
    pub resume: Resume,
}

impl Poll {
    /// The same as an observation. What is matched because of it is for whoever matches to say.
    #[must_use]
    pub fn received(&self, source: &str) -> Received {
        Received {
            source: Text::new(source),
            new: self.new,
            known: self.known,
            watched: 0,
            withdrawn: 0,
            doubts: self.doubts.clone(),
        }
    }

    fn refuse(&mut self, id: &str, why: String) {
        self.refused += 1;
        if self.why.len() < REFUSED_MAX {
            self.why.push((id.to_owned(), why));
        }
    }
}

/// What became of a page's objects with whoever took them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many were new.
    pub new: u64,
    /// How many were known.
    pub known: u64,
    /// Which were refused, and why.
    pub refused: Vec<(String, String)>,
}

impl Client {
    /// Reads what is new in a collection and hands it on page by page. Blocks until it is done.
    ///
    /// A server that cannot be read is no error: what was read before counts, and [`Poll::stopped`] says the rest.
    ///
    /// # Errors
    /// What `take` returns: what was handed on could not be kept. The next poll begins where this one did.
    pub fn poll<E>(
        &self,
        collection: &Remote,
        from: &Resume,
        mut take: impl FnMut(&[Document]) -> Result<Taken, E>,
    ) -> Result<Poll, E> {
        let until = Instant::now() + self.limits.time;
        let objects = collection.address.beneath("objects/");
        let mut progress = Progress::new(from.clone());
        let (mut poll, mut count) = (Poll::default(), 0);
        let mut resumed = from.next.is_some();
        poll.stopped = loop {
            if poll.pages >= self.limits.pages || count >= self.limits.objects || Instant::now() >= until {
                break Some(Stop::Enough);
            }
            let mut parameters = vec![("limit", self.limits.page_objects.to_string())];
            parameters.extend(
                progress.asked().added_after.map(|time| ("added_after", crate::taxii::timestamp(time))),
            );
            parameters.extend(progress.asked().next.clone().map(|next| ("next", next)));
            let fetched = match self.fetcher.fetch(&objects.asking(&parameters), until) {
                Ok(fetched) => fetched,
                // A cursor from last time that is not known any more.
                Err(Fault::Other { .. } | Fault::Missing { .. }) if resumed => {
                    resumed = false;
                    progress.forget_cursor();
                    continue;
                }
                Err(fault) => {
                    progress.doubt(fault.doubt(), &fault.to_string());
                    break Some(Stop::Fault(fault));
                }
            };
            resumed = false;
            poll.pages += 1;
            let envelope = match Envelope::read(&fetched.body) {
                Ok(envelope) => envelope,
                Err(why) => {
                    let fault = Fault::Unreadable { url: fetched.url, why };
                    progress.doubt(fault.doubt(), &fault.to_string());
                    break Some(Stop::Fault(fault));
                }
            };
            let told = Told {
                digest: Sha256::digest(&fetched.body).into(),
                objects: envelope.objects.len(),
                more: envelope.more,
                next: envelope.next,
                first: fetched.first,
                last: fetched.last,
            };
            drop(fetched.body);
            count += told.objects;
            let mut fit = Vec::with_capacity(told.objects);
            for object in envelope.objects {
                match object {
                    Ok(document) => fit.push(document),
                    Err(unfit) => {
                        progress.doubt(DoubtKind::Malformed, &format!("{}: {}", unfit.id, unfit.why));
                        poll.refuse(&unfit.id, unfit.why);
                    }
                }
            }
            let taken = take(&fit)?;
            poll.new += taken.new;
            poll.known += taken.known;
            for (id, why) in taken.refused {
                progress.doubt(DoubtKind::TooLarge, &format!("{id}: {why}"));
                poll.refuse(&id, why);
            }
            match progress.page(&told, Timestamp::now()) {
                Step::Ask(_) => {}
                Step::Done(stop) => break stop,
            }
        };
        poll.doubts = progress.doubts().to_vec();
        poll.resume = progress.resume(poll.stopped.is_none());
        Ok(poll)
    }
}

/// Keeps what a poll hands on, from a thread that is none of the runtime's.
pub fn take_in<'s>(
    store: &'s Intelligence,
    runtime: &'s Handle,
    filing: &'s Filing,
) -> impl FnMut(&[Document]) -> Result<Taken, IntelligenceError> + 's {
    move |documents| {
        let values: Vec<_> = documents.iter().map(Document::value).collect();
        let outcome = runtime.block_on(store.add(&values, filing, Timestamp::now()))?;
        let mut taken = Taken::default();
        for (added, value) in outcome.iter().zip(values) {
            match added {
                Added::New { .. } => taken.new += 1,
                Added::Known => taken.known += 1,
                Added::Refused(why) => {
                    let id = value.get("id").and_then(|id| id.as_str()).unwrap_or("an object");
                    taken.refused.push((id.chars().take(300).collect(), why.to_string()));
                }
            }
        }
        Ok(taken)
    }
}
