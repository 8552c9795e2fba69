//! However many cores read, the same bytes come out.

use super::{
    hostile::kinds::{self, KINDS},
    running::{bastide, made_capture},
};
use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

fn town() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/captures");
    let mut captures: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|case| fs::read_dir(case.unwrap().path()).ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".pcap"))
        .collect();
    captures.sort();
    captures
}

fn lines(captures: &[PathBuf], format: &str, cores: &str) -> Vec<u8> {
    let arguments = ["records", "--format", format, "--threads", cores];
    let output = bastide().args(arguments).args(captures).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn records_and_events_are_the_same_on_any_number_of_cores() {
    let folder = tempfile::tempdir().unwrap();
    // Enough for many rounds, with a file that is cut short and another clock behind it.
    let made = folder.path().join("made.pcap");
    made_capture(&made, 25_000);
    let cut = folder.path().join("cut.pcap");
    let bytes = fs::read(&made).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 3 + 7]).unwrap();
    // A flood, which is counted by all readers together.
    let flood = folder.path().join("flood.pcap");
    let kind = KINDS.iter().find(|kind| kind.name == "syn-flood").unwrap();
    kinds::write(kind, 8_000, &mut BufWriter::new(File::create(&flood).unwrap())).unwrap();
    let captures = [town(), vec![cut, made, flood]].concat();
    for format in ["eve", "ndjson"] {
        let alone = lines(&captures, format, "1");
        assert!(alone.len() > 1_000_000);
        let told =
            String::from_utf8_lossy(&alone).lines().filter(|line| line.contains(r#""kind":"flood""#)).count();
        assert_eq!(told > 0, format == "ndjson");
        for cores in ["2", "3"] {
            let together = lines(&captures, format, cores);
            assert!(together == alone, "{cores} cores write other {format} than one");
        }
    }
}
