//! Files of alerts followed while they grow, through rotation and truncation, as `tail -F` does.

use super::{
    is_inside,
    places::{Place, Places},
};
use crate::{engine::Message, failure::warn};
use anyhow::Context;
use city::{Address, Observation};
use cycle::City;
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use records::alerts::Reader;
use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How often files are looked at that did not grow.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a file that another took the place of is still read: its writer may not know yet.
const GRACE: Duration = Duration::from_secs(2);

/// Of a file that was never followed before, what is older than this is passed over.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// How much of a file is read at a time.
const PIECE: usize = 256 << 10;

/// Follows the files in a thread of its own, from where a run before stopped. What they tell is journalled before the
/// place after it is kept, so that a kill repeats a little rather than leaves it out.
pub(crate) fn follow(
    paths: &[PathBuf],
    state: &Path,
    city: Arc<RwLock<City>>,
    messages: SyncSender<Message>,
) -> anyhow::Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let mut places = Places::open(state)?;
    let mut files = Vec::new();
    for path in paths {
        let path = std::path::absolute(path).with_context(|| format!("`{}` is no path", path.display()))?;
        // One that cannot be read is told now, when a person is there to see it; one that is not there may come.
        match File::open(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| {
                    format!("cannot read the alerts in `{}`; let this process's user read it", path.display())
                });
            }
            _ => {}
        }
        let place = places.get(&path).cloned();
        let not_before = place.is_none().then(|| Timestamp::now() - LOOK_BACK);
        files.push(Followed { name: name(&path), path, place, open: None, not_before, complaint: None });
    }
    thread::Builder::new().name("alerts".into()).spawn(move || {
        loop {
            let mut idle = true;
            for file in &mut files {
                let plan = city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
                match file.look(plan.as_deref()) {
                    Ok(None) => {}
                    Ok(Some(observations)) => {
                        idle = false;
                        if !observations.is_empty() && !hand_on(observations, &messages) {
                            return;
                        }
                        if let Err(error) = file.place().and_then(|place| places.keep(&file.path, place)) {
                            file.complain(&error);
                        }
                    }
                    Err(error) => file.complain(&anyhow::Error::new(error)),
                }
            }
            if idle {
                thread::sleep(LOOK_EVERY);
            }
        }
    })?;
    Ok(())
}

/// What a file is called in records.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Hands observations to the loop and waits until they are journalled. `false` if nobody listens any more.
fn hand_on(observations: Vec<Observation>, messages: &SyncSender<Message>) -> bool {
    let (noted, answer) = sync_channel(1);
    let message = Message::Heard(
        observations,
        Box::new(move |_| {
            // Whoever waited may have gone.
            let _ = noted.send(());
        }),
    );
    messages.send(message).is_ok() && answer.recv().is_ok()
}

/// A file that is followed.
struct Followed {
    path: PathBuf,
    name: String,
    /// Where a run before stopped, until the file is open.
    place: Option<Place>,
    open: Option<Open>,
    not_before: Option<Timestamp>,
    /// What was last complained of, so that it is said once.
    complaint: Option<String>,
}

struct Open {
    file: File,
    reader: Reader,
    /// Bytes that were read.
    offset: u64,
    /// Since when another file has its path.
    replaced: Option<Instant>,
}

impl Followed {
    /// Reads on: what the next piece tells, or none if there is nothing new.
    fn look(&mut self, plan: Option<&Plan>) -> io::Result<Option<Vec<Observation>>> {
        if self.open.is_none() {
            match self.begin() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                begun => self.open = Some(begun?),
            }
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        let mut piece = vec![0; PIECE];
        let count = open.file.read_at(&mut piece, open.offset)?;
        let inside = |address: Address| is_inside(plan, address);
        let mut observations = Vec::new();
        if count > 0 {
            open.offset += count as u64;
            open.reader.read(piece.get(..count).unwrap_or_default(), &inside, &mut observations);
            open.replaced = open.replaced.map(|_| Instant::now());
        } else if open.file.metadata()?.len() < open.offset {
            // Cut short by its writer: it begins again.
            open.offset = 0;
            open.reader = Reader::new(&self.name, 0);
        } else {
            match std::fs::metadata(&self.path) {
                Ok(now) if !is_same(&open.file, &now)? => {}
                _ => return Ok(None),
            }
            if open.replaced.get_or_insert_with(Instant::now).elapsed() < GRACE {
                return Ok(None);
            }
            open.reader.finish(&inside, &mut observations);
            self.judge(&mut observations);
            self.open = None;
            return Ok(Some(observations));
        }
        self.judge(&mut observations);
        Ok(Some(observations))
    }

    /// Opens the file where a run before stopped, or at its beginning.
    fn begin(&mut self) -> io::Result<Open> {
        if let Some(place) = &self.place
            && let Some(file) = place.find(&self.path)?
        {
            let mut reader = Reader::new(&self.name, place.lines);
            let mut head = vec![0; 16 << 10];
            let count = file.read_at(&mut head, 0)?;
            reader.heading(head.get(..count).unwrap_or_default());
            let offset = place.offset;
            self.place = None;
            return Ok(Open { file, reader, offset, replaced: None });
        }
        let file = File::open(&self.path)?;
        self.place = None;
        Ok(Open { file, reader: Reader::new(&self.name, 0), offset: 0, replaced: None })
    }

    /// Leaves out what is too old to be news, and lets nothing be later than now: a clock that is wrong elsewhere must not
    /// move the city's.
    fn judge(&mut self, observations: &mut Vec<Observation>) {
        let now = Timestamp::now();
        if let Some(not_before) = self.not_before {
            observations.retain(|observation| observation.time >= not_before);
        }
        for observation in observations.iter_mut() {
            observation.time = observation.time.min(now);
        }
        observations.extend(self.open.as_mut().and_then(|open| open.reader.broken(now)));
    }

    /// Where reading goes on if it stops now.
    fn place(&self) -> anyhow::Result<Place> {
        match &self.open {
            Some(open) => {
                let offset = open.offset.saturating_sub(open.reader.pending() as u64);
                Ok(Place::of(&open.file, offset, open.reader.lines())?)
            }
            // The file that took the path of another is read from its beginning.
            None => Ok(Place::of(&File::open(&self.path)?, 0, 0)?),
        }
    }

    fn complain(&mut self, error: &anyhow::Error) {
        let complaint = format!("the alerts in `{}` cannot be read on: {error:#}", self.path.display());
        if self.complaint.as_ref() != Some(&complaint) {
            warn(&complaint);
            self.complaint = Some(complaint);
        }
    }
}

fn is_same(file: &File, other: &std::fs::Metadata) -> io::Result<bool> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()) == (other.dev(), other.ino()))
}
