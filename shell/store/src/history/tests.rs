use super::{files::Part, *};
use crate::{
    journal::Journal,
    sample::{self, BEGAN},
};
use ::city::{Address, Observation, Observed, Protocol, Verb};
use cycle::Event;
use jiff::{SignedDuration, Timestamp, civil::Date};
use proptest::prelude::*;
use std::{collections::BTreeSet, net::Ipv4Addr, num::NonZeroUsize, ops::ControlFlow};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub(super) struct City {
    _directory: tempfile::TempDir,
    journal: Journal,
    pub(super) history: History,
    /// Every row that was ever put in.
    pub(super) rows: Vec<Observation>,
}

pub(super) fn city() -> City {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("journal");
    let (journal, _) = Journal::open(&folder, "mirror-0", Position(0)).unwrap();
    let history = History::open(directory.path().join("history"), folder).unwrap();
    City { _directory: directory, journal, history, rows: Vec::new() }
}

impl City {
    pub(super) fn put(&mut self, event: Event) {
        self.journal.append(&event).unwrap();
        if let Event::Observed(observation) = event
            && Table::of(&observation).is_some()
        {
            self.rows.push(observation);
        }
    }

    pub(super) fn fill(&mut self, range: std::ops::Range<u64>) {
        range.for_each(|n| self.put(sample::event(n)));
        self.journal.sync().unwrap();
    }

    /// Events more than a day long, a few of each minute.
    pub(super) fn fill_a_day(&mut self) {
        (0..100_000).step_by(10).for_each(|n| self.put(sample::event(n)));
        self.journal.sync().unwrap();
    }

    pub(super) fn compact(&self) -> Compacted {
        self.history.compact(self.journal.synced()).unwrap()
    }

    fn parts(&self, table: Table) -> Vec<Part> {
        let compacted = self.history.compacted().unwrap();
        let days = files::days(&self.history.directory, table).unwrap();
        let parts = |day: Date| files::parts(&self.history.directory, table, day, compacted).unwrap();
        days.into_iter().flat_map(parts).collect()
    }

    /// The answer by looking at every row there ever was.
    fn naive(&self, question: &Question) -> Vec<Observation> {
        let mut rows: Vec<Observation> =
            self.rows.iter().filter(|row| question.admits(row)).cloned().collect();
        rows.sort_by_key(table::time_of);
        rows.reverse();
        rows.truncate(question.limit);
        rows
    }
}

fn everything(table: Table) -> Question {
    Question::new(table, usize::MAX)
}

fn sorted(rows: &[Observation]) -> Vec<String> {
    let mut texts: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    texts.sort();
    texts
}

#[test]
fn every_row_comes_back_as_it_was_from_journal_and_files_alike() {
    let mut city = city();
    city.fill(0..2_000);
    for table in Table::ALL {
        let before = city.history.ask(&everything(table)).unwrap();
        assert_eq!(
            sorted(&before.rows),
            sorted(&city.naive(&everything(table))),
            "{table:?} from the journal"
        );
    }
    let compacted = city.compact();
    assert_eq!((compacted.end, compacted.rows as usize), (Position(2_000), city.rows.len()));
    for table in Table::ALL {
        let after = city.history.ask(&everything(table)).unwrap();
        assert_eq!(sorted(&after.rows), sorted(&city.naive(&everything(table))), "{table:?} from files");
        assert!(after.rows.is_sorted_by_key(|row| std::cmp::Reverse(table::time_of(row))));
        assert!(!after.more);
    }
    // Again is not twice.
    assert_eq!(city.compact().rows, 0);
}

#[test]
fn a_file_has_the_columns_of_records_in_days() {
    let mut city = city();
    city.fill_a_day();
    city.compact();
    let days: BTreeSet<Date> = city.parts(Table::Conversations).iter().map(|part| part.day).collect();
    assert_eq!(days.first().unwrap().to_string(), "2026-01-02");
    assert!(days.len() >= 2, "100,000 seconds are more than a day");
    let part = &city.parts(Table::Requests)[0];
    assert!(part.path.to_str().unwrap().contains("/requests/date=2026-01-02/"));
    for row in files::read_all(part, Table::Requests, &city.history.sound).unwrap() {
        assert_eq!(files::day_of(row.time), part.day);
    }
    for (table, names) in [
        (
            Table::Conversations,
            "kind time source source_port destination destination_port transport protocol packets_out packets_in \
             bytes_out bytes_in duration community_id state",
        ),
        (
            Table::Requests,
            "kind time source source_port destination destination_port transport protocol verb function target \
             value outcome",
        ),
    ] {
        for name in names.split_whitespace() {
            assert!(table.column(name).is_some(), "{table:?} {name}");
        }
    }
}

