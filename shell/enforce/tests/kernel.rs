//! The enforcer with a real nft and a real kernel, in a network namespace that the test makes and removes.
//!
//! That needs root, `ip` and `nft`; without them the tests are skipped and counted. Each test starts itself again in a
//! namespace (`BASTIDE_INSIDE` says so), and the enforcer is a test of this file too, started with `BASTIDE_ENFORCER`.
#![cfg(test)]

use enforce::{Client, ClientError, Digest, Done, Mode, Request, Settings, Shown, To};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    net::IpAddr,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const INSIDE: &str = "BASTIDE_INSIDE";
const ENFORCER: &str = "BASTIDE_ENFORCER";

/// Says that a test was skipped, past the test runner's capture and where skipped cases are counted.
fn skipped(test: &str, wants: &str) {
    let line = format!("1 test skipped: {test} needs {wants}\n");
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// A network namespace, removed at the end with everything in it.
struct Namespace(String);

impl Drop for Namespace {
    fn drop(&mut self) {
        runs("ip", &["netns", "del", &self.0]);
    }
}

/// Runs `inside` in a namespace: the first time round by starting this very test in one.
fn in_namespace(test: &str, inside: impl FnOnce()) {
    if env::var(INSIDE).is_ok_and(|chosen| chosen == test) {
        return inside();
    }
    let name = format!("bastide-{}-{}", process::id(), test.chars().take(16).collect::<String>());
    let namespace = Namespace(name.clone());
    let ready = runs("ip", &["netns", "add", &name])
        && runs("ip", &["netns", "exec", &name, "nft", "add", "table", "inet", "probe"]);
    if !ready {
        return skipped(test, "root, ip (iproute2) and nft (nftables)");
    }
    let output = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{text}");
    println!("{text}");
}

/// Not a test of its own: the enforcer, when it is started as a process.
#[test]
fn the_enforcer_itself() {
    let Ok(folder) = env::var(ENFORCER) else { return };
    let folder = PathBuf::from(folder);
    let settings = Settings {
        state: folder.join("state"),
        socket: folder.join("run/enforce.sock"),
        nft: env::var_os("BASTIDE_NFT").map(PathBuf::from),
        tell: |line| {
            let _ = writeln!(io::stderr(), "{line}");
        },
    };
    let Err(error) = enforce::run(&settings);
    panic!("{error}");
}

/// An enforcer that runs, with a folder for its state and socket.
struct Enforcer {
    child: Child,
    folder: PathBuf,
}

impl Enforcer {
    fn start(folder: &Path) -> Enforcer {
        let enforcer = Enforcer::spawn(folder, None);
        enforcer.wait();
        enforcer
    }

    fn spawn(folder: &Path, nft: Option<&Path>) -> Enforcer {
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "the_enforcer_itself", "--nocapture", "--test-threads=1"]);
        command.env(ENFORCER, folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        if let Some(nft) = nft {
            command.env("BASTIDE_NFT", nft);
        }
        Enforcer { child: command.spawn().unwrap(), folder: folder.to_path_buf() }
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("run/enforce.sock")
    }

    /// Waits until it has settled and listens.
    fn wait(&self) {
        let begin = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30), "{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn client(&self) -> Client {
        Client::connect(&self.socket(), "ann").unwrap()
    }

    fn shown(&self) -> Shown {
        self.client().show(true).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// SIGKILL: nothing of it runs any further.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stages, applies and confirms.
    fn put(&self, text: &str) -> Digest {
        let mut client = self.client();
        let digest = client.stage(text, None).unwrap();
        client.apply(digest.clone(), 60, Mode::Enforce).unwrap();
        client.confirm(digest.clone()).unwrap();
        digest
    }
}

