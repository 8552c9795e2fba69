//! Whole conversations, frame by frame.

mod floods;
mod links;
mod mutations;
mod neighbours;
mod properties;
mod streams;

use super::Wire;
use crate::dialogue::Side::{Destination, Source};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use crate::rehearse::{START, Talk, config};
use crate::{Config, Frame, Limits, LinkType};
use city::{
    ConnectionState, Conversation, LossKind, Observation, Observed, Protocol, Reply, Request, Target,
    Transport, Unread, Verb,
};
use jiff::{SignedDuration, Timestamp};

type Frames = Vec<(Timestamp, Vec<u8>)>;

/// A made-up protocol, to see what a dialogue is given: an `L`, a length, and so many bytes. It stands for Modbus in
/// what it tells: every message is a request whose function is its text, a gap a request called `gap`.
struct Lines;

static LINES: &[Reader] = &[Reader {
    protocol: Protocol::Modbus,
    recognise: |opening: &Opening<'_>| match opening.first_bytes() {
        [b'L', _, ..] => Recognition::Yes(Sureness::BySignature),
        [b'L'] | [] => Recognition::More,
        _ => Recognition::No,
    },
    open: || Box::new(Lines),
}];

fn tell(function: &str, side: Side, out: &mut Out<'_>) {
    out.request(
        side,
        Asked {
            verb: Verb::Read,
            function: function.into(),
            target: Target::default(),
            value: None,
            reply: Reply::NotExpected,
            details: Vec::new(),
        },
    );
}

impl Dialogue for Lines {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match self.stream(side, bytes, out) {
            Progress::Used(used) => used == bytes.len(),
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        match bytes {
            [b'L', 0xff, _, ..] => Progress::Skip(0x102),
            [b'L', length, rest @ ..] if rest.len() >= usize::from(*length) => {
                let text = &rest[..usize::from(*length)];
                tell(&String::from_utf8_lossy(text), side, out);
                Progress::Used(2 + text.len())
            }
            [b'L', ..] => Progress::Used(0),
            _ => Progress::Lost,
        }
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        tell(&format!("gap of {missing}"), side, out);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        tell("end", Source, out);
    }
}

/// One message of the made-up protocol.
fn line(text: &str) -> Vec<u8> {
    [&[b'L', text.len() as u8], text.as_bytes()].concat()
}

fn watch_with(config: Config, frames: &[(Timestamp, Vec<u8>)]) -> Vec<Observation> {
    let mut wire = Wire::with_readers(config, LINES);
    let mut out = Vec::new();
    for (time, bytes) in frames {
        let frame = Frame { time: *time, link: LinkType(1), bytes, length: bytes.len() as u32 };
        wire.see(&frame, &mut out);
    }
    wire.finish(&mut out);
    assert_eq!((wire.reorder.used, wire.pending.used), (0, 0), "something is still held");
    assert_eq!(wire.conversations(), 0);
    out
}

fn watch(frames: &[(Timestamp, Vec<u8>)]) -> Vec<Observation> {
    watch_with(config(), frames)
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

/// The only conversation.
fn only(observations: &[Observation]) -> &Conversation {
    let told = conversations(observations);
    assert_eq!(told.len(), 1, "{observations:#?}");
    told[0]
}

fn requests(observations: &[Observation]) -> Vec<&Request> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Request(request) => Some(request.as_ref()),
            _ => None,
        })
        .collect()
}

/// What was heard: `>` from the source, `<` from the destination.
fn heard(observations: &[Observation]) -> Vec<String> {
    let asked = |request: &&Request| {
        let arrow = if request.flow.destination_port == 9999 { '>' } else { '<' };
        format!("{arrow}{}", request.function)
    };
    requests(observations).iter().map(asked).collect()
}

fn losses(observations: &[Observation]) -> Vec<(LossKind, u64)> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Loss(loss) => Some((loss.kind, loss.count)),
            _ => None,
        })
        .collect()
}

