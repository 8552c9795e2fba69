//! The cases: which capture, and what others read in it.

use crate::{
    expected_log::{self, Log},
    filters::{self, Filter},
};
use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// How many cases there are; a check on the harness, which must not lose one unseen.
pub const COUNT: usize = 525;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The protocol it is about, as the data names it.
    pub protocol: String,
    /// Whose it is: `icsnpp-modbus`, `zeek`, `suricata-verify`, `tcpdump`, …
    pub suite: String,
    pub name: String,
    pub capture: PathBuf,
    /// The files with the expected results.
    pub expected: Vec<PathBuf>,
    /// How many packets the capture holds, where that is known.
    pub packets: Option<u64>,
    /// How many rows the expected logs hold together, where that is known.
    pub records: Option<usize>,
    /// The arguments with which the peer was run: `-C`, `-k none`.
    pub arguments: String,
    /// The lines of the script that the peer was given beside them, where that was counted.
    script_lines: String,
    /// The test of the peer's that the case comes from.
    source: String,
    /// Columns of logs that have no header of their own, by file name.
    columns: BTreeMap<String, Vec<String>>,
}

impl Case {
    /// Whether the case is a text to be parsed rather than a capture.
    pub fn is_text(&self) -> bool {
        self.capture.extension().is_some_and(|ending| ending == "test")
    }

    /// How the peer came to its logs, as the case list says it.
    pub fn origin(&self) -> String {
        format!("{}; {}; {} lines of script", self.source, self.arguments, self.script_lines)
    }

    /// The peer's logs, in the order of the case list.
    pub fn logs(&self) -> Vec<Log> {
        let logs = self.expected.iter().filter(|path| path.extension().is_some_and(|e| e == "log"));
        logs.map(|path| {
            let columns = self.columns.get(&file_name(path)).map(Vec::as_slice);
            expected_log::parse(&stem(path), &read(path), columns)
        })
        .collect()
    }

    /// The peer's filters over events (suricata-verify), those that hold for its newest version.
    pub fn filters(&self) -> Vec<Filter> {
        let files = self.expected.iter().filter(|path| file_name(path) == "test.yaml");
        files.flat_map(|path| filters::parse(&read(path))).collect()
    }

    /// Other expected output, as text: the first file with this ending.
    pub fn text(&self, ending: &str) -> Option<String> {
        self.expected.iter().find(|path| file_name(path).ends_with(ending)).map(|path| read(path))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The folder with the data, if it is there.
pub fn folder() -> Option<PathBuf> {
    let folder = match env::var_os("BASTIDE_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    folder.join("ot-pcap/cases.tsv").is_file().then_some(folder)
}

/// Every case, or `None` without the data.
pub fn all() -> Option<Vec<Case>> {
    static CASES: OnceLock<Option<Vec<Case>>> = OnceLock::new();
    CASES.get_or_init(|| folder().map(|folder| read_all(&folder))).clone()
}

/// The cases of one suite and protocol, or `None` without the data.
pub fn of(suite: &str, protocol: &str) -> Option<Vec<Case>> {
    let cases = all()?;
    Some(cases.into_iter().filter(|case| case.suite == suite && case.protocol == protocol).collect())
}

/// Says that a test skipped so many cases for want of the data: on standard error past the test runner's capture, and
/// in the file that the runner of all tests counts from.
pub fn skipped(count: usize, test: &str) {
    let line = format!("{count} cases skipped in {test}: no data in BASTIDE_DATA or ../shared/data\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

fn read_all(folder: &Path) -> Vec<Case> {
    ["ot-pcap", "net-pcap"].iter().flat_map(|topic| read_topic(&folder.join(topic))).collect()
}

/// The rows of a tab-separated file, without its header.
fn table(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect())
}

fn read_topic(topic: &Path) -> Vec<Case> {
    let mut columns: BTreeMap<(String, String), BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let path = topic.join("columns.tsv");
    if path.is_file() {
        for row in table(&read(&path)) {
            let [suite, case, log, _, names] = row[..] else { panic!("odd row {row:?}") };
            let names = names.split(',').map(str::to_owned).collect();
            columns.entry((suite.into(), case.into())).or_default().insert(log.into(), names);
        }
    }
    let cases = read(&topic.join("cases.tsv"));
    table(&cases)
        .map(|row| {
            let [_, protocol, suite, name, capture, expected, packets, records, lines, arguments, source] =
                row[..]
            else {
                panic!("odd row {row:?}")
            };
            let expected = expected.split(';').filter(|path| !path.is_empty());
            Case {
                protocol: protocol.into(),
                suite: suite.into(),
                name: name.into(),
                capture: topic.join(capture),
                expected: expected.map(|path| topic.join(path)).collect(),
                // Where the packets were not counted, the list says 0.
                packets: packets.parse().ok().filter(|count| *count > 0),
                records: records.parse().ok(),
                arguments: arguments.into(),
                script_lines: lines.into(),
                source: source.into(),
                columns: columns.get(&(suite.into(), name.into())).cloned().unwrap_or_default(),
            }
        })
        .collect()
}