impl Drop for Enforcer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rules of both tables with quarantine sets, an own chain by name, and so many addresses more.
fn rules(name: &str, addresses: u32) -> String {
    let many: Vec<String> = (0..addresses).map(|n| format!("198.18.{}.{}", n / 256 % 256, n % 256)).collect();
    let elements =
        if many.is_empty() { String::new() } else { format!("elements = {{ {} }}", many.join(", ")) };
    format!(
        "# The town's rules, \"{name}\"\n\
         table inet bastide {{\n\
         \tset quarantine4 {{\n\t\ttype ipv4_addr\n\t\tflags interval\n\t}}\n\
         \tset quarantine6 {{\n\t\ttype ipv6_addr\n\t}}\n\
         \tset seen {{\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\t\ttimeout 1m\n\t}}\n\
         \tset stations {{\n\t\ttype ipv4_addr\n\t\t{elements}\n\t}}\n\
         \tchain forward {{\n\
         \t\ttype filter hook forward priority filter; policy drop;\n\
         \t\tip saddr @quarantine4 counter drop\n\
         \t\tip6 saddr @quarantine6 drop\n\
         \t\tct state established,related accept\n\
         \t\tip saddr @stations tcp dport {{ 502, 20000 }} counter accept comment \"pumps }}\"\n\
         \t\tlimit rate 5/second log prefix \"refused {{ \"\n\
         \t\tjump {name}\n\t}}\n\
         \tchain {name} {{\n\t\tip saddr 192.0.2.0/24 update @seen {{ ip saddr }} accept\n\t}}\n}}\n\
         table bridge bastide {{\n\
         \tset quarantine4 {{\n\t\ttype ipv4_addr\n\t}}\n\
         \tchain {name} {{\n\t\ttype filter hook forward priority 0; policy accept;\n\
         \t\tip saddr @quarantine4 drop\n\t}}\n}}\n"
    )
}

fn nft(arguments: &[&str]) -> String {
    let output = Command::new("nft").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Which of some rules the kernel holds, by the chain that bears their name; whole ones only.
fn in_kernel(names: &[&str]) -> Option<String> {
    let all = nft(&["list", "ruleset"]);
    let tables = all.matches("table inet bastide {").count() + all.matches("table bridge bastide {").count();
    if tables == 0 {
        return None;
    }
    assert_eq!(tables, 2, "half of it: {all}");
    let mut held = names.iter().filter(|name| all.matches(&format!("chain {name} {{")).count() == 2);
    let name = held.next().unwrap_or_else(|| panic!("none of {names:?} whole: {all}"));
    assert_eq!(held.next(), None, "{all}");
    Some((*name).to_owned())
}

fn element(family: &str, set: &str, address: &str) -> bool {
    runs("nft", &["get", "element", family, "bastide", set, &format!("{{ {address} }}")])
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_change_is_staged_applied_confirmed_and_reverted() {
    in_namespace("a_change_is_staged_applied_confirmed_and_reverted", || {
        let folder = tempfile::tempdir().unwrap();
        nft(&["add", "table", "ip", "of_others"]);
        nft(&["add", "chain", "ip", "of_others", "theirs"]);
        let others = nft(&["list", "table", "ip", "of_others"]);
        let enforcer = Enforcer::start(folder.path());
        let mut client = enforcer.client();
        let shown = client.show(true).unwrap();
        assert!(shown.confirmed.is_none() && !shown.differs && shown.texts.unwrap().live.is_empty());

        let (old, new) = (rules("old", 3), rules("new", 5));
        let staged = client.stage(&old, None).unwrap();
        assert_eq!(in_kernel(&["old"]), None, "staging puts nothing in force");
        let done = client.apply(staged.clone(), 60, Mode::Enforce).unwrap();
        assert!(matches!(&done, Done::Applied(pending) if pending.held.digest == staged), "{done}");
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old");
        let shown = client.show(false).unwrap();
        assert!((50..=60).contains(&shown.seconds_left.unwrap()) && !shown.differs, "{:?}", shown.difference);
        assert!(shown.texts.is_none());
        client.confirm(staged).unwrap();

        let staged = client.stage(&new, Some(&rules("logs", 0))).unwrap();
        client.apply(staged.clone(), 60, Mode::Observe).unwrap();
        assert_eq!(in_kernel(&["old", "new", "logs"]).unwrap(), "logs");
        client.revert(To::Previous).unwrap();
        assert_eq!(in_kernel(&["old", "new", "logs"]).unwrap(), "old");
        client.apply(staged.clone(), 60, Mode::Enforce).unwrap();
        client.confirm(staged.clone()).unwrap();
        client.revert(To::Number(1)).unwrap();
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old");
        client.revert(To::Previous).unwrap();
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "new");

        // Without a confirmation it goes by itself.
        let again = client.stage(&old, None).unwrap();
        client.apply(again.clone(), 1, Mode::Enforce).unwrap();
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old");
        let begin = Instant::now();
        while in_kernel(&["old", "new"]).unwrap() == "old" {
            assert!(begin.elapsed() < Duration::from_secs(5));
            thread::sleep(Duration::from_millis(20));
        }
        assert!(begin.elapsed() > Duration::from_millis(500));
        let late = client.confirm(again).unwrap_err();
        assert!(matches!(&late, ClientError::Refused(why) if why.contains("nothing waits")), "{late}");

        client.revert(To::Nothing).unwrap();
        assert_eq!(in_kernel(&["old", "new"]), None);
        assert!(!enforcer.shown().differs);
        assert_eq!(nft(&["list", "table", "ip", "of_others"]), others);
        let log = enforcer.log();
        assert!(log.contains("ann (user 0, process ") && log.contains("not confirmed in time"), "{log}");
    });
}

#[test]
fn what_someone_else_changes_shows() {
    in_namespace("what_someone_else_changes_shows", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        enforcer.put(&rules("old", 3));
        assert_eq!(enforcer.shown().difference, [""; 0]);
        nft(&["add", "element", "inet", "bastide", "seen", "{ 192.0.2.5 }"]);
        assert_eq!(enforcer.shown().difference, [""; 0], "packets fill that set");
        nft(&["add", "rule", "inet", "bastide", "forward", "tcp", "dport", "23", "accept"]);
        nft(&["add", "element", "bridge", "bastide", "quarantine4", "{ 192.0.2.9 }"]);
        let shown = enforcer.shown();
        assert_eq!(
            shown.difference,
            ["+ tcp dport 23 accept", "+ element bridge bastide quarantine4 { 192.0.2.9 }"]
        );
        enforcer.client().revert(To::Number(1)).unwrap();
        assert_eq!(enforcer.shown().difference, [""; 0]);
        nft(&["delete", "table", "inet", "bastide"]);
        assert!(enforcer.shown().differs);
    });
}

