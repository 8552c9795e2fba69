//! What is learned, what is told, and what is refused.

use super::*;
use city::{ConnectionState, Target, Transport};

const LEARNING: SignedDuration = WEEK;

/// A Monday, 00:00 UTC.
const MONDAY: i64 = 1_767_571_200;

fn ip(last: u8) -> Address {
    Address::Ip([192, 0, 2, last].into())
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(MONDAY + hour * 3_600).unwrap()
}

fn flow(source: u8, protocol: Protocol) -> Flow {
    Flow {
        source: ip(source),
        source_port: 50_000,
        destination: ip(130),
        destination_port: 502,
        transport: Transport::Tcp,
        protocol: Some(protocol),
    }
}

#[derive(Default)]
struct Story {
    memory: Memory,
    out: Vec<Breach>,
}

impl Story {
    fn ask(&mut self, hour: i64, source: u8, verb: Verb) -> Vec<Breach> {
        let request = Request {
            back: false,
            flow: flow(source, Protocol::Modbus),
            verb,
            function: "a-function".into(),
            target: Target::default(),
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        };
        self.memory.asked(&request, Protocol::Modbus, false, at(hour), LEARNING, &mut self.out);
        std::mem::take(&mut self.out)
    }

    fn talk(&mut self, hour: i64, source: u8) -> Vec<Breach> {
        let flow = flow(source, Protocol::Http);
        self.memory.opened(&flow, false, at(hour), LEARNING, &mut self.out);
        let conversation = Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: at(hour),
            duration: SignedDuration::ZERO,
            packets_out: 5,
            packets_in: 5,
            bytes_out: 100,
            bytes_in: 100,
            ip_bytes_out: 300,
            ip_bytes_in: 300,
            missed_bytes: 0,
            details: Vec::new(),
            history: "ShADadFf".into(),
            state: ConnectionState::Sf,
            ended: true,
        };
        self.memory.talked(&conversation, &|| false, at(hour), LEARNING, &mut self.out);
        std::mem::take(&mut self.out)
    }

    /// A week in which station 10 reads every hour and writes at nine on working days.
    fn learned() -> Story {
        let mut story = Story::default();
        for hour in 0..=168 {
            assert!(story.ask(hour, 10, Verb::Read).is_empty());
            if hour % 24 == 9 && hour < 120 {
                assert!(story.ask(hour, 10, Verb::Write).is_empty());
            }
        }
        story
    }

    fn refuse(&mut self, habit: Habit) -> Result<(), &'static str> {
        self.memory.may_refuse(ip(130), habit)?;
        self.memory.refuse(ip(130), habit, at(170), &"Ada".into());
        Ok(())
    }
}

fn is_refused(told: &[Breach], expected: Habit) -> bool {
    matches!(told, [Breach::Unusual(Unusual::Refused { habit, .. })] if *habit == expected)
}

#[test]
fn only_what_is_new_after_learning_is_told_and_only_once() {
    let mut story = Story::learned();
    assert!(matches!(story.ask(170, 10, Verb::Operate)[..], [Breach::FirstSeenVerb { .. }]));
    assert!(story.ask(171, 10, Verb::Operate).is_empty());
    assert!(matches!(story.ask(172, 11, Verb::Read)[..], [Breach::FirstSeenVerb { .. }]));
    assert!(story.talk(173, 11).is_empty(), "its first request has told of it");
}

#[test]
fn learning_begins_when_a_device_is_first_seen_not_when_it_first_has_a_habit() {
    let mut story = Story::default();
    story.memory.meet(ip(130), at(0));
    assert!(matches!(story.ask(169, 10, Verb::Read)[..], [Breach::FirstSeenVerb { .. }]));
}

#[test]
fn a_new_peer_of_a_controller_is_told_once_in_whatever_it_speaks() {
    let mut story = Story::learned();
    assert!(story.talk(169, 10).is_empty(), "known by its requests");
    assert!(
        matches!(story.talk(170, 12)[..], [Breach::Unusual(Unusual::Peer { peer, .. })] if peer == ip(12))
    );
    assert!(story.talk(171, 12).is_empty());
}

#[test]
fn a_meeting_place_and_what_no_industrial_protocol_commands_have_no_new_peers() {
    let mut story = Story::default();
    story.memory.meet(ip(130), at(0));
    story.talk(1, 10);
    assert!(story.talk(170, 11).is_empty(), "a web server");
    let mut story = Story::learned();
    let mut busy = Story::default();
    for source in 20..40 {
        busy.ask(1, source, Verb::Read);
    }
    assert!(busy.talk(170, 11).is_empty());
    assert!(!story.talk(170, 11).is_empty());
}

