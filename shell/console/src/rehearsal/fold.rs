//! Columns of history, folded into a rehearsal: rows that are alike are counted together before they are looked at.

use city::{Address, ConnectionState, Protocol, Target, Text, Transport, Verb};
use defend::rehearsal::{Asked, Rehearsal, Spoken, Times};
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};
use store::{Batch, Conversations, Requests, Targets};

/// A rehearsal, and room for what is alike in a row group.
pub(super) struct Folding<'p> {
    rehearsal: Rehearsal<'p>,
    spoken: Alike<u128>,
    asked: Alike<Numbers>,
}

/// What requests that are alike have in common: their ends, what was asked, and what it was about where that matters.
type Numbers = (u128, u128, Option<(Option<i64>, u32, Option<i64>, Option<i64>, u32)>);

/// How often the same numbers come, and the row where they came first.
type Alike<N> = HashMap<N, (usize, Times), foldhash::fast::FixedState>;

impl<'p> Folding<'p> {
    /// Nothing seen yet.
    pub(super) fn new(rehearsal: Rehearsal<'p>) -> Folding<'p> {
        Folding { rehearsal, spoken: HashMap::default(), asked: HashMap::default() }
    }

    /// The rehearsal, with all that was folded in.
    pub(super) fn into_rehearsal(self) -> Rehearsal<'p> {
        self.rehearsal
    }

    /// Folds in what is lent of history.
    pub(super) fn take(&mut self, batch: Batch<'_>) {
        match batch {
            Batch::Conversations(rows) => self.conversations(rows),
            Batch::Requests(rows) => self.requests(rows),
            Batch::Row(row) => self.rehearsal.see(row),
        }
    }

    fn conversations(&mut self, rows: &Conversations) {
        self.spoken.clear();
        let icmp = code_of(&rows.transport.values, &Transport::Icmp);
        // Whether a state means that the end that was spoken to took part, for each state of the row group.
        let took_part: Vec<bool> =
            rows.state.values.iter().map(|s| s.answered() && *s != ConnectionState::Rej).collect();
        let ends = rows.source.codes.iter().zip(&rows.destination.codes);
        let ports = rows.source_port.iter().zip(&rows.destination_port);
        let what = rows.transport.codes.iter().zip(&rows.protocol.codes);
        let said = rows.bytes_in.iter().zip(&rows.bytes_out);
        let how = rows.packets_in.iter().zip(&rows.state.codes).zip(rows.ended.iter().zip(&rows.reported));
        let columns = ends.zip(ports).zip(what).zip(said).zip(how).enumerate();
        for (row, ((((ends, ports), (transport, protocol)), (bytes_in, bytes_out)), how)) in columns {
            let ((packets_in, state), (ended, reported)) = how;
            let answered = *packets_in > 0 && took_part.get(*state as usize).copied().unwrap_or_default();
            let flags = u128::from(answered)
                | u128::from(*bytes_in != 0 || *bytes_out != 0) << 1
                | u128::from(*ended) << 2;
            let icmp_type = if Some(*transport) == icmp { low(*ports.0) } else { 0 };
            let numbers = flags
                | u128::from(low(*ports.1)) << 3
                | u128::from(icmp_type) << 19
                // A row group has fewer than 2^20 rows, and so fewer distinct values.
                | u128::from(*transport) << 35
                | u128::from(*protocol) << 55
                | u128::from(*ends.0) << 75
                | u128::from(*ends.1) << 95;
            note(&mut self.spoken, numbers, row, *reported, u64::from(*ended));
        }
        for (numbers, (row, times)) in &self.spoken {
            let spoken = || {
                Some(Spoken {
                    source: *rows.source.value(*row)?,
                    destination: *rows.destination.value(*row)?,
                    transport: *rows.transport.value(*row)?,
                    port: low(*rows.destination_port.get(*row)?),
                    icmp_type: (numbers >> 19) as u16,
                    protocol: *rows.protocol.value(*row)?,
                    answered: numbers & 1 != 0,
                    spoke: numbers & 2 != 0,
                    ended: numbers & 4 != 0,
                })
            };
            if let Some(spoken) = spoken() {
                self.rehearsal.see_conversations(spoken, *times);
            }
        }
    }

