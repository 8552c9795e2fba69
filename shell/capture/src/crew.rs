//! Several cores read one capture, and what they write comes out as if one had.
//!
//! One thread (the caller's) deals frames out in rounds, each to the reader whose conversation it belongs to
//! ([`wire::share`]), and puts together what the readers of a round kept: by the number of the frame, and at one frame
//! by [`Order`]. Readers share nothing and wait for nobody. What comes out is the same for any number of readers, but
//! for what [`wire::share`] says of tunnels, and for which conversations a full table puts out.
//!
//! Frames may come from several sensors, each with a clock and readers of its own.

use city::{Observation, Text};
use jiff::Timestamp;
use std::{
    collections::VecDeque,
    io,
    ops::Range,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
};
use wire::{Clock, Config, Frame, Limits, LinkType, Moment, Order, Tally, Turn, Wire};

/// A round is dealt out when it has so many bytes of frames. Large enough that handing it over costs nothing beside
/// reading it, small enough that a few rounds stay in the cache.
const ROUND_BYTES: usize = 1 << 20;
/// Or so many frames.
const ROUND_FRAMES: usize = 8_192;
/// So many rounds may be with the readers at a time, so that one that is slower in one round can make up for it.
const ROUNDS: usize = 4;

/// What a reader keeps of what it observes, piece by piece, until it is put together with what others keep.
pub trait Kept: Default + Send + 'static {
    /// How many pieces are kept.
    fn pieces(&self) -> usize;

    /// Forgets them all, and keeps the room.
    fn clear(&mut self);
}

/// The observations themselves; taken from the front.
impl Kept for VecDeque<Observation> {
    fn pieces(&self) -> usize {
        self.len()
    }

    fn clear(&mut self) {
        VecDeque::clear(self);
    }
}

/// What was written of them: bytes for one or several streams (a file each, for logs), in order.
#[derive(Debug, Default)]
pub struct Sheet {
    bytes: Vec<u8>,
    /// Where each piece ends, and for which stream it is.
    pieces: Vec<(u16, usize)>,
    /// How many pieces were taken.
    taken: usize,
}

impl Sheet {
    /// Writes a piece for a stream by appending to bytes.
    pub fn write(&mut self, stream: u16, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() > before {
            self.pieces.push((stream, self.bytes.len()));
        }
    }