#[test]
fn a_change_at_an_hour_of_no_working_day_is_told_once() {
    let mut story = Story::learned();
    let tuesday = 168 + 24;
    assert!(story.ask(tuesday + 10, 10, Verb::Write).is_empty(), "an hour later is near enough");
    assert!(matches!(
        story.ask(tuesday + 3, 10, Verb::Write)[..],
        [Breach::Unusual(Unusual::Hour { hour: 27, .. })]
    ));
    assert!(story.ask(tuesday + 3, 10, Verb::Write).is_empty());
    assert!(matches!(story.ask(168 + 5 * 24 + 9, 10, Verb::Write)[..], [Breach::Unusual(_)]), "a Saturday");
}

#[test]
fn hours_in_which_nothing_was_heard_or_changes_that_were_rare_are_not_judged() {
    let mut story = Story::default();
    for day in 0..4 {
        story.ask(day * 24 + 9, 10, Verb::Write);
    }
    assert!(story.ask(168 + 27, 10, Verb::Write).is_empty(), "never heard at this time");
    let mut story = Story::default();
    for hour in 0..168 {
        story.ask(hour, 10, if hour == 9 { Verb::Write } else { Verb::Read });
    }
    assert!(story.ask(168 + 27, 10, Verb::Write).is_empty(), "changed once only");
}

#[test]
fn what_is_refused_counts_as_never_learned_and_is_told_every_time() {
    let mut story = Story::learned();
    let write = Habit::Asked(ip(10), Protocol::Modbus, Verb::Write);
    assert_eq!(story.refuse(write), Ok(()));
    assert_eq!(story.refuse(write), Err("that habit is refused already"));
    for hour in [177, 201] {
        assert!(is_refused(&story.ask(hour, 10, Verb::Write), write));
    }
    let nine = Habit::Changed(33);
    story.refuse(nine).unwrap();
    assert_eq!(story.ask(168 + 33, 10, Verb::Write).len(), 2, "the verb and the hour");
    let peer = Habit::Peer(ip(10));
    story.refuse(peer).unwrap();
    assert!(is_refused(&story.talk(202, 10), peer));
    let baseline = story.memory.baseline(ip(130), LEARNING, at(202)).unwrap();
    assert!(baseline.peers.is_empty() && baseline.over);
    let refused: Vec<Habit> = baseline.refused.iter().map(|refused| refused.habit).collect();
    assert_eq!(refused, [write, nine, peer]);
    assert_eq!(
        story.refuse(Habit::Calls(ip(1))),
        Err("that is no habit of the device; its baseline lists what is")
    );
}

#[test]
fn a_baseline_says_who_asks_what_when_and_how_much() {
    let mut story = Story::learned();
    story.talk(169, 10);
    let baseline = story.memory.baseline(ip(130), LEARNING, at(169)).unwrap();
    assert_eq!((baseline.since, baseline.until), (at(0), at(168)));
    let counts: Vec<(Verb, u64)> =
        baseline.verbs.iter().map(|asked| (asked.verb, asked.times.count)).collect();
    assert_eq!(counts, [(Verb::Read, 169), (Verb::Write, 5)]);
    assert_eq!(baseline.peers[0].times.count, 1);
    assert_eq!(baseline.peers[0].verbs, [(Protocol::Modbus, VerbSet::of(&[Verb::Read, Verb::Write]))]);
    assert_eq!(baseline.changed.hours().collect::<Vec<_>>(), [9, 33, 57, 81, 105]);
    assert_eq!(baseline.active.hours().count(), 168);
    let rates: Vec<(Rate, u32, Option<u32>)> =
        baseline.rates.iter().map(|rate| (rate.rate, rate.learned, rate.limit)).collect();
    assert_eq!(
        rates,
        [(Rate::Changing, 1, None), (Rate::Conversations, 0, None), (Rate::Looking, 1, Some(30))]
    );
}

#[test]
fn what_is_kept_of_a_device_is_bounded() {
    let mut story = Story::default();
    for source in 0..=255 {
        for verb in Verb::ALL {
            story.ask(1, source, verb);
        }
    }
    let habits = &story.memory.by_device[&ip(130)];
    assert_eq!((habits.known.len(), habits.peers.len()), (HABITS_MAX, PEERS_MAX));
    assert!(story.memory.baseline(ip(130), LEARNING, at(1)).unwrap().full);
    let verbs: Vec<Habit> = habits.known.keys().copied().take(REFUSED_MAX + 1).collect();
    let refused = verbs.iter().filter(|habit| story.refuse(**habit).is_ok()).count();
    assert_eq!(refused, REFUSED_MAX);
}
