//! Letting peers read: who they are by the plan, and what each may see.

use super::{Ground, pushed::Pushed, read, share::COLLECTION};
use crate::failure::warn;
use anyhow::Context;
use city::{Doubt, DoubtKind, Observed, Received, Text};
use exchange::{Collection, Login, Requester, Sharing, server::Given};
use plan::Plan;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, thread, time::Duration};
use store::intelligence::Audience;
use tokio::sync::mpsc;
use vault::Secret;

/// How many envelopes that were taken may wait to be told of.
const GIVEN_MAX: usize = 64;

/// What is shared by a plan, and with whom. Whose secret cannot be read may not read.
pub(super) fn sharing(plan: Option<&Plan>) -> Sharing {
    let mut sharing = Sharing {
        collections: vec![Collection {
            id: COLLECTION.to_owned(),
            title: "What this city shares".to_owned(),
            description: "Signs of attacks seen here, and defences that worked against them".to_owned(),
            readers: Audience::Everybody,
            takes: false,
            audience: Audience::Everybody,
        }],
        ..Sharing::default()
    };
    let Some(plan) = plan else { return sharing };
    sharing.title = plan.settings().name.to_string();
    for peer in plan.peers() {
        let Some(admit) = &peer.admit else { continue };
        let login = match Secret::read(admit).map(|secret| Login::parse(secret.reveal())) {
            Ok(Ok(login)) => login,
            Ok(Err(cause)) => {
                warn(format_args!("`{}` may not read: the secret {admit}: {cause}", peer.id.as_str()));
                continue;
            }
            Err(cause) => {
                warn(format_args!("`{}` may not read: {cause}", peer.id.as_str()));
                continue;
            }
        };
        let alone = BTreeSet::from([peer.id.as_str().to_owned()]);
        if peer.may_write {
            sharing.collections.push(Collection {
                id: own_collection(peer.id.as_str()),
                title: format!("What {} tells this city", peer.name),
                description: String::new(),
                readers: Audience::Groups(alone.clone()),
                takes: true,
                audience: Audience::Groups(alone.clone()),
            });
        }
        sharing.requesters.push(Requester {
            id: peer.id.as_str().to_owned(),
            login,
            ceiling: peer.shown,
            groups: alone,
            may_write: peer.may_write,
        });
    }
    sharing
}

/// The collection into which a peer writes: a UUID (RFC 9562 clause 5.8) that only its id decides.
pub(super) fn own_collection(peer: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("bastide-collection/1\n{peer}").as_bytes()).into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    super::share::uuid_of(bytes, 8)
}

/// How long it may take until it is looked whether something was pushed that nobody told of.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Tells the loop of what peers added, and has their defences judged.
pub(super) fn given(ground: &Ground) -> anyhow::Result<mpsc::Sender<Given>> {
    let (sender, mut received) = mpsc::channel::<Given>(GIVEN_MAX);
    let (messages, runtime) = (ground.messages.clone(), ground.runtime.clone());
    let mut pushed = Pushed::new(ground.clone());
    // A thread of its own: the loop may be busy and a rehearsal long, and the runtime must not wait for them.
    thread::Builder::new()
        .name("pushed".into())
        .spawn(move || {
            // What was pushed before the last stop comes first.
            pushed.look();
            loop {
                let given =
                    runtime.block_on(async { tokio::time::timeout(LOOK_EVERY, received.recv()).await });
                match given {
                    Ok(Some(given)) => {
                        if let Err(cause) = read::tell(&messages, of_given(&given)) {
                            warn(format_args!("what `{}` added was not told of: {cause:#}", given.by));
                        }
                    }
                    Ok(None) => return,
                    Err(_) => {}
                }
                pushed.look();
            }
        })
        .context("no thread could be made")?;
    Ok(sender)
}

fn of_given(given: &Given) -> Observed {
    let refused = given.refused.first().map(|(id, why)| Doubt {
        kind: DoubtKind::Malformed,
        count: given.refused.len() as u64,
        example: Text::from(format!("{id}: {why}")),
    });
    Observed::Received(Box::new(Received {
        source: Text::from(&given.by),
        new: given.new as u64,
        known: given.known as u64,
        watched: 0,
        withdrawn: 0,
        doubts: refused.into_iter().collect(),
    }))
}
