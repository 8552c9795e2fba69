//! Live capture between two ends of a virtual cable, in a network namespace that the test makes and removes.
//!
//! That needs root, `ip` and `python3`; without them the tests are skipped and counted. Each test makes a namespace,
//! and starts itself in it again; what runs there is chosen by the environment variable `BASTIDE_LIVE`.

#![cfg(test)]

use capture::{Become, CaptureFile, Crew, Live, LiveError, PrivilegeError, Settings, drop_privileges};
use city::Observation;
use std::{
    collections::VecDeque,
    env, fs,
    io::{self, Write},
    path::Path,
    process::{self, Command},
    time::{Duration, Instant},
};
use wire::{Config, Frame, Limits, Wire};

/// A locally administered address that nothing else on the cable uses.
const SENDER: [u8; 6] = [0x02, 0, 0x5e, 0, 0x53, 0x01];

const INSIDE: &str = "BASTIDE_LIVE";

/// Says that a test was skipped, past the test runner's capture and where skipped cases are counted.
fn skipped(test: &str) {
    let line = format!("1 test skipped: {test} needs root, ip (iproute2) and python3\n");
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

/// A network namespace, removed at the end with everything in it.
struct Namespace(String);

impl Namespace {
    fn new(test: &str) -> Option<Namespace> {
        let name = format!("bastide-{}-{test}", process::id());
        if !ip(&["netns", "add", &name]) {
            return None;
        }
        let namespace = Namespace(name);
        // Without IPv6, nothing is sent on the cable but what the test sends.
        let ready = namespace.run(&["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"])
            && namespace.run(&["ip", "link", "add", "near", "type", "veth", "peer", "name", "far"])
            && namespace.run(&["ip", "link", "set", "near", "up"])
            && namespace.run(&["ip", "link", "set", "far", "up"])
            && namespace.run(&["ip", "link", "set", "lo", "up"])
            && namespace.run(&["python3", "-c", "import socket"]);
        ready.then_some(namespace)
    }

    fn run(&self, command: &[&str]) -> bool {
        ip(&[&["netns", "exec", &self.0][..], command].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.0]);
    }
}

/// Runs `inside` in a namespace: the first time round by starting this very test in one.
fn in_namespace(test: &str, inside: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|chosen| chosen == test) {
        return inside();
    }
    let Some(namespace) = Namespace::new(&test.chars().take(12).collect::<String>()) else {
        return skipped(test);
    };
    let itself = env::current_exe().unwrap();
    let output = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(itself)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{text}");
    println!("{text}");
}

/// Sends frames on an interface, each given in hexadecimal, so many times.
fn send(interface: &str, frames: &[Vec<u8>], times: usize) {
    let script = "import socket, sys\n\
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
        out.bind((sys.argv[1], 0))\n\
        frames = [bytes.fromhex(text) for text in sys.argv[3:]]\n\
        for _ in range(int(sys.argv[2])):\n\
        \x20   for frame in frames: out.send(frame)\n";
    let hex = frames.iter().map(|frame| frame.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let sent = Command::new("python3").args(["-c", script, interface, &times.to_string()]).args(hex).status();
    assert!(sent.unwrap().success());
}

/// A frame to nobody in particular, with a number in it.
fn frame(number: u16, tag: &[u8], size: usize) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0x5e, 0, 0x53, 0xfe];
    frame.extend(SENDER);
    frame.extend(tag);
    // An EtherType for local experiments (IEEE 802).
    frame.extend([0x88, 0xb5]);
    frame.extend(number.to_be_bytes());
    frame.resize(size.max(60), 0x5a);
    frame
}

