use super::*;
use crate::sample;
use proptest::prelude::*;
use std::fs;

const SMALL: u64 = 2_000;

fn open(directory: &Path, segment_bytes: u64) -> (Journal, Opening) {
    Journal::open_with(directory, "mirror-0", Position(0), segment_bytes).unwrap()
}

fn read(directory: &Path, from: u64) -> Vec<(Position, Event)> {
    Journal::read(directory, Position(from)).unwrap().map(Result::unwrap).collect()
}

fn expected(range: std::ops::Range<u64>) -> Vec<(Position, Event)> {
    range.map(|n| (Position(n), sample::event(n))).collect()
}

fn fill(journal: &mut Journal, range: std::ops::Range<u64>) {
    for n in range {
        assert_eq!(journal.append(&sample::event(n)).unwrap(), Position(n));
    }
}

#[test]
fn every_event_comes_back_in_order_from_any_place() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, opening) = open(directory.path(), SMALL);
    assert_eq!(opening, Opening { end: Position(0), last: None, closed: true, torn: 0 });
    for tenth in 0..20 {
        fill(&mut journal, tenth * 10..(tenth + 1) * 10);
        assert_eq!(journal.sync().unwrap(), Position((tenth + 1) * 10));
    }
    assert!(segments(directory.path()).unwrap().len() > 3, "it rotates by size");
    for from in [0, 1, 57, 199, 200] {
        assert_eq!(read(directory.path(), from), expected(from..200));
    }
    journal.close().unwrap();
    let (mut journal, opening) = open(directory.path(), SMALL);
    assert_eq!((opening.end, opening.closed, opening.loss()), (Position(200), true, None));
    fill(&mut journal, 200..230);
    journal.sync().unwrap();
    assert_eq!(read(directory.path(), 150), expected(150..230));
}

#[test]
fn an_orderly_stop_has_nothing_to_report_and_any_other_has() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    fill(&mut journal, 0..5);
    journal.sync().unwrap();
    drop(journal);
    let (_, opening) = open(directory.path(), u64::MAX);
    assert_eq!((opening.end, opening.closed, opening.torn), (Position(5), false, 0));
    let loss = opening.loss().unwrap();
    assert_eq!((loss.kind, loss.count), (LossKind::Interrupted, 0));
    assert!(loss.detail.contains("2026-01-02T03:00:04Z"), "{}", loss.detail);
}

#[test]
fn a_kill_between_two_segments_is_reported_with_the_last_time() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    fill(&mut journal, 0..5);
    journal.rotate().unwrap();
    drop(journal);
    let (_, opening) = open(directory.path(), u64::MAX);
    assert_eq!((opening.end, opening.closed, opening.last), (Position(5), false, Some(sample::time(4))));
}

#[test]
fn truncated_at_any_byte_the_events_before_it_are_kept_and_the_rest_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    let mut ends = vec![fs::metadata(&journal.path).unwrap().len()];
    for n in 0..9 {
        fill(&mut journal, n..n + 1);
        journal.sync().unwrap();
        ends.push(fs::metadata(&journal.path).unwrap().len());
    }
    let path = journal.path.clone();
    drop(journal);
    let whole = fs::read(&path).unwrap();
    for cut in ends[0]..whole.len() as u64 {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(path.file_name().unwrap()), &whole[..cut as usize]).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
        let (mut journal, opening) = open(directory.path(), u64::MAX);
        assert_eq!((opening.end, opening.torn), (Position(kept), cut - ends[kept as usize]), "cut at {cut}");
        assert_eq!(read(directory.path(), 0), expected(0..kept));
        // What comes after stands behind what was kept.
        fill(&mut journal, kept..kept + 3);
        journal.sync().unwrap();
        assert_eq!(read(directory.path(), 0), expected(0..kept + 3));
    }
}

#[test]
fn a_damaged_header_is_put_aside_and_a_new_segment_begun() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    fill(&mut journal, 0..5);
    let path = journal.path.clone();
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (journal, opening) = open(directory.path(), u64::MAX);
    assert_eq!((opening.end, opening.torn), (Position(0), bytes.len() as u64));
    drop(journal);
    assert_eq!(fs::read(path.with_extension("damaged")).unwrap(), bytes);
}

