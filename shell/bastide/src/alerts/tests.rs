use super::{follow::follow, merge::Files};
use crate::{engine::Message, live::channel};
use city::{Observation, Observed};
use cycle::City;
use jiff::{SignedDuration, Timestamp};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, RwLock, mpsc::Receiver},
    thread,
    time::Duration,
};

/// An alert of Suricata's that was raised so many seconds ago, by its number.
fn alert(number: u32, ago: i64) -> String {
    let time = Timestamp::now() - SignedDuration::from_secs(ago);
    format!(
        r#"{{"timestamp":"{time}","event_type":"alert","src_ip":"10.0.0.1","dest_ip":"192.0.2.1","proto":"UDP","alert":{{"signature_id":{number},"signature":"x","severity":2}}}}"#
    ) + "\n"
}

/// A folder with a state directory and a file of alerts.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.state()).unwrap();
        place
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("eve.json")
    }

    fn append(&self, text: &str) {
        append(&self.file(), text);
    }

    /// Begins to follow, as a process does that was started.
    fn follow(&self) -> Receiver<Message> {
        let (sender, receiver) = channel();
        let city = Arc::new(RwLock::new(City::new(None)));
        follow(&[self.file()], &self.state(), city, sender).unwrap();
        receiver
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// The rules of the next so many alerts; what else is told is passed by. What was taken is answered for.
fn next(receiver: &Receiver<Message>, count: usize) -> Vec<String> {
    let mut rules = Vec::new();
    while rules.len() < count {
        let message = receiver.recv_timeout(Duration::from_secs(60)).expect("an alert that does not come");
        let Message::Heard(observations, noted) = message else { panic!("something else") };
        rules.extend(observations.iter().map(said));
        noted(Ok(()));
    }
    rules
}

fn said(observation: &Observation) -> String {
    match &observation.fact {
        Observed::Alert(alert) => {
            assert!(observation.time <= Timestamp::now());
            alert.rule.to_string()
        }
        Observed::Loss(loss) => loss.detail.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_followed_through_rotation_truncation_and_restarts_and_nothing_is_told_twice() {
    let place = Place::new();
    // Old news, and a clock that is wrong.
    place.append(&[alert(1, 200_000), alert(2, 60), alert(3, -86_400)].concat());
    let receiver = place.follow();
    assert_eq!(next(&receiver, 2), ["2", "3"]);
    // A line that comes in two pieces.
    let line = alert(4, 1);
    let (begin, end) = line.split_at(20);
    place.append(begin);
    thread::sleep(Duration::from_millis(600));
    place.append(end);
    assert_eq!(next(&receiver, 1), ["4"]);
    // Renamed, as rotation does; its writer goes on for a moment, and then makes a new one.
    let rotated = place.0.path().join("eve.json.1");
    fs::rename(place.file(), &rotated).unwrap();
    append(&rotated, &alert(5, 1));
    place.append(&alert(6, 1));
    append(&rotated, &alert(7, 1));
    assert_eq!(next(&receiver, 3), ["5", "7", "6"]);
    // Emptied, as rotation by copying does.
    fs::write(place.file(), alert(8, 1).trim_end()).unwrap();
    // Until it is longer than before, it can be seen to have been emptied: also on a busy machine.
    thread::sleep(Duration::from_secs(3));
    place.append("\nno JSON\n");
    assert_eq!(next(&receiver, 2), ["8", "eve.json, line 2: it is neither JSON nor a log of Zeek"]);
    thread::sleep(Duration::from_millis(600));
    drop(receiver);
    // While nobody follows, there is more, and it is rotated.
    thread::sleep(Duration::from_millis(600));
    place.append(&alert(9, 200_000));
    fs::rename(place.file(), &rotated).unwrap();
    place.append(&alert(10, 1));
    let receiver = place.follow();
    assert_eq!(next(&receiver, 2), ["9", "10"]);
    // What was not answered for comes again.
    place.append(&alert(11, 1));
    drop(receiver.recv_timeout(Duration::from_secs(10)).unwrap());
    drop(receiver);
    let receiver = place.follow();
    assert_eq!(next(&receiver, 1), ["11"]);
}

#[test]
fn alerts_come_between_what_a_capture_shows_by_their_times() {
    let place = Place::new();
    let other = place.0.path().join("other.json");
    place.append(&[alert(1, 50), alert(2, 30), alert(3, 5)].concat());
    append(&other, &[alert(4, 40), "{broken\n".to_owned(), alert(5, 1)].concat());
    let mut files = Files::open(&[place.file(), other], None).unwrap();
    let seen = |ago| {
        let mut reader = records::alerts::Reader::new("capture", 0);
        let mut observations = Vec::new();
        reader.read(alert(100 + u32::try_from(ago).unwrap(), ago).as_bytes(), &|_| true, &mut observations);
        observations.remove(0)
    };
    let merged = files.merge(vec![seen(45), seen(35), seen(20)]).unwrap();
    assert_eq!(merged.iter().map(said).collect::<Vec<_>>(), ["1", "145", "4", "135", "2", "120"]);
    let rest = files.rest().unwrap().unwrap();
    let told: Vec<String> = rest.iter().map(said).collect();
    assert_eq!(told.iter().filter(|rule| rule.len() == 1).collect::<Vec<_>>(), ["3", "5"]);
    assert!(told.iter().any(|told| told.starts_with("other.json, line 2: it is not JSON")));
    assert!(files.rest().unwrap().is_none());
}