#[test]
fn newest_first_reads_no_more_than_it_needs() {
    let mut city = city();
    city.fill_a_day();
    city.compact();
    let question = Question::new(Table::Requests, 10);
    let answer = city.history.ask(&question).unwrap();
    assert_eq!(sorted(&answer.rows), sorted(&city.naive(&question)));
    assert!(answer.more);
    assert_eq!(answer.groups.0, 1, "the newest row group is enough");
    // An hour of the first day needs that day's file and no other.
    let began = Timestamp::from_second(BEGAN).unwrap();
    let hour = Question { from: Some(began), until: Some(began + HOUR), ..everything(Table::Requests) };
    let answer = city.history.ask(&hour).unwrap();
    assert_eq!(sorted(&answer.rows), sorted(&city.naive(&hour)));
    assert!(answer.rows.len() > 50 && answer.groups.0 == 1, "{:?}", answer.groups);
    // An address that was never seen is in no row group, say the filters.
    let stranger = Some("203.0.113.77".parse().unwrap());
    let answer = city.history.ask(&Question { address: stranger, ..everything(Table::Requests) }).unwrap();
    assert!(answer.rows.is_empty() && answer.groups.1 > 0);
    assert_eq!(answer.groups.0, 0, "{:?}", answer.groups);
}

#[test]
fn of_a_conversation_told_of_several_times_the_last_telling_counts() {
    let mut city = city();
    let Observed::Conversation(mut conversation) = sample::fact(1) else { panic!("a conversation") };
    for (minutes, ended) in [(5, false), (10, false), (15, true)] {
        conversation.duration = SignedDuration::from_mins(minutes);
        conversation.ended = ended;
        conversation.flow.protocol = (minutes > 5).then_some(Protocol::Mqtt);
        let time = conversation.start + conversation.duration;
        let fact = Observed::Conversation(conversation.clone());
        city.put(Event::Observed(Observation { time, sensor: "mirror-0".into(), fact }));
        city.journal.sync().unwrap();
        if minutes < 15 {
            city.compact();
        }
    }
    let answer = city.history.ask(&everything(Table::Conversations)).unwrap();
    assert_eq!(answer.rows.len(), 1);
    assert!(matches!(&answer.rows[0].fact, Observed::Conversation(last) if last.ended));
}

#[test]
fn what_a_kill_left_does_not_count_and_is_cleared() {
    let mut city = city();
    city.fill(0..500);
    city.compact();
    let expected = city.naive(&everything(Table::Requests));
    // Files of a compaction that was killed before the place was moved on.
    let place = city.history.compacted().unwrap();
    city.fill(500..900);
    city.compact();
    city.history.set_compacted(place).unwrap();
    let leftovers = fs::read_dir(files::day_folder(
        &city.history.directory,
        Table::Requests,
        files::day_of(sample::time(0)),
    ));
    assert_eq!(leftovers.unwrap().count(), 2);
    assert_eq!(city.parts(Table::Requests).len(), 1);
    let all = city.history.ask(&everything(Table::Requests)).unwrap();
    assert_eq!(sorted(&all.rows), sorted(&city.naive(&everything(Table::Requests))), "each row once");
    let reopened = History::open(city.history.directory.clone(), city.history.journal.clone()).unwrap();
    assert_eq!(reopened.compacted().unwrap(), place);
    let path = &city.parts(Table::Requests)[0].path;
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(
        files::read_all(&city.parts(Table::Requests)[0], Table::Requests, &city.history.sound).unwrap().len(),
        expected.len()
    );
    assert!(city.compact().rows > 0);
    let all = city.history.ask(&everything(Table::Requests)).unwrap();
    assert_eq!(sorted(&all.rows), sorted(&city.naive(&everything(Table::Requests))));
}

#[test]
fn small_files_are_merged_and_a_kill_while_merging_shows_no_row_twice() {
    let mut city = city();
    for tenth in 0..30 {
        city.fill(tenth * 50..(tenth + 1) * 50);
        city.compact();
    }
    let parts = city.parts(Table::Requests);
    assert!(parts.len() < 10, "{} files", parts.len());
    let question = everything(Table::Requests);
    assert_eq!(sorted(&city.history.ask(&question).unwrap().rows), sorted(&city.naive(&question)));
    // The narrow files that a kill kept from being removed.
    let wide = &parts[0];
    let mut rows = files::read_all(wide, Table::Requests, &city.history.sound).unwrap();
    rows.truncate(5);
    let range = (wide.first, Position(wide.first.0 + 50));
    files::write(&city.history.directory, Table::Requests, wide.day, range, &mut rows).unwrap();
    assert_eq!(sorted(&city.history.ask(&question).unwrap().rows), sorted(&city.naive(&question)));
}