#[test]
fn damage_in_an_older_segment_costs_that_segment_s_rest_and_says_how_many() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    for start in [0, 10, 20] {
        fill(&mut journal, start..start + 10);
        journal.rotate().unwrap();
    }
    let middle = segments(directory.path()).unwrap()[1].path.clone();
    let mut bytes = fs::read(&middle).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 0x10;
    fs::write(&middle, &bytes).unwrap();
    let items: Vec<_> = Journal::read(directory.path(), Position(0)).unwrap().collect();
    let good: Vec<_> = items.iter().filter_map(|item| item.as_ref().ok().cloned()).collect();
    let Some(JournalError::Damaged { at, lost, .. }) = items.iter().find_map(|item| item.as_ref().err())
    else {
        panic!("the damage was not reported");
    };
    assert!((10..20).contains(&at.0) && at.0 + lost == 20);
    assert_eq!(good, [expected(0..at.0), expected(20..30)].concat());
    // A segment that is gone altogether is missed as well.
    fs::remove_file(&middle).unwrap();
    let items: Vec<_> = Journal::read(directory.path(), Position(0)).unwrap().collect();
    assert!(
        items
            .iter()
            .any(|item| matches!(item, Err(JournalError::Damaged { at: Position(10), lost: 10, .. })))
    );
}

#[test]
fn segments_are_removed_only_when_they_lie_wholly_before_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    for start in [0, 10, 20] {
        fill(&mut journal, start..start + 10);
        journal.rotate().unwrap();
    }
    assert_eq!(journal.prune(Position(9)).unwrap(), 0);
    assert!(journal.prune(Position(15)).unwrap() > 0);
    assert_eq!(read(directory.path(), 10), expected(10..30));
    // Whoever asks for what was removed is told, not given less in silence.
    let first = Journal::read(directory.path(), Position(0)).unwrap().next();
    assert!(matches!(first, Some(Err(JournalError::Damaged { at: Position(0), lost: 10, .. }))));
    journal.prune(Position(1_000)).unwrap();
    assert_eq!(segments(directory.path()).unwrap().len(), 1, "the one being written stays");
    drop(journal);
    let (_, opening) = open(directory.path(), u64::MAX);
    assert_eq!(opening.end, Position(30));
}

#[test]
fn places_go_on_from_what_a_checkpoint_knows() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    fill(&mut journal, 0..5);
    journal.close().unwrap();
    let (mut journal, opening) =
        Journal::open_with(directory.path(), "mirror-0", Position(9), u64::MAX).unwrap();
    assert_eq!(opening.end, Position(9));
    fill(&mut journal, 9..12);
    journal.sync().unwrap();
    assert_eq!(read(directory.path(), 9), expected(9..12));
}

#[test]
fn a_newer_journal_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let header = Header { schema: SCHEMA + 1, first: Position(0), sensor: "x".into() };
    fs::write(directory.path().join(read::name_of(Position(0))), header.to_bytes()).unwrap();
    let opened = Journal::open(directory.path(), "x", Position(0));
    assert!(matches!(opened, Err(JournalError::Newer { found: 2, .. })));
}

#[test]
fn a_disk_that_takes_nothing_is_told_of_and_what_waits_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path(), u64::MAX);
    fill(&mut journal, 0..3);
    // A file open for reading only takes nothing, as a full disk would.
    let good = std::mem::replace(&mut journal.segment, File::open(&journal.path).unwrap());
    assert!(matches!(journal.sync(), Err(JournalError::File(_))));
    journal.segment = good;
    journal.segment.seek(SeekFrom::Start(journal.written)).unwrap();
    fill(&mut journal, 3..6);
    assert_eq!(journal.sync().unwrap(), Position(6));
    assert_eq!(read(directory.path(), 0), expected(0..6));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_appended_is_what_is_read(
        numbers in proptest::collection::vec(any::<u32>(), 0..80),
        syncs in proptest::collection::vec(any::<bool>(), 80),
        from in any::<prop::sample::Index>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(directory.path(), SMALL);
        let events: Vec<Event> = numbers.iter().map(|n| sample::event(u64::from(*n))).collect();
        for (event, sync) in events.iter().zip(&syncs) {
            journal.append(event).unwrap();
            if *sync {
                journal.sync().unwrap();
            }
        }
        journal.close().unwrap();
        let from = from.index(events.len() + 1);
        let read: Vec<Event> = read(directory.path(), from as u64).into_iter().map(|(_, event)| event).collect();
        prop_assert_eq!(&read[..], &events[from..]);
    }

    #[test]
    fn no_bytes_of_chance_are_believed_and_none_panics(
        at in any::<prop::sample::Index>(),
        junk in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(directory.path(), u64::MAX);
        fill(&mut journal, 0..12);
        journal.sync().unwrap();
        let path = journal.path.clone();
        drop(journal);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        let end = (at + junk.len()).min(bytes.len());
        bytes.splice(at..end, junk);
        fs::write(&path, bytes).unwrap();
        for (place, event) in Journal::read(directory.path(), Position(0)).unwrap().flatten() {
            prop_assert_eq!(event, sample::event(place.0));
        }
        let (_, opening) = open(directory.path(), u64::MAX);
        prop_assert!(opening.end <= Position(12));
    }
}
