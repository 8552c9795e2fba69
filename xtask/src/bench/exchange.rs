//! Exchanging intelligence, beside medallion, in one run on the same machine.

use super::{PAGE, build, machine::Machine, measure, section::put};
use crate::{house, needs};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fmt::Write,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How the section begins.
pub(super) const TITLE: &str = "## Exchange";
/// So many objects are read from both.
const FEW: &str = "5000";
/// So many are in the store whose pages are timed.
const MANY: &str = "1000000";
/// The longest that adding to one of them may take, in seconds.
const ADDING: &str = "60";
/// The slowest of a hundred pages must be faster, in milliseconds.
const PAGE_MS_MAX: f64 = 50.0;

/// A server that ends with the bench.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn memory(&self) -> String {
        measure::memory(measure::peak_kb(&self.child))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures, and writes the section. `false` if one page in a hundred is too slow.
pub(super) fn run() -> Result<bool> {
    let python = Command::new("python3")
        .env("PYTHONPATH", needs::python_packages())
        .args(["-c", "import medallion"])
        .output();
    if !python.is_ok_and(|python| python.status.success()) {
        bail!("medallion is not installed: there is nothing to compare with; `cargo xtask test` installs it");
    }
    build(&["--package", "exchange", "--example", "exchange_speed"])?;
    let folder = house::root().join("target/bench/exchange");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench exchange`, which wrote this section, on {}. {FEW} objects, nine of ten \
         indicators, are read through by the same client in pages of 1,000, and new ones added in envelopes of 500 for at \
         most {ADDING} s or {FEW} objects; medallion has its memory backend, Bastide its store on disk, where what is \
         answered for is. Objects are checked by Bastide and not by medallion. Memory is the server's peak resident set, \
         after reading and after adding.\n\n| server | read, objects a second | memory | added, objects a second | memory \
         |\n|---|---|---|---|---|\n",
        Machine::here(),
    );
    for (name, server) in
        [("Bastide", ours(&folder.join("few"), FEW)?.0), ("medallion", theirs(&folder.join("theirs"))?)]
    {
        let read = say(&["read", &server.url])?;
        let reading = server.memory();
        let added = say(&["post", &server.url, FEW, ADDING])?;
        let row = [name.to_owned(), rate(&read), reading, rate(&added), server.memory()];
        println!("{}", row.join(" | "));
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    let (server, filled) = ours(&folder.join("many"), MANY)?;
    let bytes = fs::metadata(folder.join("many/intelligence.db"))?.len();
    let latency = say(&["latency", &server.url, MANY])?;
    let _ = writeln!(
        text,
        "\nA store of {} objects, of which one in ten is for others ({:.1} GB, filled with {} objects a second in batches): \
         a page over HTTP on one connection, from places all over it, in milliseconds. Of a hundred pages the slowest must \
         take less than {PAGE_MS_MAX:.0} ms. The server's peak resident set is then {}.\n\n| what | objects | median | 99 of \
         100 | slowest |\n|---|---|---|---|---|",
        filled.get("objects").and_then(Value::as_u64).unwrap_or_default(),
        bytes as f64 / 1e9,
        rate(&filled),
        server.memory(),
    );
    let mut in_time = true;
    for (name, times) in latency.as_object().into_iter().flatten() {
        let number = |name: &str| times.get(name).and_then(Value::as_f64).unwrap_or(f64::MAX);
        in_time &= number("p99") < PAGE_MS_MAX;
        let row = format!(
            "| {name} | {:.0} | {:.2} | {:.2} | {:.2} |",
            number("objects"),
            number("p50"),
            number("p99"),
            number("max")
        );
        println!("{row}");
        let _ = writeln!(text, "{row}");
    }
    drop(server);
    let _ = fs::remove_dir_all(&folder);
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(in_time)
}

fn program() -> PathBuf {
    house::root().join("target/release/examples/exchange_speed")
}

/// What a part of the bench says.
fn say(arguments: &[&str]) -> Result<Value> {
    measure::say(&program(), arguments)
}

fn rate(value: &Value) -> String {
    let number = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default();
    format!("{:.0}", number("objects") / number("seconds").max(1e-9))
}

/// A server of ours with so many objects, and how long they took to be put in.
fn ours(folder: &Path, count: &str) -> Result<(Server, Value)> {
    let path = folder.to_string_lossy().into_owned();
    let filled = say(&["fill", &path, count])?;
    let mut child = Command::new(program()).args(["serve", &path]).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("no output")?;
    let mut server = Server { child, url: String::new() };
    BufReader::new(output).read_line(&mut server.url)?;
    server.url = server.url.trim().to_owned();
    if server.url.is_empty() {
        bail!("the server did not start");
    }
    Ok((server, filled))
}

fn theirs(folder: &Path) -> Result<Server> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let path = folder.to_string_lossy().into_owned();
    say(&["theirs", &path, &port.to_string(), FEW])?;
    let child = Command::new("python3")
        .env("PYTHONPATH", needs::python_packages())
        .args(["-m", "medallion.scripts.run", "--host", "127.0.0.1", "--port", &port.to_string()])
        .arg(folder.join("config.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server { child, url: format!("http://127.0.0.1:{port}/api/") };
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(60) {
            bail!("medallion does not answer");
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}
