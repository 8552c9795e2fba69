//! Several cores read one capture, and what they write comes out as if one had.
//!
//! One thread (the caller's) deals frames out in rounds, each to the reader whose conversation it belongs to
//! ([`wire::share`]), and puts together what the readers of a round wrote: by the number of the frame, and at one frame
//! by [`Order`]. Readers share nothing and wait for nobody. The bytes that come out are the same for any number of
//! readers, but for what [`wire::share`] says of tunnels, and for which conversations a full table puts out.

use city::Observation;
use jiff::Timestamp;
use std::{
    collections::VecDeque,
    io,
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

/// What a reader wrote: bytes for one or several streams (a file each, for logs), in order.
#[derive(Debug, Default)]
pub struct Sheet {
    bytes: Vec<u8>,
    /// Where each piece ends, and for which stream it is.
    pieces: Vec<(u16, usize)>,
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

    /// The pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = (u16, &[u8])> {
        let starts = std::iter::once(0).chain(self.pieces.iter().map(|(_, end)| *end));
        let pieces = starts.zip(&self.pieces);
        pieces.map(|(start, (stream, end))| (*stream, self.bytes.get(start..*end).unwrap_or_default()))
    }

    /// Makes it empty, and keeps its room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }
}

/// What a reader is to do.
enum Task {
    /// Every reader: what a moment asks for.
    Pass { number: u64, moment: Moment },
    /// One reader: read a frame, whose bytes are the next so many of the round.
    Read { number: u64, now: Timestamp, time: Timestamp, link: LinkType, captured: usize, length: u32 },
    /// One reader: write what was observed elsewhere.
    Tell { number: u64, observation: Box<Observation> },
    /// Every reader: the frames are at their end.
    End { now: Timestamp },
}

/// A reader's part of a round: what it is to do, and then what it wrote.
#[derive(Default)]
struct Part {
    tasks: Vec<Task>,
    /// The bytes of the frames to read.
    bytes: Vec<u8>,
    sheet: Sheet,
    /// Up to which piece of the sheet what was written belongs to which frame and order. Ascending.
    marks: Vec<(u64, Order, usize)>,
    /// What was counted, at each moment that tells of it.
    tallies: Vec<Tally>,
}

/// One reader as the dealer knows it.
struct Hand {
    part: Part,
    parts: SyncSender<Part>,
    done: Receiver<Part>,
}

/// Takes what was written for a stream, in order.
pub type Take<'t> = dyn FnMut(u16, &[u8]) -> io::Result<()> + 't;

/// Several readers that share the frames of one capture.
pub struct Crew<W> {
    clock: Clock,
    number: u64,
    /// Who reads the last frame.
    last: usize,
    hands: Vec<Hand>,
    /// Parts that are done with, to be used again.
    spare: Vec<Part>,
    bytes: usize,
    frames: usize,
    /// For each round that is with the readers, the moments at which it tells of what was counted.
    rounds: VecDeque<Vec<(u64, Timestamp)>>,
    /// Those of the round that is being dealt.
    tells: Vec<(u64, Timestamp)>,
    /// Writes what is told of all readers together.
    write: W,
    sheet: Sheet,
    config: Config,
}

