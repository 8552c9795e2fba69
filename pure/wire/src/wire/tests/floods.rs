//! Conversations that come to nothing, in great number.

use super::*;
use city::{Address, Flood};

fn floods(observations: &[Observation]) -> Vec<(Timestamp, &Flood)> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Flood(flood) => Some((it.time, flood.as_ref())),
            _ => None,
        })
        .collect()
}

/// Four thousand conversations in four seconds, each from an address of its own.
fn crowd(say: impl Fn(Talk) -> Talk) -> Frames {
    let mut frames = Frames::new();
    for number in 0..4_000_u32 {
        let source = format!("198.51.{}.{}:50000", number / 250, number % 250 + 1);
        let mut talk = Talk::between(&source, "192.0.2.20:502");
        talk.wait(i64::from(number));
        frames.extend(say(talk).frames);
    }
    frames.sort_by_key(|(time, _)| *time);
    frames
}

/// Something said much later.
fn later(milliseconds: i64) -> Frames {
    let mut talk = Talk::between("192.0.2.1:50000", "192.0.2.2:9999");
    talk.wait(milliseconds);
    talk.open().frames
}

#[test]
fn attempts_that_nobody_answers_are_told_as_a_flood_within_the_minute() {
    let frames = crowd(|mut talk| {
        talk.segment(Source, "S", b"");
        talk
    });
    let out = watch(&[frames.clone(), later(61_000)].concat());
    let [(time, flood)] = floods(&out)[..] else { panic!("one flood") };
    assert_eq!(time.duration_since(flood.start).as_secs(), 61);
    assert_eq!((flood.attempts, flood.port, flood.transport), (4_000, Some(502), Transport::Tcp));
    assert_eq!(flood.destination, Some(Address::Ip([192, 0, 2, 20].into())));
    assert!((3_000..=4_000).contains(&flood.sources), "{flood:?}");
    assert_eq!(flood.duration, SignedDuration::from_millis(3_999));
    // The end of a capture tells of what it ends.
    assert_eq!(floods(&watch(&frames)).len(), 1);
}

#[test]
fn half_open_conversations_are_told_as_a_flood_and_still_waited_for() {
    let frames = crowd(|mut talk| {
        talk.segment(Source, "S", b"");
        talk.segment(Destination, "SA", b"");
        talk
    });
    let out = watch(&[frames, later(61_000), later(200_000)].concat());
    let [(_, flood)] = floods(&out)[..] else { panic!("one flood, told once") };
    assert_eq!(flood.attempts, 4_000);
    let told: Vec<_> = conversations(&out).into_iter().filter(|it| it.flow.destination_port == 502).collect();
    assert_eq!(told.len(), 4_000);
    let end = out.iter().position(|it| matches!(it.fact, Observed::Conversation(_))).unwrap();
    assert!(out[end].time.duration_since(told[0].start).as_secs() >= 200, "{:?}", out[end]);
}

#[test]
fn a_crowd_that_is_served_is_no_flood() {
    let out = watch(&crowd(|talk| talk.open().say(Source, &line("one")).close()));
    assert_eq!(floods(&out), []);
    assert_eq!(conversations(&out).len(), 4_000);
}

#[test]
fn a_half_open_flood_does_not_wash_away_the_real_ones() {
    let config = Config { limits: Limits { conversations: 64, ..Limits::default() }, ..config() };
    let real = talk().open().say(Source, &line("one"));
    let flood = crowd(|mut talk| {
        talk.segment(Source, "S", b"");
        talk.segment(Destination, "SA", b"");
        talk
    });
    let mut more = real.clone();
    more.wait(10_000);
    let more = more.say(Source, &line("two")).frames.split_off(real.frames.len());
    let out = watch_with(config, &[real.frames, flood, more].concat());
    assert_eq!(heard(&out), [">one", ">two", ">end"]);
}

#[test]
fn what_is_unanswered_is_bounded_for_all_conversations_together() {
    let config = Config { limits: Limits { unanswered_bytes: 40 << 10, ..Limits::default() }, ..config() };
    let mut wire = Wire::new(config);
    let mut out = Vec::new();
    // Questions to a name server that nobody answers, from ever other ports.
    let mut question = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a'];
    question.extend(*b"\x07example\0\0\x01\0\x01");
    for number in 0..2_000_i64 {
        let mut talk = Talk::between(&format!("192.0.2.1:{}", 50_000 + number / 20), "192.0.2.2:53");
        talk.wait(number);
        for (time, bytes) in talk.datagram(Source, &question).frames {
            let length = bytes.len() as u32;
            wire.see(&Frame { time, link: LinkType(1), bytes: &bytes, length }, &mut out);
        }
        assert!(wire.unanswered.used() <= 40 << 10);
    }
    assert!(requests(&out).len() > 1_000, "the oldest are told before the end");
    wire.finish(&mut out);
    assert_eq!((wire.unanswered.used(), wire.remembered), (0, 0));
    assert_eq!(requests(&out).len(), 2_000, "none is lost");
}
