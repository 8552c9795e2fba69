use super::{
    super::tests::{City, city},
    *,
};
use ::city::{Reply, Target};
use jiff::SignedDuration;

/// What a sweep lends, each row as a line of text.
fn swept(city: &City, sweep: &Sweep, cores: usize) -> (Vec<String>, Swept) {
    let cores = NonZeroUsize::new(cores).unwrap();
    let fold = |rows: &mut Vec<String>, batch: Batch<'_>| match batch {
        Batch::Row(row) => rows.extend(line(row)),
        Batch::Conversations(batch) => {
            rows.extend((0..batch.reported.len()).map(|row| conversation(batch, row)));
        }
        Batch::Requests(batch) => rows.extend((0..batch.time.len()).map(|row| request(batch, row))),
    };
    let (parts, swept) = city.history.sweep(sweep, cores, Vec::new, fold).unwrap();
    assert_eq!(parts.len(), cores.get());
    let mut rows = parts.concat();
    rows.sort();
    (rows, swept)
}

/// The same for a row as it was put in.
fn line(row: &Observation) -> Option<String> {
    let time = row.time.as_microsecond();
    match &row.fact {
        Observed::Conversation(c) => Some(format!(
            "{time} {:?} {} {} {} {:?} {}",
            ::city::Flow { ..c.flow },
            c.packets_in,
            c.bytes_out,
            c.bytes_in,
            c.state,
            c.ended
        )),
        Observed::Request(r) => Some(format!(
            "{time} {:?} {} {} {} {} {:?}",
            r.flow,
            r.back,
            r.verb,
            r.function,
            r.reply == Reply::Missing,
            r.target
        )),
        _ => None,
    }
}

fn conversation(batch: &Conversations, row: usize) -> String {
    let flow = ::city::Flow {
        source: *batch.source.value(row).unwrap(),
        source_port: batch.source_port[row] as u16,
        destination: *batch.destination.value(row).unwrap(),
        destination_port: batch.destination_port[row] as u16,
        transport: *batch.transport.value(row).unwrap(),
        protocol: *batch.protocol.value(row).unwrap(),
    };
    let state = batch.state.value(row).unwrap();
    let (packets, out, back) = (batch.packets_in[row], batch.bytes_out[row], batch.bytes_in[row]);
    format!("{} {flow:?} {packets} {out} {back} {state:?} {}", batch.reported[row], batch.ended[row])
}

fn request(batch: &Requests, row: usize) -> String {
    let flow = ::city::Flow {
        source: *batch.source.value(row).unwrap(),
        source_port: batch.source_port[row] as u16,
        destination: *batch.destination.value(row).unwrap(),
        destination_port: batch.destination_port[row] as u16,
        transport: *batch.transport.value(row).unwrap(),
        protocol: *batch.protocol.value(row).unwrap(),
    };
    let about = batch.targets.as_ref().unwrap();
    let numbers = about.first[row].zip(about.last[row]);
    let target = Target {
        unit: about.unit[row].map(|unit| unit as u32),
        kind: about.kind.value(row).unwrap().clone(),
        numbers: numbers.map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned())),
        name: about.name.value(row).unwrap().clone(),
    };
    let (verb, function) = (batch.verb.value(row).unwrap(), batch.function.value(row).unwrap());
    let missing = batch.missing.value(row).unwrap();
    format!("{} {flow:?} {} {verb} {function} {missing} {target:?}", batch.time[row], batch.back[row])
}

fn everything() -> Sweep {
    Sweep { since: None, targets: Protocol::ALL.iter().copied().collect() }
}

fn expected(city: &City, since: Timestamp) -> Vec<String> {
    let rows = city.rows.iter().filter(|row| since.as_microsecond() <= row.time.as_microsecond());
    let mut rows: Vec<String> = rows.filter_map(line).collect();
    rows.sort();
    rows
}

#[test]
fn every_row_is_lent_once_from_journal_and_files_on_any_number_of_cores() {
    let mut city = city();
    city.fill(0..2_000);
    let all = expected(&city, Timestamp::MIN);
    assert!(all.len() > 500);
    assert_eq!(swept(&city, &everything(), 1).0, all, "from the journal");
    city.compact();
    city.fill(2_000..2_600);
    let all = expected(&city, Timestamp::MIN);
    for cores in [1, 2, 3] {
        let (rows, swept) = swept(&city, &everything(), cores);
        assert_eq!(rows, all, "from both, {cores} cores");
        assert_eq!(swept.rows, all.len() as u64);
    }
    let latest = city.rows.iter().filter(|row| line(row).is_some()).map(|row| row.time).max();
    assert_eq!(
        city.history.latest().unwrap().map(Timestamp::as_microsecond),
        latest.map(Timestamp::as_microsecond)
    );
    city.compact();
    assert_eq!(
        city.history.latest().unwrap().map(Timestamp::as_microsecond),
        latest.map(Timestamp::as_microsecond)
    );
}

#[test]
fn what_is_too_old_is_left_where_it_is() {
    let mut city = city();
    city.fill_a_day();
    city.compact();
    let latest = city.history.latest().unwrap().unwrap();
    let since = latest - SignedDuration::from_hours(2);
    let (rows, swept) = swept(&city, &Sweep { since: Some(since), ..everything() }, 2);
    assert_eq!(rows, expected(&city, since));
    assert!(!rows.is_empty() && swept.rows == rows.len() as u64);
}

#[test]
fn a_conversation_that_began_before_and_goes_on_counts() {
    let mut city = city();
    city.fill_a_day();
    city.compact();
    let latest = city.history.latest().unwrap().unwrap();
    // One of the first day, told of again after another day.
    let mut row = city.rows.iter().find(|row| matches!(row.fact, Observed::Conversation(_))).unwrap().clone();
    row.time = latest + SignedDuration::from_hours(24);
    city.put(Event::Observed(row.clone()));
    city.fill(200_000..200_100);
    city.compact();
    let since = row.time - SignedDuration::from_hours(1);
    let (rows, _) = swept(&city, &Sweep { since: Some(since), ..everything() }, 1);
    assert_eq!(rows, expected(&city, since));
    assert!(rows.contains(&line(&row).unwrap()));
}

#[test]
fn a_damaged_file_is_told_of() {
    let mut city = city();
    city.fill(0..500);
    city.compact();
    let parts = city.history.parts_since(Table::Conversations, None, city.history.compacted().unwrap());
    let path = parts.unwrap().first().unwrap().path.clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = city.history.sweep(&everything(), NonZeroUsize::MIN, || (), |(), _| ()).unwrap_err();
    assert!(matches!(error, HistoryError::Damaged { .. }), "{error}");
}