fn unread(observations: &[Observation]) -> Vec<&Unread> {
    observations
        .iter()
        .filter_map(|it| match &it.fact {
            Observed::Unread(unread) => Some(unread),
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
    let told = only(&out);
    assert_eq!(told.state, ConnectionState::Sf);
    assert_eq!((told.packets_out, told.packets_in), (6, 4));
    assert_eq!((told.bytes_out, told.bytes_in), (5, 8));
    assert_eq!((told.ip_bytes_out, told.ip_bytes_in), (6 * 40 + 5, 4 * 40 + 8));
    assert_eq!(told.missed_bytes, 0);
    // The last acknowledgement comes when both have closed.
    assert_eq!(told.duration, SignedDuration::from_millis(8));
    assert_eq!(told.history, "ShADadFf");
    assert_eq!(told.source_mac, Some(crate::rehearse::MACS.0));
    assert!(told.ended);
    assert_eq!(losses(&out), []);
    // Nobody knew what was said.
    assert_eq!(unread(&out).iter().map(|it| (it.port, it.count)).collect::<Vec<_>>(), [(9999, 2)]);
    assert_eq!(unread(&out)[0].sample, "..........");
}

/// What a connection's state is after these segments: `>` or `<`, then flags; `.` for no flag but ACK.
fn state_of(segments: &str) -> ConnectionState {
    let mut talk = talk();
    for word in segments.split(' ') {
        let (side, flags) = word.split_at(1);
        let side = if side == ">" { Source } else { Destination };
        let payload: &[u8] = if flags.contains('P') { b"x" } else { b"" };
        talk.segment(side, &flags.replace('.', "A"), payload);
    }
    only(&watch(&talk.frames)).state
}

#[test]
fn states_are_the_fields_own() {
    use ConnectionState as C;
    for (segments, state) in [
        (">S", C::S0),
        (">S >S", C::S0),
        (">S <RA", C::Rej),
        (">S <SA >A", C::S1),
        (">S <SA >A >PA", C::S1),
        (">S <SA >A >FA", C::S2),
        (">S <SA >A <FA", C::S3),
        (">S <SA >A >FA <FA >A", C::Sf),
        (">S <SA >A >FA <FA >A <R", C::Sf),
        (">S <SA >A >R", C::Rsto),
        (">S <SA >A <R", C::Rstr),
        (">S >R", C::Rstos0),
        (">S >F", C::Sh),
        ("<SA <R", C::Rstrh),
        ("<SA <F", C::Shr),
        ("<SA >A >PA", C::S1),
        (">PA <PA", C::Oth),
        (">A", C::Oth),
        (">R", C::Oth),
    ] {
        assert_eq!(state_of(segments), state, "{segments}");
    }
}

#[test]
fn the_source_is_the_end_that_began() {
    let source_port = |talk: Talk| only(&watch(&talk.frames)).flow.source_port;
    let from = |source: &str, destination: &str| Talk::between(source, destination);

    // Whoever sends SYN, from whatever port.
    assert_eq!(source_port(from("192.0.2.1:80", "192.0.2.2:50000").open()), 80);
    // Whoever is answered by SYN-ACK, though the SYN was not seen.
    let mut answered = from("192.0.2.1:50000", "192.0.2.2:40000");
    answered.segment(Destination, "SA", b"");
    assert_eq!(source_port(answered), 50000);
    // Where nothing tells, not the end with the server's port.
    let mut middle = from("192.0.2.1:502", "192.0.2.2:50000");
    middle.segment(Source, "PA", b"answer");
    assert_eq!(source_port(middle), 50000);
    assert_eq!(source_port(from("192.0.2.1:53", "192.0.2.2:50000").datagram(Source, b"answer")), 50000);
    // Between equals, whoever spoke first.
    assert_eq!(source_port(from("192.0.2.9:47808", "192.0.2.2:47808").datagram(Source, b"who is")), 47808);
    let to_all = from("192.0.2.9:67", "255.255.255.255:68").datagram(Source, b"offer");
    assert_eq!(source_port(to_all), 67);
}

#[test]
fn another_syn_after_the_end_begins_another_conversation() {
    let first = talk().open().close();
    let mut second = first.sequences(77_000, 88_000);
    second.wait(500);
    let out = watch(&second.open().close().frames);
    let told = conversations(&out);
    assert_eq!(told.iter().map(|it| it.state).collect::<Vec<_>>(), [ConnectionState::Sf; 2]);
    assert_eq!(out.iter().filter(|it| matches!(it.fact, Observed::Opened(_))).count(), 2);
}

#[test]
fn silence_ends_a_conversation() {
    for (wait, count) in [(59_000, 1), (60_000, 2)] {
        let mut talk = talk().datagram(Source, b"a").datagram(Destination, b"b");
        talk.wait(wait);
        let out = watch(&talk.datagram(Source, b"c").frames);
        assert_eq!(conversations(&out).len(), count, "{wait}");
    }
    // Other traffic, too, lets time pass.
    let mut wire = Wire::with_readers(config(), LINES);
    let mut out = Vec::new();
    for (time, bytes) in &talk().open().frames {
        let frame = Frame { time: *time, link: LinkType(1), bytes, length: bytes.len() as u32 };
        wire.see(&frame, &mut out);
    }
    wire.tick(START + SignedDuration::from_secs(299), &mut out);
    assert_eq!(conversations(&out).len(), 0);
    wire.tick(START + SignedDuration::from_secs(301), &mut out);
    assert_eq!(conversations(&out).len(), 1);
}

#[test]
fn a_long_conversation_is_told_of_before_its_end() {
    let config = Config { interim: Some(SignedDuration::from_mins(5)), ..config() };
    let mut talk = talk().open();
    for _ in 0..11 {
        talk.wait(60_000);
        talk = talk.say(Source, b"tick");
    }
    let out = watch_with(config, &talk.frames);
    let told: Vec<_> = conversations(&out).iter().map(|it| (it.ended, it.bytes_out)).collect();
    assert_eq!(told, [(false, 20), (false, 40), (true, 44)]);
}

#[test]
fn a_full_table_puts_out_the_least_active_and_says_so() {
    let config = Config { limits: Limits { conversations: 4, ..Limits::default() }, ..config() };
    let mut frames = Frames::new();
    for port in 0..4 {
        let talk = Talk::between(&format!("192.0.2.1:{}", 50_000 + port), "192.0.2.2:9999").open();
        frames.extend(talk.frames);
    }
    let late = |source: &str| {
        let mut talk = Talk::between(source, "192.0.2.2:9999");
        talk.wait(1_000);
        talk.open().frames
    };
    frames.extend(late("192.0.2.1:60000"));
    let out = watch_with(config, &frames);
    let ports: Vec<_> = conversations(&out).iter().map(|it| it.flow.source_port).collect();
    assert_eq!(ports, [50_000, 50_001, 50_002, 50_003, 60_000]);
    assert!(out.iter().position(|it| matches!(it.fact, Observed::Conversation(_))) < Some(6));
    assert_eq!(losses(&out)[0], (LossKind::TableFull, 1));
}

#[test]
fn a_flood_nobody_answers_does_not_wash_away_the_real_ones() {
    let config = Config { limits: Limits { conversations: 64, ..Limits::default() }, ..config() };
    let real = talk().open().say(Source, &line("one"));
    let mut frames = real.frames.clone();
    for number in 0..1_000_u32 {
        let source = format!("198.51.100.{}:{}", number % 250 + 1, 1_024 + number);
        let mut attempt = Talk::between(&source, "192.0.2.20:9999");
        attempt.wait(i64::from(number));
        attempt.segment(Source, "S", b"");
        frames.extend(attempt.frames);
    }
    let mut later = real;
    later.wait(2_000);
    let more = later.say(Source, &line("two"));
    frames.extend(more.frames[frames_of(&frames, &more)..].to_vec());
    let out = watch_with(config, &frames);
    assert_eq!(heard(&out), [">one", ">two", ">end"]);
}

/// How many of a talk's frames are among those already.
fn frames_of(frames: &Frames, talk: &Talk) -> usize {
    talk.frames.iter().take_while(|frame| frames.contains(frame)).count()
}

#[test]
fn datagrams_are_heard_once_their_protocol_is_recognised() {
    let talk = talk()
        .datagram(Source, b"noise")
        .datagram(Source, &line("one"))
        .datagram(Destination, &line("two"))
        .datagram(Source, b"noise");
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">one", "<two", ">end"]);
    let recognised = out.iter().filter(|it| matches!(it.fact, Observed::Recognised(_))).count();
    assert_eq!(recognised, 1);
    let noise: Vec<_> = unread(&out).iter().map(|it| (it.transport, it.protocol, it.count)).collect();
    assert_eq!(noise, [(Transport::Udp, None, 1), (Transport::Udp, Some(Protocol::Modbus), 1)]);
    assert_eq!(only(&out).flow.protocol, Some(Protocol::Modbus));
}

#[test]
fn a_wrong_checksum_is_counted_and_read() {
    let mut talk = talk().open().say(Source, &line("one"));
    let last = talk.frames[3].1.len() - 1;
    talk.frames[3].1[last] ^= 0x20;
    let out = watch(&talk.frames);
    assert_eq!(heard(&out), [">onE", ">end"]);
    assert_eq!(losses(&out), [(LossKind::BadChecksum, 1)]);
}

#[test]
fn time_that_runs_backwards_is_counted_and_conversations_go_on() {
    let mut talk = talk().open().say(Source, &line("one")).close();
    talk.frames[4].0 -= SignedDuration::from_secs(3);
    let out = watch(&talk.frames);
    assert_eq!(only(&out).state, ConnectionState::Sf);
    assert_eq!(losses(&out), [(LossKind::TimeReversed, 1)]);
    // A second capture behind the first, from years before.
    let mut years_before = talk.clone();
    for (time, _) in &mut years_before.frames {
        *time -= SignedDuration::from_hours(24 * 365);
    }
    let both = [talk.frames, years_before.frames].concat();
    assert_eq!(conversations(&watch(&both)).len(), 2);
}