#[test]
fn quarantine_outlasts_changes_and_restarts() {
    in_namespace("quarantine_outlasts_changes_and_restarts", || {
        let folder = tempfile::tempdir().unwrap();
        let mut enforcer = Enforcer::start(folder.path());
        let mut client = enforcer.client();
        client.contain(address("192.0.2.7"), "wrote what nobody asked for").unwrap();
        enforcer.put(&rules("old", 0));
        assert!(element("inet", "quarantine4", "192.0.2.7") && element("bridge", "quarantine4", "192.0.2.7"));
        client.contain(address("192.0.2.8"), "its neighbour").unwrap();
        let done = client.contain(address("2001:db8::7"), "the same by IPv6").unwrap();
        assert!(matches!(&done, Done::Contained { sets, .. } if sets.len() == 1), "{done}");
        client.contain(address("192.0.2.8"), "a second time").unwrap();
        let rules_before = nft(&["-a", "list", "chain", "inet", "bastide", "forward"]);
        client.release(address("192.0.2.7")).unwrap();
        client.release(address("192.0.2.7")).unwrap();
        assert!(
            !element("inet", "quarantine4", "192.0.2.7") && !element("bridge", "quarantine4", "192.0.2.7")
        );
        assert_eq!(
            nft(&["-a", "list", "chain", "inet", "bastide", "forward"]),
            rules_before,
            "one element, not new rules"
        );
        let holds =
            || element("inet", "quarantine4", "192.0.2.8") && element("inet", "quarantine6", "2001:db8::7");
        assert!(holds() && !enforcer.shown().differs);

        // A change, its end, a kill, and a reboot.
        let digest = client.stage(&rules("new", 0), None).unwrap();
        client.apply(digest, 60, Mode::Enforce).unwrap();
        assert!(holds());
        client.revert(To::Previous).unwrap();
        assert!(holds());
        enforcer.kill();
        nft(&["flush", "set", "inet", "bastide", "quarantine4"]);
        let mut enforcer = Enforcer::start(folder.path());
        assert!(holds() && !enforcer.shown().differs);
        enforcer.kill();
        nft(&["delete", "table", "inet", "bastide"]);
        nft(&["delete", "table", "bridge", "bastide"]);
        let enforcer = Enforcer::start(folder.path());
        assert_eq!(in_kernel(&["old"]).unwrap(), "old");
        let shown = enforcer.shown();
        assert!(holds() && !shown.differs);
        let told: Vec<_> = shown.quarantine.iter().map(|one| (one.address, one.reason.as_str())).collect();
        let expected =
            [(address("192.0.2.8"), "its neighbour"), (address("2001:db8::7"), "the same by IPv6")];
        assert_eq!(told, expected);
    });
}