#[test]
fn retention_keeps_its_word() {
    let mut city = city();
    // Ten days of events, a file for each day.
    let day = 86_400;
    for n in 0..10 * 24 {
        let time = Timestamp::from_second(BEGAN - BEGAN % day + n * 3_600).unwrap();
        let fact = sample::fact(3);
        city.put(Event::Observed(Observation { time, sensor: "mirror-0".into(), fact }));
    }
    city.journal.sync().unwrap();
    city.compact();
    let end = city.journal.synced();
    let now = Timestamp::from_second(BEGAN - BEGAN % day + 10 * day).unwrap();
    let age = Retention { age: Some(SignedDuration::from_hours(72)), bytes: None };
    // Nothing goes before a checkpoint holds what it taught.
    let pruned = city.history.prune(now, age, Position(end.0 - 1)).unwrap();
    assert_eq!((pruned.files, city.parts(Table::Requests).len()), (0, 10));
    assert!(pruned.held > 0);
    let pruned = city.history.prune(now, age, end).unwrap();
    assert_eq!((pruned.files, pruned.rows, pruned.held), (7, 7 * 24, 0));
    let rows = city.history.ask(&everything(Table::Requests)).unwrap().rows;
    // None younger than three days is gone, none older than three and one is there.
    assert_eq!(rows.len(), 72);
    assert!(rows.iter().all(|row| now.duration_since(row.time) <= SignedDuration::from_hours(96)));
    // By the city's time, so that an old capture is not old the moment it is replayed.
    let replayed = city.history.prune(rows[71].time, age, end).unwrap();
    assert_eq!(replayed.files, 0);
    // By bytes, the oldest first, and no more than needed.
    let sizes: Vec<u64> =
        city.parts(Table::Requests).iter().map(|part| fs::metadata(&part.path).unwrap().len()).collect();
    let two = Retention { age: None, bytes: Some(sizes[1] + sizes[2]) };
    assert_eq!(city.history.prune(now, two, end).unwrap().bytes, sizes[0]);
    assert_eq!(city.history.ask(&everything(Table::Requests)).unwrap().rows.len(), 48);
    let none = Retention { age: None, bytes: Some(0) };
    city.history.prune(now, none, end).unwrap();
    assert!(city.history.ask(&everything(Table::Requests)).unwrap().rows.is_empty());
}

#[test]
fn a_damaged_file_is_named_and_nothing_panics() {
    let mut city = city();
    city.fill(0..400);
    city.compact();
    let path = city.parts(Table::Conversations)[0].path.clone();
    let good = fs::read(&path).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        city.history.sound = Arc::default();
        match city.history.ask(&everything(Table::Conversations)) {
            Err(HistoryError::Damaged { path: named, .. }) => assert_eq!(named, path),
            other => panic!("a flip at {at} went unseen: {:?}", other.is_ok()),
        }
    }
    for length in (0..good.len()).step_by(101) {
        fs::write(&path, &good[..length]).unwrap();
        city.history.sound = Arc::default();
        assert!(matches!(
            city.history.ask(&everything(Table::Conversations)),
            Err(HistoryError::Damaged { .. })
        ));
    }
}

fn a_place() -> impl Strategy<Value = Place> {
    let networks = proptest::sample::subsequence(
        vec!["192.0.2.0/28", "192.0.2.128/25", "198.51.100.0/24", "2001:db8::/126"],
        1..3,
    );
    let networks =
        networks.prop_map(|texts| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>());
    prop_oneof![
        Just(Place::Anywhere),
        networks.clone().prop_map(Place::Within),
        networks.prop_map(Place::Outside),
    ]
}

fn a_question() -> impl Strategy<Value = Question> {
    let time = proptest::option::of((0..2_100_u64).prop_map(sample::time));
    let address = proptest::option::weighted(
        0.2,
        proptest::sample::select(vec!["192.0.2.7", "198.51.100.3", "00:00:5e:00:53:01", "203.0.113.1"])
            .prop_map(|text| text.parse::<Address>().unwrap()),
    );
    let protocol = proptest::option::weighted(0.3, Just(Protocol::Modbus));
    let verb = proptest::option::weighted(0.3, proptest::sample::select(&Verb::ALL[..]));
    (
        proptest::sample::select(&Table::ALL[..]),
        (time.clone(), time),
        address,
        (a_place(), a_place()),
        (protocol, verb),
        1..400_usize,
    )
        .prop_flat_map(
            |(table, (from, until), address, (source, destination), (protocol, verb), limit)| {
                a_condition(table).prop_map(move |condition| Question {
                    table,
                    from,
                    until,
                    address,
                    source: source.clone(),
                    destination: destination.clone(),
                    protocol,
                    verb,
                    condition,
                    limit,
                })
            },
        )
}

