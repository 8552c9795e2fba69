//! Files of alerts read beside a capture, merged by time.

use super::{follow::name, is_inside};
use anyhow::Context;
use city::{Address, Observation};
use jiff::Timestamp;
use plan::Plan;
use records::alerts::Reader;
use std::{collections::VecDeque, fs::File, io::Read, path::PathBuf, sync::Arc};

/// How much of a file is read at a time.
const PIECE: usize = 256 << 10;

/// How many observations are handed on at a time, at the most.
const HAND_ON_MOST: usize = 4_096;

/// Files that are read from their beginning to their end, each in the order of its lines.
pub(crate) struct Files {
    plan: Option<Arc<Plan>>,
    files: Vec<One>,
    /// The time of what was last handed on, for lines that are broken and so have none.
    time: Timestamp,
}

struct One {
    path: PathBuf,
    /// None once it is read to its end.
    file: Option<File>,
    reader: Reader,
    ready: VecDeque<Observation>,
}

impl Files {
    /// Opens the files.
    pub(crate) fn open(paths: &[PathBuf], plan: Option<Arc<Plan>>) -> anyhow::Result<Files> {
        let open = |path: &PathBuf| -> anyhow::Result<One> {
            let file = File::open(path)
                .with_context(|| format!("cannot read the alerts in `{}`", path.display()))?;
            let reader = Reader::new(&name(path), 0);
            Ok(One { path: path.clone(), file: Some(file), reader, ready: VecDeque::new() })
        };
        let files = paths.iter().map(open).collect::<anyhow::Result<_>>()?;
        Ok(Files { plan, files, time: Timestamp::UNIX_EPOCH })
    }

    /// Puts what is as early or earlier before each of the observations.
    pub(crate) fn merge(&mut self, observations: Vec<Observation>) -> anyhow::Result<Vec<Observation>> {
        if self.files.is_empty() {
            return Ok(observations);
        }
        let mut merged = Vec::with_capacity(observations.len());
        for observation in observations {
            self.time = self.time.max(observation.time);
            while let Some(earlier) = self.next(Some(observation.time))? {
                merged.push(earlier);
            }
            merged.push(observation);
        }
        Ok(merged)
    }

    /// What is left when the capture is over, in parts; none when there is no more.
    pub(crate) fn rest(&mut self) -> anyhow::Result<Option<Vec<Observation>>> {
        let mut rest = Vec::new();
        while rest.len() < HAND_ON_MOST
            && let Some(observation) = self.next(None)?
        {
            rest.push(observation);
        }
        Ok(Some(rest).filter(|rest| !rest.is_empty()))
    }

    /// The earliest of what comes next in each file, unless it is later than a time.
    fn next(&mut self, until: Option<Timestamp>) -> anyhow::Result<Option<Observation>> {
        for one in &mut self.files {
            one.fill(self.plan.as_deref(), self.time)?;
        }
        let times = self.files.iter().enumerate().filter_map(|(at, one)| Some((one.ready.front()?.time, at)));
        match times.min() {
            Some((time, at)) if until.is_none_or(|until| time <= until) => {
                Ok(self.files.get_mut(at).and_then(|one| one.ready.pop_front()))
            }
            _ => Ok(None),
        }
    }
}

impl One {
    /// Reads on until there is something, or the end.
    fn fill(&mut self, plan: Option<&Plan>, now: Timestamp) -> anyhow::Result<()> {
        let inside = |address: Address| is_inside(plan, address);
        while self.ready.is_empty()
            && let Some(file) = &mut self.file
        {
            let mut piece = Vec::with_capacity(PIECE);
            let count = file
                .take(PIECE as u64)
                .read_to_end(&mut piece)
                .with_context(|| format!("cannot read on in `{}`", self.path.display()))?;
            let mut observations = Vec::new();
            self.reader.read(&piece, &inside, &mut observations);
            if count == 0 {
                self.reader.finish(&inside, &mut observations);
                self.file = None;
            }
            observations.extend(self.reader.broken(now));
            self.ready.extend(observations);
        }
        Ok(())
    }
}