    /// Takes the next pieces, so many of them.
    ///
    /// # Errors
    /// As `take` says.
    pub fn take(
        &mut self,
        count: usize,
        mut take: impl FnMut(u16, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut start =
            self.taken.checked_sub(1).and_then(|last| self.pieces.get(last)).map_or(0, |(_, end)| *end);
        for (stream, end) in self.pieces.iter().skip(self.taken).take(count) {
            take(*stream, self.bytes.get(start..*end).unwrap_or_default())?;
            start = *end;
        }
        self.taken += count;
        Ok(())
    }
}

impl Kept for Sheet {
    fn pieces(&self) -> usize {
        self.pieces.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
        self.taken = 0;
    }
}

/// What a reader is to do.
enum Task {
    /// Every reader of a sensor: what a moment asks for.
    Pass { number: u64, moment: Moment },
    /// One reader: read a frame, whose bytes are the next so many of the round.
    Read { number: u64, now: Timestamp, time: Timestamp, link: LinkType, captured: usize, length: u32 },
    /// One reader: keep what was observed elsewhere.
    Tell { number: u64, observation: Box<Observation> },
    /// Every reader of a sensor: its frames are at their end.
    End { number: u64, now: Timestamp },
}

/// A reader's part of a round: what it is to do, and then what it kept.
#[derive(Default)]
struct Part<K> {
    tasks: Vec<Task>,
    /// The bytes of the frames to read.
    bytes: Vec<u8>,
    kept: K,
    /// Up to which piece what was kept belongs to which frame and order. Ascending.
    marks: Vec<(u64, Order, usize)>,
    /// What was counted, at each moment that tells of it.
    tallies: Vec<Tally>,
}

/// One reader as the dealer knows it.
struct Hand<K> {
    part: Part<K>,
    parts: SyncSender<Part<K>>,
    done: Receiver<Part<K>>,
}

/// Where frames come from.
struct Sensor {
    name: Text,
    clock: Clock,
    /// Which hands read its frames.
    hands: Range<usize>,
}

/// A moment at which a sensor tells of what was counted.
#[derive(Clone, Copy)]
struct Tells {
    number: u64,
    sensor: usize,
    time: Timestamp,
}

/// Takes what comes next of what was kept: so many pieces of it.
pub type Take<'t, K> = dyn FnMut(&mut K, usize) -> io::Result<()> + 't;

/// Several readers that share the frames of one capture, or of several interfaces.
pub struct Crew<K, W> {
    sensors: Vec<Sensor>,
    number: u64,
    /// Who reads the last frame.
    last: usize,
    /// The readers of the first sensor, then those of the next.
    hands: Vec<Hand<K>>,
    /// Parts that are done with, to be used again.
    spare: Vec<Part<K>>,
    bytes: usize,
    frames: usize,
    /// For each round that is with the readers, the moments at which it tells of what was counted.
    rounds: VecDeque<Vec<Tells>>,
    /// Those of the round that is being dealt.
    tells: Vec<Tells>,
    /// Keeps what is told of all readers together.
    keep: W,
    kept: K,
}

impl<K, W> Crew<K, W>
where
    K: Kept,
    W: FnMut(Observation, &mut K) + Send + 'static,
{
    /// So many readers for each sensor, each with what `keeper` makes: it keeps one observation. The sensors are set up
    /// as given; what their limits allow is divided among all readers.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(sensors: &[Config], readers: usize, keeper: impl Fn() -> W) -> io::Result<Crew<K, W>> {
        let readers = readers.max(1);
        let all = readers * sensors.len();
        let mut crew = Crew {
            sensors: Vec::with_capacity(sensors.len()),
            number: 0,
            last: 0,
            hands: Vec::with_capacity(all),
            spare: Vec::new(),
            bytes: 0,
            frames: 0,
            rounds: VecDeque::new(),
            tells: Vec::new(),
            keep: keeper(),
            kept: K::default(),
        };
        for config in sensors {
            let first = crew.hands.len();
            for _ in 0..readers {
                let (parts, to_do) = sync_channel(ROUNDS);
                let (give, done) = channel();
                let (wire, keep) = (Wire::new(divided(config, all)), keeper());
                thread::Builder::new()
                    .name(format!("reader-{}", crew.hands.len()))
                    .spawn(move || work(wire, keep, &to_do, &give))?;
                crew.hands.push(Hand { part: Part::default(), parts, done });
            }
            let (name, hands) = (config.sensor.clone(), first..crew.hands.len());
            crew.sensors.push(Sensor { name, clock: Clock::default(), hands });
        }
        Ok(crew)
    }

    /// Deals out one frame of a sensor. Frames of one sensor come in the order of their capture. `take` is given what
    /// was kept, in order.
    ///
    /// # Errors
    /// As `take` says, or a reader's thread has stopped.
    pub fn see(&mut self, sensor: usize, frame: &Frame<'_>, take: &mut Take<'_, K>) -> io::Result<()> {
        let Some(Sensor { clock, hands, .. }) = self.sensors.get_mut(sensor) else { return Ok(()) };
        self.number += 1;
        let number = self.number;
        let moment = clock.see(frame.time);
        let reader = hands.start + wire::share(frame, hands.len());
        self.last = reader;
        match moment.turn {
            Turn::Nothing => {}
            Turn::Late => self.deal(reader, Task::Pass { number, moment }),
            Turn::Restart { .. } => {
                // Another clock is also a frame that is older than the one before it.
                self.deal(reader, Task::Pass { number, moment: Moment { turn: Turn::Late, ..moment } });
                self.deal_all(sensor, || Task::Pass { number, moment });
            }
            Turn::Sweep { .. } => self.deal_all(sensor, || Task::Pass { number, moment }),
        }
        self.tells.extend(moment.tells().map(|time| Tells { number, sensor, time }));
        let (now, time, link, length) = (moment.now, frame.time, frame.link, frame.length);
        let captured = frame.bytes.len();
        if let Some(hand) = self.hands.get_mut(reader) {
            hand.part.tasks.push(Task::Read { number, now, time, link, captured, length });
            hand.part.bytes.extend_from_slice(frame.bytes);
        }
        self.bytes += captured;
        self.frames += 1;
        if self.bytes >= ROUND_BYTES || self.frames >= ROUND_FRAMES { self.round(take) } else { Ok(()) }
    }

