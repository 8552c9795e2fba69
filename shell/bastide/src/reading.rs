//! Captures in, observations out.

use crate::failure::warn;
use anyhow::Context;
use capture::{Captures, Crew, Input, Kept, Order, Sheet, Take};
use city::{Loss, LossKind, Observation, Observed, Text};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    num::NonZeroUsize,
    thread,
};
use wire::{Config, Frame, Limits, Wire};

/// How many observations are handed on at a time, at the least.
const BATCH: usize = 256;

/// Reads captures through the wire.
pub(crate) struct Reading {
    captures: Captures,
    config: Config,
    bar: ProgressBar,
    last: Option<Timestamp>,
}

/// What a reading is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be judged, by the same path as live traffic.
    City,
    /// To be written out in full, in our own records or the logs of Zeek.
    Logs,
    /// To be written out as the events of Suricata.
    Events,
}

/// How often the city hears of a conversation that goes on.
pub(crate) const INTERIM: SignedDuration = SignedDuration::from_secs(60);

/// What is known of a reading when it is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Read {
    /// Frames read.
    pub(crate) frames: u64,
    /// Bytes of those frames.
    pub(crate) bytes: u64,
}

impl Reading {
    /// Opens captures.
    pub(crate) fn open(arguments: &[OsString], purpose: Purpose) -> anyhow::Result<Reading> {
        let (interim, order) = match purpose {
            Purpose::City => (Some(INTERIM), Order::Time),
            Purpose::Logs | Purpose::Events => (None, Order::Given),
        };
        let inputs: Vec<Input> = arguments.iter().map(|argument| Input::from_argument(argument)).collect();
        let captures = Captures::open(&inputs, order)?;
        let config = Config {
            sensor: Text::const_new("capture"),
            logs: purpose == Purpose::Logs,
            events: if purpose == Purpose::Events { records::eve::PROTOCOLS } else { &[] },
            signs: purpose == Purpose::City,
            seed: seed()?,
            limits: Limits::default(),
            only_whole: false,
            interim,
        };
        Ok(Reading { captures, config, bar: ProgressBar::hidden(), last: None })
    }

    /// Shows progress on standard error, if that is a terminal.
    pub(crate) fn with_progress(mut self) -> Reading {
        if io::stderr().is_terminal() {
            let total = self.captures.progress().total;
            self.bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
            let style = match total {
                Some(_) => "{bar:32} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
                None => "{spinner} {bytes}, {bytes_per_sec}",
            };
            if let Ok(style) = ProgressStyle::with_template(style) {
                self.bar.set_style(style);
            }
        }
        self
    }

    /// Reads everything, handing on frames and observations as they come. Damage is warned of and told as a loss.
    pub(crate) fn read(
        mut self,
        mut seen: impl FnMut(&Frame<'_>),
        mut take: impl FnMut(&mut Vec<Observation>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Read> {
        let mut observations = Vec::with_capacity(2 * BATCH);
        let mut wire = Wire::new(self.config.clone());
        let read = self.steps(|step| {
            match step {
                Step::Frame(frame) => {
                    seen(frame);
                    wire.see(frame, &mut observations);
                }
                Step::Damage(observation) => observations.push(observation),
            }
            if observations.len() >= BATCH {
                take(&mut observations)?;
                observations.clear();
            }
            Ok(())
        })?;
        wire.finish(&mut observations);
        take(&mut observations)?;
        Ok(read)
    }

    /// Reads everything on so many cores. Each has what `writer` makes, which writes one observation; `take` is given
    /// what was written, in the order of the frames.
    pub(crate) fn write<W>(
        mut self,
        readers: NonZeroUsize,
        writer: impl Fn() -> W,
        mut take: impl FnMut(u16, &[u8]) -> io::Result<()>,
    ) -> anyhow::Result<Read>
    where
        W: FnMut(Observation, &mut Sheet) + Send + 'static,
    {
        let take: &mut Take<'_, Sheet> = &mut |sheet, count| sheet.take(count, &mut take);
        if readers.get() == 1 {
            let (mut write, mut sheet) = (writer(), Sheet::default());
            return self.read(
                |_| (),
                |observations| {
                    sheet.clear();
                    observations.drain(..).for_each(|observation| write(observation, &mut sheet));
                    let pieces = sheet.pieces();
                    Ok(take(&mut sheet, pieces)?)
                },
            );
        }
        let mut crew = Crew::new(std::slice::from_ref(&self.config), readers.get(), writer)?;
        let read = self.steps(|step| {
            match step {
                Step::Frame(frame) => crew.see(0, frame, take)?,
                Step::Damage(observation) => crew.tell(observation),
            }
            Ok(())
        })?;
        crew.finish(take)?;
        Ok(read)
    }

    /// Goes through the captures to their end.
    fn steps(&mut self, mut step: impl FnMut(Step<'_>) -> anyhow::Result<()>) -> anyhow::Result<Read> {
        let mut read = Read::default();
        loop {
            match self.captures.next() {
                Ok(Some(frame)) => {
                    self.last = Some(frame.time);
                    read.frames += 1;
                    read.bytes += frame.bytes.len() as u64;
                    step(Step::Frame(&frame))?;
                    if read.frames.is_multiple_of(1_024) {
                        self.bar.set_position(self.captures.progress().read);
                    }
                }
                Ok(None) => break,
                Err(damage) => {
                    self.bar.suspend(|| warn(format_args!("{damage}")));
                    let fact = Observed::Loss(Loss {
                        kind: LossKind::Damage,
                        count: 1,
                        detail: damage.to_string().into(),
                    });
                    // Damage before the first frame has no time of its own.
                    let time = self.last.unwrap_or(Timestamp::UNIX_EPOCH);
                    step(Step::Damage(Observation { time, sensor: Text::const_new("capture"), fact }))?;
                }
            }
        }
        self.bar.finish_and_clear();
        Ok(read)
    }
}

/// What comes next of the captures.
enum Step<'a> {
    /// A frame.
    Frame(&'a Frame<'a>),
    /// A place where one of them could not be read on.
    Damage(Observation),
}

/// As many readers as this machine runs at a time.
pub(crate) fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A seed for tables whose keys an attacker chooses.
pub(crate) fn seed() -> anyhow::Result<u64> {
    getrandom::u64().context("the system gives no random numbers")
}