fn open(interfaces: &[&str], settings: Settings) -> Live {
    let names: Vec<String> = interfaces.iter().map(|name| (*name).to_owned()).collect();
    Live::open(&names, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// Our frames that come within a time after the last, with their interfaces.
fn hear(live: &mut Live) -> Vec<(String, Vec<u8>)> {
    let mut heard = Vec::new();
    let mut quiet_since = Instant::now();
    while quiet_since.elapsed() < Duration::from_millis(400) {
        let bytes = match live.next(Duration::from_millis(100)).unwrap() {
            Some(frame) => {
                assert_eq!((frame.link.0, frame.length as usize), (1, frame.bytes.len()));
                assert!(frame.time.as_second() > 1_700_000_000);
                frame.bytes.to_vec()
            }
            None => continue,
        };
        if bytes[6..12] == SENDER {
            heard.push((live.interface().unwrap().to_owned(), bytes));
            quiet_since = Instant::now();
        }
    }
    heard
}

#[test]
fn every_frame_is_heard_once_and_in_order() {
    in_namespace("every_frame_is_heard_once_and_in_order", || {
        let mut live = open(&["near"], Settings::default());
        let frames: Vec<_> = (0..200).map(|n| frame(n, &[], 60 + usize::from(n) * 7)).collect();
        send("far", &frames, 1);
        let heard: Vec<_> = hear(&mut live).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(heard, frames);
        let counters = live.counters().unwrap();
        assert_eq!((counters[0].interface.as_str(), counters[0].dropped), ("near", 0));
        assert!(counters[0].received >= 200);
    });
}

#[test]
fn tags_that_the_kernel_took_off_are_back() {
    in_namespace("tags_that_the_kernel_took_off_are_back", || {
        let mut live = open(&["near"], Settings::default());
        let tags: [&[u8]; 3] =
            [&[0x81, 0, 0x60, 0x2a], &[0x88, 0xa8, 0, 0x64], &[0x88, 0xa8, 0, 0x64, 0x81, 0, 0, 0x2a]];
        let frames: Vec<_> = tags.iter().map(|tag| frame(7, tag, 100)).collect();
        send("far", &frames, 1);
        let heard: Vec<_> = hear(&mut live).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(heard, frames);
    });
}

#[test]
fn several_interfaces_are_heard_together() {
    in_namespace("several_interfaces_are_heard_together", || {
        let mut live = open(&["near", "far"], Settings::default());
        send("far", &[frame(1, &[], 60)], 1);
        let mut heard: Vec<_> = hear(&mut live).into_iter().map(|(name, _)| name).collect();
        heard.sort();
        // It went out at one end and came in at the other.
        assert_eq!(heard, ["far", "near"]);
    });
}

#[test]
fn loopback_is_heard_once() {
    in_namespace("loopback_is_heard_once", || {
        let mut live = open(&["lo"], Settings::default());
        send("lo", &[frame(1, &[], 60)], 3);
        assert_eq!(hear(&mut live).len(), 3);
    });
}

#[test]
fn what_there_was_no_room_for_is_counted() {
    in_namespace("what_there_was_no_room_for_is_counted", || {
        let mut live = open(&["near"], Settings { ring_bytes: 2 << 20, ..Settings::default() });
        let sent = 4_000;
        send("far", &[frame(1, &[], 1_500)], sent);
        let counters = live.counters().unwrap().remove(0);
        let heard = hear(&mut live).len() as u64;
        println!("{sent} sent, {heard} heard, {counters:?}");
        assert!(counters.dropped > 1_000 && counters.full > 0, "{counters:?}");
        assert_eq!(heard + counters.dropped, sent as u64);
        assert_eq!(counters.received, sent as u64);
        // With room again, all is heard again.
        send("far", &[frame(2, &[], 60)], 10);
        assert_eq!(hear(&mut live).len(), 10);
    });
}

#[test]
fn an_interface_that_goes_down_is_told_of_and_heard_again() {
    in_namespace("an_interface_that_goes_down_is_told_of_and_heard_again", || {
        let mut live = open(&["near"], Settings::default());
        assert!(ip(&["link", "set", "near", "down"]));
        let error = (0..20).find_map(|_| live.next(Duration::from_millis(100)).err());
        assert!(matches!(error, Some(LiveError::Down(name)) if name == "near"));
        assert!(ip(&["link", "set", "near", "up"]));
        send("far", &[frame(3, &[], 60)], 5);
        assert_eq!(hear(&mut live).len(), 5);
        // One that is down from the beginning is told of in the same way, and heard once it is up.
        assert!(ip(&["link", "set", "near", "down"]));
        let mut live = open(&["near"], Settings::default());
        assert!(matches!(live.next(Duration::from_millis(100)), Err(LiveError::Down(_))));
        assert!(ip(&["link", "set", "near", "up"]));
        send("far", &[frame(4, &[], 60)], 5);
        assert_eq!(hear(&mut live).len(), 5);
    });
}

#[test]
fn fanout_shares_flows_between_two() {
    in_namespace("fanout_shares_flows_between_two", || {
        let settings = Settings { fanout: Some(7), ..Settings::default() };
        let (mut one, mut two) = (open(&["near"], settings), open(&["near"], settings));
        let frames: Vec<_> = (0..50).map(|n| frame(n, &[], 60)).collect();
        send("far", &frames, 1);
        assert_eq!(hear(&mut one).len() + hear(&mut two).len(), 50);
    });
}

#[test]
fn a_thread_that_keeps_its_rights_is_told_of() {
    in_namespace("a_thread_that_keeps_its_rights_is_told_of", || {
        // The test runner's own thread was started before this one, and keeps its rights: that is told, not hidden.
        assert!(matches!(drop_privileges(&Become::Same), Err(PrivilegeError::OtherThreads(1..))));
    });
}

#[test]
fn rights_are_given_up_for_good() {
    in_namespace("rights_are_given_up_for_good", || {
        let mut live = open(&["near"], Settings::default());
        send("far", &[frame(1, &[], 60)], 1);
        // The C library makes every thread another user, and that takes the capabilities of every thread.
        drop_privileges(&Become::User("nobody".into())).unwrap();
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        for line in ["Uid:\t65534\t65534\t65534\t65534", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1"] {
            assert!(status.contains(line), "{line} in {status}");
        }
        let message = Live::open(&["near".to_owned()], Settings::default()).err().unwrap().to_string();
        assert!(message.contains("sudo setcap cap_net_raw+ep /"), "{message}");
        // What was opened before is still heard and counted.
        assert_eq!(hear(&mut live).len(), 1);
        assert_eq!(live.counters().unwrap()[0].received, 1);
    });
}

/// What the town's stations say to each other, as far as it fits on the cable.
fn town() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/captures");
    let mut captures: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|case| fs::read_dir(case.unwrap().path()).ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".pcap"))
        .collect();
    captures.sort();
    let mut frames = Vec::new();
    for path in captures {
        let mut file = CaptureFile::open(&path).unwrap();
        while let Some(frame) = file.next().unwrap() {
            if frame.link.0 == 1 && (14..=1_514).contains(&frame.bytes.len()) {
                frames.push(frame.bytes.to_vec());
            }
        }
    }
    frames.truncate(20_000);
    frames
}