impl<W> Crew<W>
where
    W: FnMut(&Observation, &mut Sheet) + Send + 'static,
{
    /// So many readers, each with what `writer` makes: it writes one observation to a sheet.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(config: &Config, readers: usize, writer: impl Fn() -> W) -> io::Result<Crew<W>> {
        let readers = readers.max(1);
        let limits = &config.limits;
        let each = Config {
            limits: Limits {
                conversations: limits.conversations / readers,
                reorder_bytes: limits.reorder_bytes / readers,
                pending_bytes: limits.pending_bytes / readers,
                unanswered_bytes: limits.unanswered_bytes / readers,
                fragmented: limits.fragmented / readers,
                fragment_bytes: limits.fragment_bytes / readers,
                ..*limits
            },
            ..config.clone()
        };
        let hands = (0..readers)
            .map(|place| {
                let (parts, to_do) = sync_channel(ROUNDS);
                let (give, done) = channel();
                let (wire, write) = (Wire::new(each.clone()), writer());
                thread::Builder::new()
                    .name(format!("reader-{place}"))
                    .spawn(move || work(wire, write, &to_do, &give))?;
                Ok(Hand { part: Part::default(), parts, done })
            })
            .collect::<io::Result<Vec<Hand>>>()?;
        Ok(Crew {
            clock: Clock::default(),
            number: 0,
            last: 0,
            hands,
            spare: Vec::new(),
            bytes: 0,
            frames: 0,
            rounds: VecDeque::new(),
            tells: Vec::new(),
            write: writer(),
            sheet: Sheet::default(),
            config: config.clone(),
        })
    }

    /// Deals out one frame. Frames come in the order of their capture. `take` is given what was written, in order.
    ///
    /// # Errors
    /// As `take` says, or a reader's thread has stopped.
    pub fn see(&mut self, frame: &Frame<'_>, take: &mut Take<'_>) -> io::Result<()> {
        self.number += 1;
        let number = self.number;
        let moment = self.clock.see(frame.time);
        let reader = wire::share(frame, self.hands.len());
        self.last = reader;
        match moment.turn {
            Turn::Nothing => {}
            Turn::Late => self.deal(reader, Task::Pass { number, moment }),
            Turn::Restart { .. } => {
                // Another clock is also a frame that is older than the one before it.
                self.deal(reader, Task::Pass { number, moment: Moment { turn: Turn::Late, ..moment } });
                self.deal_all(|| Task::Pass { number, moment });
            }
            Turn::Sweep { .. } => self.deal_all(|| Task::Pass { number, moment }),
        }
        self.tells.extend(moment.tells().map(|time| (number, time)));
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

    /// Has something written that was observed elsewhere, behind what the last frame showed.
    pub fn tell(&mut self, observation: Observation) {
        let task = Task::Tell { number: self.number, observation: Box::new(observation) };
        self.deal(self.last, task);
    }

    /// Ends everything: no frame will follow.
    ///
    /// # Errors
    /// As for [`Crew::see`].
    pub fn finish(mut self, take: &mut Take<'_>) -> io::Result<()> {
        if let Some(now) = self.clock.now() {
            self.deal_all(|| Task::End { now });
            self.tells.push((u64::MAX, now));
        }
        self.round(take)?;
        while !self.rounds.is_empty() {
            self.put_together(take)?;
        }
        Ok(())
    }

    fn deal(&mut self, reader: usize, task: Task) {
        if let Some(hand) = self.hands.get_mut(reader) {
            hand.part.tasks.push(task);
        }
    }

    fn deal_all(&mut self, task: impl Fn() -> Task) {
        self.hands.iter_mut().for_each(|hand| hand.part.tasks.push(task()));
    }

    /// Gives the readers their parts of a round, and puts together the oldest if enough are with them.
    fn round(&mut self, take: &mut Take<'_>) -> io::Result<()> {
        for hand in &mut self.hands {
            let next = self.spare.pop().unwrap_or_default();
            hand.parts.send(std::mem::replace(&mut hand.part, next)).map_err(|_| stopped())?;
        }
        self.rounds.push_back(std::mem::take(&mut self.tells));
        (self.bytes, self.frames) = (0, 0);
        if self.rounds.len() >= ROUNDS { self.put_together(take) } else { Ok(()) }
    }

    /// Puts together what the readers wrote in the oldest round.
    fn put_together(&mut self, take: &mut Take<'_>) -> io::Result<()> {
        let mut parts = Vec::with_capacity(self.hands.len());
        for hand in &self.hands {
            parts.push(hand.done.recv().map_err(|_| stopped())?);
        }
        let mut tallies: Vec<_> =
            parts.iter_mut().map(|part| std::mem::take(&mut part.tallies).into_iter()).collect();
        let mut tells = self.rounds.pop_front().unwrap_or_default().into_iter().peekable();
        let mut pages: Vec<_> = parts.iter().map(Page::of).collect();
        loop {
            let next = pages.iter().enumerate().filter_map(|(place, page)| Some((page.next()?, place))).min();
            let before_next = |number: u64| match next {
                // What was counted is told of behind what ended at the same frame.
                Some(((frame, order), _)) => (number, Order::Neighbours) < (frame, order),
                None => true,
            };
            if let Some((_, time)) = tells.next_if(|(number, _)| before_next(*number)) {
                let mut counted = Tally::default();
                tallies.iter_mut().filter_map(Iterator::next).for_each(|tally| counted.add(tally));
                let mut told = Vec::new();
                counted.tell(time, &self.config.sensor, &mut told);
                self.sheet.clear();
                for observation in &told {
                    (self.write)(observation, &mut self.sheet);
                }
                self.sheet.pieces().try_for_each(|(stream, bytes)| take(stream, bytes))?;
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

/// A part that is being put together with the others of its round.
struct Page<'a> {
    part: &'a Part,
    mark: usize,
    piece: usize,
    start: usize,
}

impl Page<'_> {
    fn of(part: &Part) -> Page<'_> {
        Page { part, mark: 0, piece: 0, start: 0 }
    }

    /// Where what comes next belongs.
    fn next(&self) -> Option<(u64, Order)> {
        self.part.marks.get(self.mark).map(|(frame, order, _)| (*frame, *order))
    }

    /// Takes what comes next.
    fn turn(&mut self, take: &mut Take<'_>) -> io::Result<()> {
        let Some((_, _, end)) = self.part.marks.get(self.mark) else { return Ok(()) };
        let sheet = &self.part.sheet;
        while self.piece < *end
            && let Some((stream, end)) = sheet.pieces.get(self.piece)
        {
            take(*stream, sheet.bytes.get(self.start..*end).unwrap_or_default())?;
            (self.start, self.piece) = (*end, self.piece + 1);
        }
        self.mark += 1;
        Ok(())
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread that reads the capture has stopped before its end")
}

/// A reader's work: its part of each round, until there are no more.
fn work(
    mut wire: Wire,
    mut write: impl FnMut(&Observation, &mut Sheet),
    parts: &Receiver<Part>,
    give: &Sender<Part>,
) {
    let mut observations = Vec::new();
    let mut groups: Vec<(Order, usize)> = Vec::new();
    while let Ok(mut part) = parts.recv() {
        part.sheet.clear();
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
                Task::End { now } => {
                    wire.end_all(now, &mut observations, &mut |order, end| groups.push((order, end)));
                    part.tallies.push(wire.take_tally());
                    u64::MAX
                }
            };
            let mut told = observations.drain(..);
            let mut begin = 0;
            for (order, end) in groups.drain(..) {
                for observation in told.by_ref().take(end - begin) {
                    write(&observation, &mut part.sheet);
                }
                begin = end;
                let pieces = part.sheet.pieces.len();
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
