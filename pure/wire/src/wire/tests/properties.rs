//! What must not change what is heard: how a stream is cut, the order and repetition of its segments, and chance.

use super::*;
use proptest::prelude::*;

/// How a stream is sent: cuts, swaps of neighbours, repeats, overlaps.
#[derive(Clone, Debug)]
struct Sending {
    cuts: Vec<u8>,
    swaps: Vec<u8>,
    again: Vec<u8>,
    overlap: u8,
}

fn sending() -> impl Strategy<Value = Sending> {
    let few = || prop::collection::vec(any::<u8>(), 0..12);
    (few(), few(), few(), 0..8_u8).prop_map(|(cuts, swaps, again, overlap)| Sending {
        cuts,
        swaps,
        again,
        overlap,
    })
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-z]{0,20}", 1..12)
}

/// The stream's segments as that sending has them: where each begins and what it holds.
fn segments(stream: &[u8], sending: &Sending) -> Vec<(usize, Vec<u8>)> {
    let mut cuts: Vec<usize> = sending
        .cuts
        .iter()
        .map(|cut| usize::from(*cut) * stream.len() / 256)
        .chain([0, stream.len()])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut parts: Vec<(usize, Vec<u8>)> = cuts
        .windows(2)
        .map(|pair| {
            // A segment may repeat the end of the one before.
            let from = pair[0].saturating_sub(usize::from(sending.overlap));
            (from, stream[from..pair[1]].to_vec())
        })
        .collect();
    for again in &sending.again {
        let part = parts[usize::from(*again) % parts.len()].clone();
        parts.insert(usize::from(*again) * parts.len() / 256, part);
    }
    for swap in &sending.swaps {
        let at = usize::from(*swap) % parts.len();
        let other = (at + 1) % parts.len();
        parts.swap(at, other);
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_is_heard_whole_however_it_is_sent(texts in texts(), sending in sending(), wrap: bool) {
        let stream: Vec<u8> = texts.iter().flat_map(|text| line(text)).collect();
        let begin = if wrap { u32::MAX - 20 } else { 1_000 };
        let mut talk = talk().sequences(begin, 5).open();
        for (at, bytes) in segments(&stream, &sending) {
            talk.segment_at(Source, "A", begin.wrapping_add(1 + at as u32), &bytes);
        }
        talk.skip(Source, stream.len() as u32);
        talk.segment(Destination, "A", b"");
        let out = watch(&talk.close().frames);
        let expected: Vec<String> = texts.iter().map(|text| format!(">{text}")).chain([">end".into()]).collect();
        prop_assert_eq!(heard(&out), expected);
        let told = only(&out);
        prop_assert_eq!(told.bytes_out, stream.len() as u64);
        prop_assert_eq!(told.state, ConnectionState::Sf);
    }

    #[test]
    fn a_missing_piece_costs_no_more_than_itself(texts in texts(), at: u8, length in 1..60_usize) {
        // A blob of every letter between the messages; the piece that is missing lies in it.
        let before: Vec<u8> = texts.iter().flat_map(|text| line(text)).collect();
        let blob = [b"L\xff".to_vec(), vec![b'L'; 256]].concat();
        let stream = [&before[..], &blob, &before].concat();
        let from = before.len() + 3 + usize::from(at) % 190;
        let mut talk = talk().open().say(Source, &stream[..from]);
        talk.skip(Source, length as u32);
        let out = watch(&talk.say(Source, &stream[from + length..]).close().frames);
        let twice = texts.iter().chain(&texts).map(|text| format!(">{text}"));
        prop_assert_eq!(heard(&out), twice.chain([">end".to_owned()]).collect::<Vec<_>>());
        prop_assert_eq!(only(&out).missed_bytes, length as u64);
    }

    #[test]
    fn chance_never_shows(
        seeds: (u64, u64),
        talks in prop::collection::vec((1..40_u16, 1..4_u8, any::<bool>(), 0..90_000_i64), 1..40),
    ) {
        let mut frames = Frames::new();
        for (port, host, tcp, wait) in talks {
            let mut talk = Talk::between(&format!("192.0.2.{host}:{}", 50_000 + port), "192.0.2.20:9999");
            talk.wait(wait);
            let talk = if tcp { talk.open().say(Source, &line("one")) } else { talk.datagram(Source, &line("two")) };
            frames.extend(talk.frames);
        }
        frames.sort_by_key(|(time, _)| *time);
        let limits = Limits { conversations: 16, ..Limits::default() };
        let with = |seed| watch_with(Config { seed, limits, ..config() }, &frames);
        prop_assert_eq!(with(seeds.0), with(seeds.1));
    }
}