fn some_addresses() -> impl Strategy<Value = Addresses> {
    let addresses = proptest::collection::vec(
        prop_oneof![
            (0..255_u8).prop_map(|n| format!("192.0.2.{n}")),
            (0..20_u8).prop_map(|n| format!("::ffff:198.51.100.{n}")),
            (0..20_u8).prop_map(|n| format!("2001:db8::{n:x}")),
            Just("00:00:5e:00:53:07".to_owned()),
        ],
        0..40,
    );
    let networks = proptest::sample::subsequence(
        vec!["192.0.2.64/27", "::ffff:198.51.100.0/125", "2001:db8::8/125", "203.0.113.0/24"],
        0..3,
    );
    (addresses, networks).prop_map(|(addresses, networks)| {
        Addresses::new(
            addresses.iter().map(|text| text.parse().unwrap()),
            networks.iter().map(|text| text.parse().unwrap()),
        )
    })
}

fn a_condition(table: Table) -> impl Strategy<Value = Condition> {
    let text = |column, texts| Condition::Text { column, texts };
    let leaf = prop_oneof![
        Just(Condition::ALWAYS),
        some_addresses().prop_map(move |addresses| {
            Condition::either_end(table, &Texts::Addresses(Arc::new(addresses)))
        }),
        (0..65_536_i64, 0..40_000_i64).prop_map(|(least, more)| Condition::Number {
            column: "source_port",
            within: (least, least + more),
        }),
        Just(text("protocol", Texts::one_of(["bacnet".to_owned()]))),
        Just(text("value", Texts::Test(Arc::new(|text| text.contains('1'))))),
        Just(Condition::Number { column: "target_first", within: (10, 30) }),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            proptest::collection::vec(inner, 1..3).prop_map(Condition::Any),
        ]
    })
}

/// What a search hands out, on two cores.
fn searched(city: &City, question: &Question) -> (Vec<Observation>, Looked) {
    let put = |rows: &mut Vec<Observation>, row| {
        rows.push(row);
        ControlFlow::Continue(())
    };
    let (rows, looked) = city.history.search(question, NonZeroUsize::new(2).unwrap(), Vec::new, put).unwrap();
    (rows.concat(), looked)
}

#[test]
fn a_search_reads_rows_only_where_the_files_own_notes_leave_it_open() {
    let mut city = city();
    city.fill_a_day();
    city.compact();
    let ask = |condition| Question { condition, ..everything(Table::Conversations) };
    let ends = |addresses: &mut dyn Iterator<Item = u32>| {
        let addresses = addresses.map(|n| Address::Ip(Ipv4Addr::from(n).into()));
        let addresses = Addresses::new(addresses, []);
        Condition::either_end(Table::Conversations, &Texts::Addresses(Arc::new(addresses)))
    };
    let all = searched(&city, &ask(Condition::ALWAYS));
    assert_eq!(sorted(&all.0), sorted(&city.naive(&everything(Table::Conversations))));
    let groups = all.1.groups;
    // 198.51.200.7 lies between the addresses that are there: the filters tell that it is not.
    let one = searched(&city, &ask(ends(&mut std::iter::once(0xc633_c807)))).1;
    assert_eq!((one.found, one.rows_read, one.groups), (0, 0, 0), "{one:?}");
    assert_eq!((one.rows, one.passed.by_filter), (all.1.rows, groups));
    // Of very many the distinct values are asked instead.
    let many = searched(&city, &ask(ends(&mut (0xc600_0000..0xc600_8000)))).1;
    assert_eq!((many.found, many.rows_read, many.passed.by_dictionary), (0, 0, groups), "{many:?}");
    // Another day's files are not opened; a taker that has enough ends it.
    let until = Some(Timestamp::from_second(BEGAN).unwrap());
    let before = searched(&city, &Question { until, ..ask(Condition::ALWAYS) }).1;
    assert!(before.files_passed > 0 && before.found == 0, "{before:?}");
    let enough = |count: &mut u64, _| {
        *count += 1;
        if *count < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let (counts, looked) =
        city.history.search(&ask(Condition::ALWAYS), NonZeroUsize::MIN, || 0, enough).unwrap();
    assert!(counts == [5] && looked.stopped && looked.found == 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_what_looking_at_every_row_gives(
        questions in proptest::collection::vec(a_question(), 40),
        stops in proptest::collection::vec(1..2_000_u64, 0..5),
    ) {
        let mut city = city();
        let mut stops = stops;
        stops.sort_unstable();
        let mut at = 0;
        for stop in stops {
            city.fill(at..stop.max(at));
            city.compact();
            at = stop.max(at);
        }
        city.fill(at..2_000);
        for question in questions {
            let answer = city.history.ask(&question).unwrap();
            prop_assert_eq!(sorted(&answer.rows), sorted(&city.naive(&question)), "{:?}", question);
            let all = Question { limit: usize::MAX, ..question };
            prop_assert_eq!(sorted(&searched(&city, &all).0), sorted(&city.naive(&all)), "{:?}", all);
        }
    }
}
