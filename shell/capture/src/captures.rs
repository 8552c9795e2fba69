//! Several captures in one run.

use crate::{CaptureFile, Damage, OpenError, Progress};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    path::PathBuf,
};
use wire::Frame;

/// Where a capture comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input, once.
    Stdin,
}

impl Input {
    /// Reads an argument of the command line: `-` is standard input.
    #[must_use]
    pub fn from_argument(argument: &std::ffi::OsStr) -> Input {
        if argument == "-" { Input::Stdin } else { Input::File(argument.into()) }
    }

    fn open(&self) -> Result<CaptureFile, OpenError> {
        match self {
            Input::File(path) => CaptureFile::open(path),
            Input::Stdin => CaptureFile::stdin(),
        }
    }
}

/// In which order several captures are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after another, as given.
    Given,
    /// All together, by the time of their packets; at the same time, in the order given.
    Time,
}

/// Several captures that are being read as one.
///
/// A file is held open only while its packets are due, so a year of hourly files can be merged.
pub struct Captures {
    /// What is not open yet: for [`Order::Time`] with the time of its first packet, soonest first.
    waiting: VecDeque<Waiting>,
    open: Vec<Option<CaptureFile>>,
    /// The open captures that stand at a packet, by its time and then by their place among the inputs.
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    order: Order,
    /// The capture whose frame was lent last.
    lent: Option<usize>,
    finished: Progress,
    packets: u64,
    dropped: u64,
}

struct Waiting {
    first: Timestamp,
    place: usize,
    input: Input,
    /// Standard input cannot be opened a second time.
    held: Option<CaptureFile>,
}

impl Captures {
    /// Looks at every input once, so that one that is missing or no capture is known at once, and makes ready to read.
    ///
    /// # Errors
    ///
    /// If any of them cannot be opened, is empty or is not a capture.
    pub fn open(inputs: &[Input], order: Order) -> Result<Captures, OpenError> {
        let mut waiting = Vec::with_capacity(inputs.len());
        let mut total = Some(0_u64);
        for (place, input) in inputs.iter().enumerate() {
            let mut file = input.open()?;
            let size = file.progress().total;
            total = total.zip(size).map(|(sum, size)| sum.saturating_add(size));
            let mut first = Timestamp::MIN;
            let held = match (input, order) {
                (Input::Stdin, _) => Some(file),
                (Input::File(_), Order::Given) => None,
                (Input::File(_), Order::Time) => {
                    // Damage before the first packet is told of when the file is read.
                    if let Ok(true) = file.advance() {
                        first = file.time().unwrap_or(first);
                    }
                    None
                }
            };
            waiting.push(Waiting { first, place, input: input.clone(), held });
        }
        if order == Order::Time {
            waiting.sort_by_key(|waiting| (waiting.first, waiting.place));
        }
        Ok(Captures {
            waiting: waiting.into(),
            open: std::iter::repeat_with(|| None).take(inputs.len()).collect(),
            due: BinaryHeap::new(),
            order,
            lent: None,
            finished: Progress { read: 0, total },
            packets: 0,
            dropped: 0,
        })
    }

    /// The next frame, or `None` at the end of the last capture.
    ///
    /// # Errors
    ///
    /// Once for each damaged file, at the place where its packets end; the other files are read on.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Damage> {
        if let Some(place) = self.lent.take() {
            self.go_on(place)?;
        }
        while self.wants_another() {
            let Some(waiting) = self.waiting.pop_front() else { break };
            let place = waiting.place;
            let file = match waiting.held {
                Some(file) => Ok(file),
                None => waiting.input.open(),
            };
            let file = file.map_err(|error| gone(&waiting.input, &error))?;
            if let Some(slot) = self.open.get_mut(place) {
                *slot = Some(file);
            }
            self.go_on(place)?;
        }
        let Some(Reverse((_, place))) = self.due.pop() else { return Ok(None) };
        self.lent = Some(place);
        Ok(self.open.get(place).and_then(Option::as_ref).and_then(CaptureFile::frame))
    }

    /// Whether the next packet may lie in a capture that is not open yet.
    fn wants_another(&self) -> bool {
        match (self.due.peek(), self.waiting.front(), self.order) {
            (None, waiting, _) => waiting.is_some(),
            (Some(_), _, Order::Given) | (Some(_), None, _) => false,
            (Some(Reverse(due)), Some(waiting), Order::Time) => (waiting.first, waiting.place) <= *due,
        }
    }

    /// Goes to the next packet of an open capture, and closes it if there is none.
    fn go_on(&mut self, place: usize) -> Result<(), Damage> {
        let Some(slot) = self.open.get_mut(place) else { return Ok(()) };
        let Some(file) = slot else { return Ok(()) };
        let advanced = file.advance();
        if let Ok(true) = advanced
            && let Some(time) = file.time()
        {
            self.packets += 1;
            self.due.push(Reverse((time, place)));
        } else {
            let progress = file.progress();
            self.finished.read += progress.total.unwrap_or(progress.read);
            self.dropped = self.dropped.saturating_add(file.dropped());
            *slot = None;
        }
        advanced.map(|_| ())
    }

    /// The name of the capture whose frame was lent last.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.open.get(self.lent?)?.as_ref().map(CaptureFile::name)
    }

    /// How far reading has come, over all inputs.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let open: u64 = self.open.iter().flatten().map(|file| file.progress().read).sum();
        Progress { read: self.finished.read + open, total: self.finished.total }
    }

    /// How many packets were read.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets that the capturing machines said they dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.open.iter().flatten().map(CaptureFile::dropped).fold(self.dropped, u64::saturating_add)
    }
}

/// A file that could be opened a moment ago and cannot be now.
fn gone(input: &Input, error: &OpenError) -> Damage {
    let file = match input {
        Input::File(path) => path.display().to_string(),
        Input::Stdin => "standard input".into(),
    };
    let kind = crate::DamageKind::Read(error.to_string());
    Damage { file, offset: 0, uncompressed: false, packet: 1, kind }
}