    fn requests(&mut self, rows: &Requests) {
        self.asked.clear();
        let icmp = code_of(&rows.transport.values, &Transport::Icmp);
        // Targets are told apart only of protocols of which a plan looks at them.
        let looked_at: Vec<bool> = rows
            .protocol
            .values
            .iter()
            .map(|protocol| protocol.is_some_and(|protocol| self.rehearsal.targets().contains(&protocol)))
            .collect();
        for (row, time) in rows.time.iter().enumerate() {
            let number = |codes: &[u32]| u128::from(codes.get(row).copied().unwrap_or_default());
            let port = |ports: &[i64]| low(ports.get(row).copied().unwrap_or_default());
            let back = rows.back.get(row).copied().unwrap_or_default();
            let (near, far) = (port(&rows.source_port), port(&rows.destination_port));
            // What is asked back belongs to the conversation, whose source is the other end.
            let (near, far) = if back { (far, near) } else { (near, far) };
            let transport = number(&rows.transport.codes);
            let icmp_type = if icmp.map(u128::from) == Some(transport) { near } else { 0 };
            let protocol = rows.protocol.codes.get(row).copied().unwrap_or_default();
            let ends = u128::from(back)
                | u128::from(far) << 1
                | u128::from(icmp_type) << 17
                | transport << 33
                | u128::from(protocol) << 53
                | number(&rows.source.codes) << 73
                | number(&rows.destination.codes) << 93;
            let asked = number(&rows.verb.codes)
                | number(&rows.missing.codes) << 8
                | number(&rows.function.codes) << 16;
            let about = rows.targets.as_ref();
            let about = about.filter(|_| looked_at.get(protocol as usize).copied().unwrap_or_default());
            let about = about.map(|about| {
                let maybe = |numbers: &[Option<i64>]| numbers.get(row).copied().flatten();
                let code = |codes: &[u32]| codes.get(row).copied().unwrap_or_default();
                let (kind, name) = (code(&about.kind.codes), code(&about.name.codes));
                (maybe(&about.unit), kind, maybe(&about.first), maybe(&about.last), name)
            });
            note(&mut self.asked, (ends, asked, about), row, *time, 1);
        }
        for ((numbers, ..), (row, times)) in &self.asked {
            if let Some(asked) = asked(rows, *row, (numbers >> 17) as u16) {
                self.rehearsal.see_requests(asked, *times);
            }
        }
    }
}

/// A request of a row.
fn asked(rows: &Requests, row: usize, icmp_type: u16) -> Option<Asked> {
    let back = *rows.back.get(row)?;
    let (source, destination): (Address, Address) = (*rows.source.value(row)?, *rows.destination.value(row)?);
    let (near, far) = (*rows.source_port.get(row)?, *rows.destination_port.get(row)?);
    let protocol: Option<Protocol> = *rows.protocol.value(row)?;
    let verb: Verb = *rows.verb.value(row)?;
    Some(Asked {
        source: if back { destination } else { source },
        destination: if back { source } else { destination },
        transport: *rows.transport.value(row)?,
        port: low(if back { near } else { far }),
        icmp_type,
        protocol,
        back,
        verb,
        function: rows.function.value(row)?.clone(),
        target: rows.targets.as_ref().and_then(|about| target(about, row)).unwrap_or_default(),
        answered: !*rows.missing.value(row)?,
    })
}

fn target(about: &Targets, row: usize) -> Option<Target> {
    let number = |numbers: &[Option<i64>]| numbers.get(row).copied().flatten();
    let numbers = number(&about.first).zip(number(&about.last));
    Some(Target {
        unit: number(&about.unit).and_then(|unit| u32::try_from(unit).ok()),
        kind: text(about.kind.value(row)),
        numbers: numbers.map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned())),
        name: text(about.name.value(row)),
    })
}

fn text(text: Option<&Text>) -> Text {
    text.cloned().unwrap_or_default()
}

/// Counts a row with those that are alike.
fn note<N: Eq + Hash>(alike: &mut Alike<N>, numbers: N, row: usize, time: i64, count: u64) {
    let times = Times { count, records: 1, first: time, last: time };
    match alike.entry(numbers) {
        Entry::Occupied(mut known) => known.get_mut().1.add(times),
        Entry::Vacant(new) => drop(new.insert((row, times))),
    }
}

fn code_of<T: PartialEq>(values: &[T], wanted: &T) -> Option<u32> {
    values.iter().position(|value| value == wanted).and_then(|place| u32::try_from(place).ok())
}

/// A port as it is kept; every number that history holds of one fits.
fn low(port: i64) -> u16 {
    u16::try_from(port).unwrap_or_default()
}