#[test]
fn what_is_not_ours_or_not_good_is_refused() {
    in_namespace("what_is_not_ours_or_not_good_is_refused", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        let digest = enforcer.put(&rules("old", 0));
        let before = nft(&["-s", "list", "ruleset"]);
        let mut client = enforcer.client();
        let good = rules("new", 0);
        for bad in [
            format!("{good}flush ruleset\n"),
            format!("{good}table ip filter {{ chain c {{ }} }}\n"),
            format!("{good}delete table inet probe\n"),
            good.replace("drop;", "perhaps;"),
            good.replace("@stations", "@nobody"),
            good.replace("chain new", "include \"/etc/hostname\"\n\tchain new"),
        ] {
            let error = client.stage(&bad, None).unwrap_err();
            assert!(matches!(error, ClientError::Refused(_)), "{error}");
            let error = client.stage(&good, Some(&bad)).unwrap_err();
            assert!(matches!(error, ClientError::Refused(_)), "{error}");
        }
        let error = client.apply(Digest::of(&["other"]), 60, Mode::Enforce).unwrap_err();
        assert!(error.to_string().contains("not what is staged"), "{error}");
        let error = client.confirm(digest).unwrap_err();
        assert!(error.to_string().contains("nothing waits"), "{error}");

        let raw = |bytes: &[u8]| {
            let mut stream = UnixStream::connect(enforcer.socket()).unwrap();
            // What is too long is not read to its end.
            let _ = stream.write_all(bytes);
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).unwrap();
            answer
        };
        for bytes in [&b"{\n"[..], b"\n", b"\xff\xfe\n", b"{\"who\":\"ann\",\"request\":\"show\"}\n"] {
            assert!(raw(bytes).starts_with("{\"refused\""), "{}", raw(bytes));
        }
        assert!(raw(&vec![b'x'; 40 << 20]).contains("no more than"));
        // Several requests on one connection, and one that never ends its line.
        let idle: Vec<_> = (0..15).map(|_| UnixStream::connect(enforcer.socket()).unwrap()).collect();
        thread::sleep(Duration::from_millis(300));
        assert!(raw(b"{}\n").contains("too many"));
        client.show(false).unwrap();
        drop(idle);
        assert_eq!(nft(&["-s", "list", "ruleset"]), before);
        assert_eq!(fs::metadata(enforcer.socket()).unwrap().permissions().mode() & 0o777, 0o660);
        assert_eq!(fs::metadata(folder.path().join("state")).unwrap().permissions().mode() & 0o777, 0o700);
    });
}

#[test]
fn it_keeps_no_right_but_one_and_only_one_runs() {
    in_namespace("it_keeps_no_right_but_one_and_only_one_runs", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        let mut threads = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", enforcer.child.id())).unwrap() {
            // One that answered somebody may have ended since it was listed.
            let Ok(status) = fs::read_to_string(thread.unwrap().path().join("status")) else { continue };
            // The test runner's own thread was there before.
            if !status.contains("the_enforcer") && !status.contains("deadlines") {
                continue;
            }
            threads += 1;
            for set in ["CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh"] {
                // CAP_NET_ADMIN is 12 (capability.h).
                assert!(status.contains(&format!("{set}:\t0000000000001000\n")), "{status}");
            }
            assert!(status.contains("NoNewPrivs:\t1"));
        }
        assert!(threads >= 2, "{threads}");
        let mut second = Enforcer::spawn(folder.path(), None);
        thread::sleep(Duration::from_millis(300));
        assert!(second.child.try_wait().unwrap().is_none(), "it waits for the lock");
        enforcer.client().show(false).unwrap();
    });
}

#[test]
fn an_enforcer_whose_state_is_lost_returns_to_what_it_found() {
    in_namespace("an_enforcer_whose_state_is_lost_returns_to_what_it_found", || {
        let folder = tempfile::tempdir().unwrap();
        let mut enforcer = Enforcer::start(folder.path());
        enforcer.put(&rules("old", 3));
        enforcer.client().contain(address("192.0.2.7"), "odd").unwrap();
        let before = nft(&["-s", "list", "table", "inet", "bastide"]);
        enforcer.kill();
        fs::remove_dir_all(folder.path().join("state")).unwrap();
        let enforcer = Enforcer::start(folder.path());
        assert!(!enforcer.shown().differs);
        let mut client = enforcer.client();
        let digest = client.stage(&rules("new", 0), None).unwrap();
        client.apply(digest, 60, Mode::Enforce).unwrap();
        client.revert(To::Previous).unwrap();
        assert_eq!(nft(&["-s", "list", "table", "inet", "bastide"]), before);
    });
}