    /// Lets time pass for every sensor without a frame: what has been silent for too long is told of.
    pub fn tick(&mut self, now: Timestamp) {
        for sensor in 0..self.sensors.len() {
            let Some(moment) = self.sensors.get_mut(sensor).and_then(|sensor| sensor.clock.tick(now)) else {
                continue;
            };
            self.number += 1;
            let number = self.number;
            self.deal_all(sensor, || Task::Pass { number, moment });
            self.tells.extend(moment.tells().map(|time| Tells { number, sensor, time }));
        }
    }

    /// Has something kept that was observed elsewhere, behind what the last frame showed.
    pub fn tell(&mut self, observation: Observation) {
        let task = Task::Tell { number: self.number, observation: Box::new(observation) };
        self.deal(self.last, task);
    }

    /// Waits for the readers, so that all they kept so far is taken.
    ///
    /// # Errors
    /// As for [`Crew::see`].
    pub fn flush(&mut self, take: &mut Take<'_, K>) -> io::Result<()> {
        if self.hands.iter().any(|hand| !hand.part.tasks.is_empty()) {
            self.round(take)?;
        }
        while !self.rounds.is_empty() {
            self.put_together(take)?;
        }
        Ok(())
    }

    /// Ends everything: no frame will follow.
    ///
    /// # Errors
    /// As for [`Crew::see`].
    pub fn finish(mut self, take: &mut Take<'_, K>) -> io::Result<()> {
        for sensor in 0..self.sensors.len() {
            if let Some(now) = self.sensors.get(sensor).and_then(|sensor| sensor.clock.now()) {
                // Behind every frame, one sensor after the other.
                self.number += 1;
                let number = self.number;
                self.deal_all(sensor, || Task::End { number, now });
                self.tells.push(Tells { number, sensor, time: now });
            }
        }
        self.flush(take)
    }

    fn deal(&mut self, reader: usize, task: Task) {
        if let Some(hand) = self.hands.get_mut(reader) {
            hand.part.tasks.push(task);
        }
    }

    fn deal_all(&mut self, sensor: usize, task: impl Fn() -> Task) {
        let hands = self.sensors.get(sensor).and_then(|sensor| self.hands.get_mut(sensor.hands.clone()));
        hands.into_iter().flatten().for_each(|hand| hand.part.tasks.push(task()));
    }

    /// Gives the readers their parts of a round, and puts together the oldest if enough are with them.
    fn round(&mut self, take: &mut Take<'_, K>) -> io::Result<()> {
        for hand in &mut self.hands {
            let next = self.spare.pop().unwrap_or_default();
            hand.parts.send(std::mem::replace(&mut hand.part, next)).map_err(|_| stopped())?;
        }
        self.rounds.push_back(std::mem::take(&mut self.tells));
        (self.bytes, self.frames) = (0, 0);
        if self.rounds.len() >= ROUNDS { self.put_together(take) } else { Ok(()) }
    }

    /// Puts together what the readers kept in the oldest round.
    fn put_together(&mut self, take: &mut Take<'_, K>) -> io::Result<()> {
        let mut parts = Vec::with_capacity(self.hands.len());
        for hand in &self.hands {
            parts.push(hand.done.recv().map_err(|_| stopped())?);
        }
        let mut tallies: Vec<_> =
            parts.iter_mut().map(|part| std::mem::take(&mut part.tallies).into_iter()).collect();
        let mut tells = self.rounds.pop_front().unwrap_or_default().into_iter().peekable();
        let mut pages: Vec<_> = parts.iter_mut().map(Page::of).collect();
        loop {
            let next = pages.iter().enumerate().filter_map(|(place, page)| Some((page.next()?, place))).min();
            let before_next = |number: u64| match next {
                // What was counted is told of behind what ended at the same frame.
                Some(((frame, order), _)) => (number, Order::Neighbours) < (frame, order),
                None => true,
            };
            if let Some(Tells { sensor, time, .. }) = tells.next_if(|tells| before_next(tells.number)) {
                let Some(Sensor { name, hands, .. }) = self.sensors.get(sensor) else { continue };
                let counting = tallies.get_mut(hands.clone()).into_iter().flatten();
                let mut counted = Tally::default();
                counting.filter_map(Iterator::next).for_each(|tally| counted.add(tally));
                let mut told = Vec::new();
                counted.tell(time, name, &mut told);
                self.kept.clear();
                for observation in told {
                    (self.keep)(observation, &mut self.kept);
                }
                let pieces = self.kept.pieces();
                take(&mut self.kept, pieces)?;
                continue;
            }
            let Some((_, place)) = next else { break };
            if let Some(page) = pages.get_mut(place) {
                page.turn(take)?;
            }
        }
        self.spare.extend(parts);
        Ok(())
    }
}

