//! Streams with segments missing, early, late, twice and overlapping.

use super::*;

/// A connection whose segments from the source are these: where they begin, counted from the first byte, and what
/// they hold. Then the destination acknowledges everything.
fn segments(parts: &[(u32, &[u8])]) -> Talk {
    let mut talk = talk().open();
    let mut end = 0;
    for (at, bytes) in parts {
        talk.segment_at(Source, "A", 1_001 + at, bytes);
        end = end.max(at + bytes.len() as u32);
    }
    talk.skip(Source, end);
    talk.segment(Destination, "A", b"");
    talk
}

#[test]
fn early_segments_wait() {
    let all = [line("one"), line("two"), line("three")].concat();
    let talk = segments(&[(0, &all[..3]), (10, &all[10..]), (7, &all[7..10]), (3, &all[3..7])]);
    assert_eq!(heard(&watch(&talk.frames)), [">one", ">two", ">three", ">end"]);
}

#[test]
fn what_came_first_wins() {
    let talk = segments(&[(0, b"L\x04ab"), (2, b"XXcd"), (5, b"YL\x02e"), (8, b"ef")]);
    assert_eq!(heard(&watch(&talk.frames)), [">abcd", ">ef", ">end"]);
    // Also among segments that came early.
    let talk = segments(&[(0, b"L"), (4, b"cdL\x01"), (2, b"abXX"), (1, b"\x04"), (8, b"e")]);
    assert_eq!(heard(&watch(&talk.frames)), [">abcd", ">e", ">end"]);
}

#[test]
fn a_gap_is_told_once_the_other_end_has_what_is_missing() {
    let talk = segments(&[(0, &line("one")), (9, &line("three"))]);
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">one", ">gap of 4", ">three", ">end"]);
    assert_eq!(only(&out).missed_bytes, 4);
    // And, if it never says so, at the end.
    let mut silent = segments(&[(0, &line("one")), (9, &line("three"))]);
    silent.frames.pop();
    assert_eq!(heard(&watch(&silent.frames)), [">one", ">gap of 4", ">three", ">end"]);
}

#[test]
fn a_gap_is_given_up_when_too_much_would_have_to_be_held() {
    let limits = Limits { reorder_bytes: 100, ..Limits::default() };
    let config = Config { limits, ..config() };
    let talk = segments(&[(0, &line("one")), (9, &line("three")), (16, &line("four")), (5, b"late")]);
    let out = watch_with(config, &talk.frames);
    assert_eq!(heard(&out), [">one", ">gap of 4", ">three", ">four", ">end"]);
    assert_eq!(losses(&out), [(LossKind::TableFull, 4)]);
}

#[test]
fn sequence_numbers_wrap() {
    let mut talk = talk().sequences(u32::MAX - 5, u32::MAX).open();
    for _ in 0..10 {
        talk = talk.say(Source, &line("one")).say(Destination, &line("two"));
    }
    let out = watch(&talk.close().frames);
    assert_eq!(heard(&out).len(), 21);
    assert_eq!((only(&out).bytes_out, only(&out).bytes_in), (50, 50));
}

#[test]
fn a_stream_is_picked_up_in_the_middle() {
    let mut talk = talk().say(Source, b"ddle of something").say(Destination, b"else");
    talk = talk.say(Source, &line("one")).say(Destination, &line("two"));
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">one", "<two", ">end"]);
    assert_eq!(only(&out).state, ConnectionState::Oth);
}

#[test]
fn data_with_syn_and_with_fin_is_heard() {
    let mut talk = talk();
    talk.segment(Source, "S", &line("one"));
    talk.segment(Destination, "SA", b"");
    talk.segment(Source, "FA", &line("two"));
    talk.segment(Destination, "FA", &line("three"));
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">one", ">two", "<three", ">end"]);
    assert_eq!((only(&out).state, only(&out).bytes_out), (ConnectionState::Sf, 10));
}

#[test]
fn keep_alives_change_nothing() {
    let mut talk = talk().open().say(Source, &line("one"));
    let next = 1_001 + 5;
    talk.segment_at(Source, "A", next - 1, b"");
    talk.segment_at(Source, "A", next - 1, b"\0");
    talk.segment(Destination, "A", b"");
    let out = watch(&talk.say(Source, &line("two")).frames);
    assert_eq!(heard(&out), [">one", ">two", ">end"]);
    assert_eq!((only(&out).bytes_out, only(&out).missed_bytes), (10, 0));
}

#[test]
fn what_is_skipped_may_come_later_or_never() {
    let blob = [b"L\xff".to_vec(), vec![7; 256]].concat();
    let whole = talk().open().say(Source, &blob).say(Source, &line("one"));
    assert_eq!(heard(&watch(&whole.frames)), [">one", ">end"]);

    let mut torn = talk().open().say(Source, &blob[..10]);
    torn.skip(Source, 248);
    let torn = torn.say(Source, &line("one"));
    assert_eq!(heard(&watch(&torn.frames)), [">one", ">end"]);
}