#[test]
fn rules_to_return_to_that_were_altered_stop_a_change() {
    in_namespace("rules_to_return_to_that_were_altered_stop_a_change", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        let digest = enforcer.put(&rules("old", 0));
        let path = folder.path().join("state/rules").join(digest.as_str()).with_extension("nft");
        fs::write(path, rules("mine", 0)).unwrap();
        let mut client = enforcer.client();
        let digest = client.stage(&rules("new", 0), None).unwrap();
        let error = client.apply(digest, 60, Mode::Enforce).unwrap_err();
        assert!(error.to_string().contains("altered"), "{error}");
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old");
        assert!(client.show(false).unwrap().pending.is_none());
    });
}

/// Rules with something put in where it does not belong: whatever of that the check lets pass and nft takes, touches
/// nothing else.
#[test]
fn what_the_check_lets_pass_touches_nothing_else() {
    const PIECES: &[&str] = &[
        "flush ruleset\n",
        "\nflush ruleset\n",
        "; flush ruleset ;",
        "}",
        "{",
        "\"",
        "#",
        "\n",
        ";",
        " ",
        "\"\n",
        "# }\n",
        "} table ip of_others { chain more { } }",
        "\ndelete table ip of_others\n",
        "table ip of_others { chain more { } }\n",
        "\nadd chain ip of_others more\n",
        "log prefix \"}\" ",
        "comment \"# \" ",
        "'",
        "table inet bastide {\n",
        "}\n}\n",
        "add table ip more\n",
        "}\nadd table ip more\ntable inet bastide {\n",
        "chain more { }\n",
        "*",
        "@",
        "!",
        "/*",
        "\t",
    ];
    in_namespace("what_the_check_lets_pass_touches_nothing_else", || {
        nft(&["add", "table", "ip", "of_others"]);
        nft(&["add", "chain", "ip", "of_others", "theirs"]);
        let others = || (nft(&["list", "table", "ip", "of_others"]), nft(&["list", "tables", "ip"]));
        let before = others();
        let good = rules("new", 2);
        let places: Vec<usize> = good.char_indices().map(|(at, _)| at).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.nft");
        let mut chance = moments(5).map(|number| usize::try_from(number).unwrap());
        let (mut passed, mut taken) = (0, 0);
        for _ in 0..3_000 {
            let mut text = good.clone();
            for _ in 0..=chance.next().unwrap() % 3 {
                let at = places[chance.next().unwrap() % places.len()];
                if text.is_char_boundary(at) {
                    text.insert_str(at, PIECES[chance.next().unwrap() % PIECES.len()]);
                }
            }
            if enforce::check(&text).is_err() {
                continue;
            }
            passed += 1;
            fs::write(&file, &text).unwrap();
            if !runs("nft", &["-f", file.to_str().unwrap()]) {
                continue;
            }
            taken += 1;
            assert_eq!(others(), before, "{text}");
            if taken % 10 == 0 {
                let ours = |family| runs("nft", &["delete", "table", family, "bastide"]);
                let _ = (ours("inet"), ours("bridge"));
            }
        }
        println!("3,000 texts: {passed} passed the check, nft took {taken}");
        assert!(taken > 50, "{passed} passed, {taken} taken");
    });
}

/// How many times the enforcer is killed, and for how long at most. More by the environment, for a night's run.
fn kills() -> (usize, Duration) {
    match env::var("BASTIDE_KILLS").ok().and_then(|times| times.parse().ok()) {
        Some(times) => (times, Duration::from_secs(24 * 3_600)),
        None => (200, Duration::from_secs(60)),
    }
}

/// A small linear congruential generator: the moments are the same in every run.
fn moments(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |state| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|state| state >> 33)
}