/// A sensor's set-up, with limits for one of so many readers.
fn divided(config: &Config, readers: usize) -> Config {
    let limits = &config.limits;
    Config {
        limits: Limits {
            conversations: limits.conversations / readers,
            reorder_bytes: limits.reorder_bytes / readers,
            pending_bytes: limits.pending_bytes / readers,
            unanswered_bytes: limits.unanswered_bytes / readers,
            remembered_bytes: limits.remembered_bytes / readers,
            fragmented: limits.fragmented / readers,
            fragment_bytes: limits.fragment_bytes / readers,
            ..*limits
        },
        ..config.clone()
    }
}

/// A part that is being put together with the others of its round.
struct Page<'a, K> {
    marks: std::slice::Iter<'a, (u64, Order, usize)>,
    kept: &'a mut K,
    taken: usize,
}

impl<K: Kept> Page<'_, K> {
    fn of(part: &mut Part<K>) -> Page<'_, K> {
        Page { marks: part.marks.iter(), kept: &mut part.kept, taken: 0 }
    }

    /// Where what comes next belongs.
    fn next(&self) -> Option<(u64, Order)> {
        self.marks.as_slice().first().map(|(frame, order, _)| (*frame, *order))
    }

    /// Takes what comes next.
    fn turn(&mut self, take: &mut Take<'_, K>) -> io::Result<()> {
        let Some((_, _, end)) = self.marks.next() else { return Ok(()) };
        let count = end.saturating_sub(self.taken);
        self.taken = *end;
        take(self.kept, count)
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread that reads the capture has stopped before its end")
}

/// A reader's work: its part of each round, until there are no more.
fn work<K: Kept>(
    mut wire: Wire,
    mut keep: impl FnMut(Observation, &mut K),
    parts: &Receiver<Part<K>>,
    give: &Sender<Part<K>>,
) {
    let mut observations = Vec::new();
    let mut groups: Vec<(Order, usize)> = Vec::new();
    while let Ok(mut part) = parts.recv() {
        part.kept.clear();
        part.marks.clear();
        let mut rest = part.bytes.as_slice();
        for task in part.tasks.drain(..) {
            let number = match task {
                Task::Pass { number, moment } => {
                    wire.pass(&moment, &mut observations, &mut |order, end| groups.push((order, end)));
                    part.tallies.extend(moment.tells().map(|_| wire.take_tally()));
                    number
                }
                Task::Read { number, now, time, link, captured, length } => {
                    let (bytes, behind) = rest.split_at_checked(captured).unwrap_or((rest, &[]));
                    rest = behind;
                    wire.hear(&Frame { time, link, bytes, length }, number, now, &mut observations);
                    groups.push((Order::Frame, observations.len()));
                    number
                }
                Task::Tell { number, observation } => {
                    observations.push(*observation);
                    groups.push((Order::Frame, observations.len()));
                    number
                }
                Task::End { number, now } => {
                    wire.end_all(now, &mut observations, &mut |order, end| groups.push((order, end)));
                    part.tallies.push(wire.take_tally());
                    number
                }
            };
            let mut told = observations.drain(..);
            let mut begin = 0;
            for (order, end) in groups.drain(..) {
                for observation in told.by_ref().take(end - begin) {
                    keep(observation, &mut part.kept);
                }
                begin = end;
                let pieces = part.kept.pieces();
                if part.marks.last().map_or(0, |(_, _, before)| *before) < pieces {
                    part.marks.push((number, order, pieces));
                }
            }
        }
        part.bytes.clear();
        if give.send(part).is_err() {
            return;
        }
    }
}
