//! Recorded captures played as if they happened now.

use crate::{
    engine::{Batch, Message},
    failure::warn,
    reading::{INTERIM, seed},
};
use anyhow::Context;
use capture::CaptureFile;
use city::Text;
use jiff::{SignedDuration, Timestamp};
use std::{io::Cursor, sync::mpsc::SyncSender, thread, time::Duration};
use wire::{Config, Limits, Wire};

/// A recording that is part of the program.
#[derive(Clone, Copy)]
pub(crate) struct Recording {
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
}

impl Recording {
    fn open(&self) -> anyhow::Result<CaptureFile> {
        let size = self.bytes.len() as u64;
        Ok(CaptureFile::read(self.name.to_owned(), Cursor::new(self.bytes), Some(size))?)
    }

    /// The time of the first frame, and from it to the last.
    pub(crate) fn span(&self) -> anyhow::Result<(Timestamp, SignedDuration)> {
        let mut file = self.open()?;
        let (mut first, mut last) = (None, None);
        while let Some(frame) = file.next()? {
            first = first.or(Some(frame.time));
            last = Some(frame.time);
        }
        let (first, last) =
            first.zip(last).with_context(|| format!("the recording {} is empty", self.name))?;
        Ok((first, last.duration_since(first)))
    }
}

/// How often what was seen is handed on.
const BEAT: SignedDuration = SignedDuration::from_millis(250);

/// A sensor that plays recordings.
pub(crate) struct Player {
    wire: Wire,
    messages: SyncSender<Message>,
    batch: Batch,
}

impl Player {
    /// A sensor by that name.
    pub(crate) fn new(sensor: &'static str, messages: SyncSender<Message>) -> anyhow::Result<Player> {
        let config = Config {
            sensor: Text::const_new(sensor),
            logs: false,
            events: &[],
            signs: true,
            seed: seed()?,
            limits: Limits::default(),
            only_whole: false,
            interim: Some(INTERIM),
        };
        Ok(Player { wire: Wire::new(config), messages, batch: Batch::default() })
    }

    /// Plays a recording so that its first frame happens at `start`: what is past is told at once, what is to come at
    /// its time. Returns `false` when nobody listens any more.
    pub(crate) fn play(&mut self, recording: &Recording, start: Timestamp) -> anyhow::Result<bool> {
        let (first, _) = recording.span()?;
        let shift = start.duration_since(first);
        let mut file = recording.open()?;
        let mut due = start;
        loop {
            let frame = match file.next() {
                Ok(Some(frame)) => Some(frame),
                Ok(None) => None,
                Err(damage) => {
                    warn(&damage);
                    None
                }
            };
            let Some(mut frame) = frame else { return Ok(self.hand_on()) };
            frame.time = frame.time.checked_add(shift)?;
            if frame.time >= due {
                due = frame.time.checked_add(BEAT)?;
                self.wire.tick(frame.time, &mut self.batch.observations);
                self.batch.time = Some(frame.time);
                if !self.hand_on() {
                    return Ok(false);
                }
                wait_until(frame.time);
            }
            self.batch.frames.push(&frame);
            self.wire.see(&frame, &mut self.batch.observations);
        }
    }

    fn hand_on(&mut self) -> bool {
        self.messages.send(Message::Seen(std::mem::take(&mut self.batch))).is_ok()
    }
}

fn wait_until(time: Timestamp) {
    let wait = time.duration_since(Timestamp::now());
    if wait > SignedDuration::ZERO {
        thread::sleep(Duration::try_from(wait).unwrap_or_default());
    }
}