#[test]
fn killed_at_any_moment_the_kernel_holds_the_old_rules_or_the_new() {
    in_namespace("killed_at_any_moment_the_kernel_holds_the_old_rules_or_the_new", || {
        let folder = tempfile::tempdir().unwrap();
        let mut enforcer = Enforcer::start(folder.path());
        enforcer.put(&rules("old", 1_000));
        enforcer.client().contain(address("192.0.2.7"), "odd").unwrap();
        let digest = enforcer.client().stage(&rules("new", 1_500), None).unwrap();
        let begin = Instant::now();
        enforcer.client().apply(digest.clone(), 60, Mode::Enforce).unwrap();
        // A little longer than it takes, so that some kills come after the answer.
        let whole = begin.elapsed() * 5 / 4;
        enforcer.client().revert(To::Previous).unwrap();
        let (mut old, mut new, mut answered) = (0, 0, 0);
        let (times, limit) = kills();
        let limit = Instant::now() + limit;
        let mut rounds = 0;
        for moment in moments(11).take(times) {
            if Instant::now() > limit {
                break;
            }
            rounds += 1;
            let (mut client, digest) = (enforcer.client(), digest.clone());
            let applying = thread::spawn(move || client.apply(digest, 60, Mode::Enforce).is_ok());
            thread::sleep(whole * u32::try_from(moment % 1_000).unwrap() / 1_000);
            enforcer.kill();
            match in_kernel(&["old", "new"]).as_deref() {
                Some("old") => old += 1,
                _ => new += 1,
            }
            answered += u32::from(applying.join().unwrap());
            if moment % 4 == 0 {
                // It dies a second time while it settles.
                let mut second = Enforcer::spawn(folder.path(), None);
                thread::sleep(whole * u32::try_from(moment % 500).unwrap() / 500);
                second.kill();
                in_kernel(&["old", "new"]).unwrap();
            }
            enforcer = Enforcer::start(folder.path());
            assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old", "round {rounds}");
            assert!(element("inet", "quarantine4", "192.0.2.7"), "round {rounds}");
            if moment % 8 == 0 {
                // An nft that the dead process left behind would have done its work by now.
                thread::sleep(Duration::from_millis(50));
                assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old", "round {rounds}, later");
                let shown = enforcer.shown();
                assert!(!shown.differs && shown.pending.is_none(), "{:?}", shown.difference);
            }
        }
        println!(
            "{rounds} kills: the kernel held {old} times the old rules, {new} times the new; {answered} answered; apply takes {whole:?}"
        );
        assert!(old > 0 && new > 0, "the moments missed one side: {old} old, {new} new");
    });
}

#[test]
fn an_nft_that_outlives_its_enforcer_is_waited_for() {
    in_namespace("an_nft_that_outlives_its_enforcer_is_waited_for", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        enforcer.put(&rules("old", 0));
        let digest = enforcer.client().stage(&rules("new", 0), None).unwrap();
        drop(enforcer);
        // The real nft, but it takes a second before it loads anything.
        let slow = folder.path().join("slow-nft");
        fs::write(&slow, "#!/bin/sh\n[ \"$1\" = -f ] && sleep 1\nexec /usr/sbin/nft \"$@\"\n").unwrap();
        fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
        let mut enforcer = Enforcer::spawn(folder.path(), Some(&slow));
        enforcer.wait();
        let mut client = enforcer.client();
        let applying = thread::spawn(move || client.apply(digest, 60, Mode::Enforce).is_ok());
        thread::sleep(Duration::from_millis(400));
        enforcer.kill();
        assert!(!applying.join().unwrap());
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old");
        let _enforcer = Enforcer::start(folder.path());
        thread::sleep(Duration::from_millis(1_500));
        assert_eq!(in_kernel(&["old", "new"]).unwrap(), "old", "the nft left behind came last");
    });
}

#[test]
fn a_quarantine_is_one_element_whatever_the_size_of_the_rules() {
    in_namespace("a_quarantine_is_one_element_whatever_the_size_of_the_rules", || {
        let folder = tempfile::tempdir().unwrap();
        let enforcer = Enforcer::start(folder.path());
        let begin = Instant::now();
        enforcer.put(&rules("old", 50_000));
        println!("stage, apply and confirm 50,000 addresses: {:?}", begin.elapsed());
        let mut client = enforcer.client();
        let mut times: Vec<Duration> = (1..=50)
            .map(|n| {
                let begin = Instant::now();
                client
                    .ask(Request::Contain { address: [192, 0, 2, n].into(), reason: "odd".into() })
                    .unwrap();
                begin.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!("contain: median {:?}, most {:?}", times[25], times[49]);
        assert!(times[25] < Duration::from_secs(1), "{times:?}");
        let begin = Instant::now();
        assert!(!enforcer.shown().differs);
        println!("show: {:?}", begin.elapsed());
    });
}
