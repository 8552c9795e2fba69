//! Whole conversations, frame by frame.

use crate::dialogue::Side::{Destination, Source};
use crate::rehearse::{Talk, config};
use crate::{Frame, LinkType, Wire};
use city::{ConnectionState, Conversation, Observation, Observed};
use jiff::Timestamp;

fn watch(frames: &[(Timestamp, Vec<u8>)]) -> Vec<Observation> {
    let mut wire = Wire::new(config());
    let mut out = Vec::new();
    for (time, bytes) in frames {
        let frame = Frame { time: *time, link: LinkType(1), bytes, length: bytes.len() as u32 };
        wire.see(&frame, &mut out);
    }
    wire.finish(&mut out);
    out
}

fn conversations(observations: &[Observation]) -> Vec<&Conversation> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Conversation(conversation) => Some(conversation.as_ref()),
            _ => None,
        })
        .collect()
}

fn talk() -> Talk {
    Talk::between("192.0.2.10:49152", "192.0.2.20:9999")
}

#[test]
fn a_connection_is_told_of_from_its_first_packet_to_its_last() {
    let talk = talk().open().say(Source, b"hello").say(Destination, b"good day").close();
    let out = watch(&talk.frames);
    assert!(matches!(out[0].fact, Observed::Opened(_)));
    let [told] = conversations(&out)[..] else { panic!("{out:?}") };
    assert_eq!(told.state, ConnectionState::Sf);
    assert_eq!((told.packets_out, told.packets_in), (6, 4));
    assert_eq!((told.bytes_out, told.bytes_in), (5, 8));
    assert_eq!(told.missed_bytes, 0);
    assert!(told.ended);
    assert!(!out.iter().any(|it| matches!(it.fact, Observed::Loss(_))), "{out:?}");
}