fn sensor(name: &str) -> Config {
    Config {
        sensor: name.into(),
        logs: true,
        events: &[],
        signs: false,
        seed: 1,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    }
}

#[test]
fn several_readers_of_two_interfaces_tell_what_one_tells_and_in_order() {
    in_namespace("several_readers_of_two_interfaces_tell_what_one_tells_and_in_order", || {
        let folder = env::temp_dir().join(format!("bastide-town-{}", process::id()));
        let frames = town();
        assert!(frames.len() > 1_000);
        let bytes: Vec<u8> = frames
            .iter()
            .flat_map(|frame| [&(frame.len() as u16).to_be_bytes()[..], frame].concat())
            .collect();
        fs::write(&folder, bytes).unwrap();
        let script = "import socket, struct, sys, time\n\
            out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
            out.bind(('far', 0))\n\
            data, at = open(sys.argv[1], 'rb').read(), 0\n\
            while at < len(data):\n\
            \x20   (length,) = struct.unpack_from('>H', data, at)\n\
            \x20   out.send(data[at + 2:at + 2 + length])\n\
            \x20   at += 2 + length\n";
        let names = ["near", "far"];
        let mut live = open(&names, Settings { ring_bytes: 64 << 20, ..Settings::default() });
        let mut sender = Command::new("python3").args(["-c", script]).arg(&folder).spawn().unwrap();

        // As `bastide run` does it: what was heard is dealt out, and now and then what was kept is taken.
        let keep =
            || |observation: Observation, kept: &mut VecDeque<Observation>| kept.push_back(observation);
        let mut crew = Crew::new(&names.map(sensor), 3, keep).unwrap();
        let mut together: Vec<Observation> = Vec::new();
        let mut take = |kept: &mut VecDeque<Observation>, count: usize| -> io::Result<()> {
            together.extend(kept.drain(..count));
            Ok(())
        };
        let mut wires = names.map(|name| Wire::new(sensor(name)));
        let mut alone: [Vec<Observation>; 2] = Default::default();
        let (mut heard, mut quiet_since, mut flushed) = ([0, 0], Instant::now(), Instant::now());
        while quiet_since.elapsed() < Duration::from_secs(1) {
            let owned = live
                .next(Duration::from_millis(100))
                .unwrap()
                .map(|frame| (frame.time, frame.link, frame.length, frame.bytes.to_vec()));
            if let Some((time, link, length, bytes)) = &owned {
                let place = live.place().unwrap();
                let frame = Frame { time: *time, link: *link, length: *length, bytes };
                crew.see(place, &frame, &mut take).unwrap();
                wires[place].see(&frame, &mut alone[place]);
                heard[place] += 1;
                quiet_since = Instant::now();
            }
            if flushed.elapsed() > Duration::from_millis(50) {
                flushed = Instant::now();
                crew.flush(&mut take).unwrap();
            }
        }
        crew.finish(&mut take).unwrap();
        assert!(sender.wait().unwrap().success());
        fs::remove_file(&folder).unwrap();
        let dropped: u64 = live.counters().unwrap().iter().map(|counters| counters.dropped).sum();
        assert_eq!((heard, dropped), ([frames.len(); 2], 0));
        for ((name, mut wire), mut alone) in names.iter().zip(wires).zip(alone) {
            wire.finish(&mut alone);
            let of_it: Vec<_> = together.iter().filter(|it| it.sensor == *name).cloned().collect();
            assert!(alone.len() > 1_000);
            assert_eq!(of_it.len(), alone.len());
            let differs = of_it.iter().zip(&alone).find(|(one, other)| one != other);
            assert_eq!(differs, None, "what {name} shows");
        }
        println!("{} frames on each interface, {} observations", frames.len(), together.len());
    });
}