#[test]
fn a_dialogue_that_is_lost_is_not_asked_again() {
    let talk = talk().open().say(Source, &line("one")).say(Source, b"noise").say(Source, &line("two"));
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">one", ">end"]);
    let [noise] = unread(&out)[..] else { panic!("{out:?}") };
    assert_eq!(
        (noise.protocol, noise.count, noise.sample.as_str()),
        (Some(Protocol::Modbus), 2, "..........")
    );
}

#[test]
fn an_opening_is_kept_until_it_is_recognised() {
    let talk = talk().open().say(Source, b"L").say(Source, b"\x03on").say(Source, b"e");
    assert_eq!(heard(&watch(&talk.frames)), [">one", ">end"]);
}

#[test]
fn a_reader_that_hopes_for_more_holds_nobody_up_for_long() {
    static UNSURE: &[Reader] = &[
        Reader { protocol: Protocol::Mqtt, recognise: |_| Recognition::More, open: || Box::new(Lines) },
        Reader {
            protocol: Protocol::Modbus,
            recognise: |opening| match opening.first_bytes() {
                [b'L', ..] => Recognition::Yes(Sureness::ByPort),
                _ => Recognition::No,
            },
            open: || Box::new(Lines),
        },
    ];
    /// After how many frames it is known what is spoken.
    fn known_after(frames: &[(Timestamp, Vec<u8>)]) -> Option<usize> {
        let mut wire = Wire::with_readers(config(), UNSURE);
        let mut out = Vec::new();
        frames.iter().position(|(time, bytes)| {
            wire.see(&Frame { time: *time, link: LinkType(1), bytes, length: bytes.len() as u32 }, &mut out);
            out.iter().any(|it| matches!(&it.fact, Observed::Recognised(flow) if flow.protocol == Some(Protocol::Modbus)))
        })
    }
    let said = |pieces: &[(Side, &[u8])]| {
        let talk = pieces.iter().fold(talk().open(), |talk, (side, bytes)| talk.say(*side, bytes));
        known_after(&talk.frames)
    };
    let one = line("one");
    let alone = said(&[(Source, &one)]);
    let answered = said(&[(Source, &one), (Destination, b"!"), (Source, &one)]);
    let grown = said(&[(Source, &one), (Source, &line(&"x".repeat(254))), (Source, &line(&"x".repeat(254)))]);
    assert_eq!(alone, None, "it may still become another");
    assert!(answered.is_some());
    assert!(grown.is_some());
}

#[test]
fn a_message_longer_than_the_bound_is_given_up() {
    let limits = Limits { message_bytes: 64, ..Limits::default() };
    let config = Config { limits, ..config() };
    let long = line(&"x".repeat(200));
    let mut talk = talk().open();
    for piece in long.chunks(50) {
        talk = talk.say(Source, piece);
    }
    let out = watch_with(config, &talk.frames);
    assert_eq!(heard(&out)[0], ">gap of 100");
    assert_eq!(losses(&out), [(LossKind::TableFull, 100)]);
}

#[test]
fn a_long_message_in_small_pieces_is_not_shown_for_each_of_them() {
    static PATIENT: &[Reader] = &[Reader {
        protocol: Protocol::Modbus,
        recognise: |_| Recognition::Yes(Sureness::BySignature),
        open: || Box::new(Patient(0)),
    }];
    /// Counts how often it was shown something.
    struct Patient(u64);
    impl Dialogue for Patient {
        fn datagram(&mut self, _: Side, _: &[u8], _: &mut Out<'_>) -> bool {
            true
        }
        fn stream(&mut self, _: Side, bytes: &[u8], _: &mut Out<'_>) -> Progress {
            self.0 += bytes.len() as u64;
            Progress::Used(if bytes.ends_with(b"!") { bytes.len() } else { 0 })
        }
        fn gap(&mut self, _: Side, _: u64, _: &mut Out<'_>) {}
        fn end(&mut self, out: &mut Out<'_>) {
            tell(&self.0.to_string(), Source, out);
        }
    }
    let mut talk = talk().open();
    for _ in 0..20_000 {
        talk.segment(Source, "PA", b"x");
    }
    talk.segment(Source, "PA", b"!");
    let mut wire = Wire::with_readers(config(), PATIENT);
    let mut out = Vec::new();
    for (time, bytes) in &talk.frames {
        wire.see(&Frame { time: *time, link: LinkType(1), bytes, length: bytes.len() as u32 }, &mut out);
    }
    wire.finish(&mut out);
    let shown: u64 = heard(&out)[0].trim_start_matches('>').parse().unwrap();
    assert!(shown < 250_000, "{shown} bytes were shown of a message of 20001");
}
