//! Files that something encrypts are seen in the next backup, whatever names and beginnings they are given; files that
//! are packed anyway are not taken for them.
#![cfg(test)]

mod support;

use city::Snapshot;
use flate2::{Compression, write::GzEncoder};
use std::{fs, io::Write, path::Path};
use support::{City, at, backup_id, noise};
use vault::Vault;

const FILES: usize = 24;

/// Twenty-four files of records, two pictures, and a packed log.
fn city() -> City {
    let city = City::new();
    for number in 0..FILES {
        fs::write(city.data().join(format!("case-{number}.csv")), records(number)).unwrap();
    }
    for number in 0..2 {
        fs::write(city.data().join(format!("picture-{number}.jpg")), picture(number)).unwrap();
    }
    fs::write(city.data().join("log.gz"), gzip(&records(77))).unwrap();
    city
}

fn records(seed: usize) -> Vec<u8> {
    (0..800).flat_map(|row| format!("{row},north pump {},{}\n", row % 7, row * seed).into_bytes()).collect()
}

fn picture(number: usize) -> Vec<u8> {
    let mut bytes = noise(number as u64 + 500, 90_000);
    bytes[..4].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
    bytes
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The second of two backups, between which something happened.
fn after(happens: impl Fn(&Path)) -> Snapshot {
    let city = city();
    let vault = Vault::init(&city.folder()).unwrap();
    let first = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    assert_eq!((first.noise, first.noisy.len()), (0, 0), "pictures and packed logs are no noise");
    happens(&city.data());
    vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap()
}

/// Encrypts every file of records, as far as anybody can see.
fn encrypt(data: &Path, name: impl Fn(usize) -> String, begins: &[u8]) {
    for number in 0..FILES {
        let old = data.join(format!("case-{number}.csv"));
        let mut content = noise(number as u64 + 900, fs::metadata(&old).unwrap().len() as usize);
        content[..begins.len()].copy_from_slice(begins);
        fs::remove_file(&old).unwrap();
        fs::write(data.join(name(number)), content).unwrap();
    }
}

#[track_caller]
fn assert_seen(made: &Snapshot) {
    assert!(made.noise * 10 > made.sampled * 9, "{made:?}");
    assert_eq!(made.noisy.len(), Snapshot::NAMES_MAX, "{made:?}");
    assert!(made.noisy.iter().all(|name| name.contains("/case-")), "{made:?}");
}

#[test]
fn files_encrypted_in_place_are_seen() {
    let made = after(|data| encrypt(data, |number| format!("case-{number}.csv"), b""));
    assert_seen(&made);
    assert_eq!((made.changed_files, made.gone_files), (FILES as u64, 0));
}

#[test]
fn files_encrypted_under_other_names_are_seen() {
    assert_seen(&after(|data| encrypt(data, |number| format!("case-{number}.csv.locked"), b"")));
    assert_seen(&after(|data| encrypt(data, |number| format!("case-{number}.enc"), b"")));
    let made = after(|data| encrypt(data, |number| format!("{:08x}", number * 0x1234_5677), b""));
    assert_seen(&made);
    assert_eq!((made.new_files, made.gone_files), (FILES as u64, FILES as u64));
}

#[test]
fn a_false_beginning_hides_nothing() {
    for begins in
        [&b"\xff\xd8\xff\xe0"[..], b"%PDF-1.7", b"PK\x03\x04", b"\x1f\x8b\x08\0", b"\0\0\0\x18ftypmp42"]
    {
        assert_seen(&after(|data| encrypt(data, |number| format!("case-{number}.csv"), begins)));
        assert_seen(&after(|data| encrypt(data, |number| format!("case-{number}.csv.jpg"), begins)));
    }
}

#[test]
fn files_encrypted_in_parts_are_seen() {
    let made = after(|data| {
        for number in 0..FILES {
            let path = data.join(format!("case-{number}.csv"));
            let mut content = fs::read(&path).unwrap();
            content[..4096].copy_from_slice(&noise(number as u64, 4096));
            fs::write(&path, content).unwrap();
        }
    });
    assert_eq!(made.noisy.len(), Snapshot::NAMES_MAX, "{made:?}");
}

#[test]
fn pictures_and_packed_logs_that_are_encrypted_in_place_are_seen() {
    let made = after(|data| {
        for name in ["picture-0.jpg", "picture-1.jpg", "log.gz"] {
            let path = data.join(name);
            let length = fs::metadata(&path).unwrap().len() as usize;
            fs::write(path, noise(length as u64, length)).unwrap();
        }
    });
    assert_eq!(made.noisy.len(), 3, "{made:?}");
    assert_eq!(made.noise, made.sampled, "{made:?}");
}

#[test]
fn an_ordinary_day_is_quiet() {
    let made = after(|data| {
        for number in 0..FILES {
            fs::write(data.join(format!("case-{number}.csv")), records(number + 1)).unwrap();
        }
        // New pictures, one edited, and logs packed away under new names.
        fs::write(data.join("picture-0.jpg"), picture(7)).unwrap();
        fs::write(data.join("picture-9.jpg"), picture(9)).unwrap();
        fs::remove_file(data.join("case-3.csv")).unwrap();
        fs::write(data.join("case-3.csv.gz"), gzip(&records(3))).unwrap();
        fs::write(data.join("empty"), b"").unwrap();
    });
    assert_eq!((made.noise, made.noisy.len()), (0, 0), "{made:?}");
    assert_eq!((made.gone_files, made.gone.len()), (1, 1));
    assert!(made.gone[0].ends_with("case-3.csv"));
    assert!(made.sampled > 100_000, "{made:?}");
}
