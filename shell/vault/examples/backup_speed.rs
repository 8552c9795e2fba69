//! What `cargo xtask bench backup` runs: makes a tree, changes it, and backs it up and restores it as Bastide does, each
//! in a process of its own.
//!
//! `backup_speed tree FOLDER`, `change FOLDER ROUND`, `init REPOSITORY KEY`, `backup REPOSITORY KEY FOLDER`,
//! `restore REPOSITORY KEY INTO`, where KEY is a file.

use city::{Repository, RepositoryPlace, SecretReference};
use jiff::Timestamp;
use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use vault::{Staged, Target, Vault};

/// How many files there are of each size, in bytes: 100,000 files and 1 GB.
const SIZES: [(usize, usize); 4] = [(60_000, 1_500), (38_000, 6_000), (1_900, 180_000), (100, 3_400_000)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tree", folder] => make(Path::new(folder)),
        ["change", folder, round] => change(Path::new(folder), round.parse()?),
        ["init", repository, key] => {
            Vault::init(&declared(repository, key)?)?;
            Ok(())
        }
        ["backup", repository, key, folder] => {
            let vault = Vault::open(&declared(repository, key)?)?;
            let staged = Staged::InPlace { roots: vec![PathBuf::from(folder)], exclude: Vec::new() };
            let made = vault.backup(&"everything".parse()?, &staged, Timestamp::now(), &())?;
            Ok(writeln!(std::io::stdout(), "{made:?}")?)
        }
        ["restore", repository, key, into] => {
            let vault = Vault::open(&declared(repository, key)?)?;
            let last = vault.snapshots(None)?.pop().ok_or("no snapshot")?;
            let target = Target { into: Path::new(into), only: None, replace: false };
            let restored = vault.restore(&last.id, target, &())?;
            Ok(writeln!(std::io::stdout(), "{restored:?}")?)
        }
        _ => Err("see the beginning of the source".into()),
    }
}

fn declared(repository: &str, key: &str) -> Result<Repository, Box<dyn Error>> {
    Ok(Repository {
        id: "speed".parse()?,
        name: "speed".into(),
        at: RepositoryPlace::Folder(repository.into()),
        key: SecretReference::File(key.into()),
        login: None,
        asset: None,
        site: None,
        append_only: false,
        locked: None,
        offline: None,
        bandwidth: None,
    })
}

/// Numbers as chance would have them, the same every time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// Content of that many bytes: records in half of the files, and what is packed already in the others.
fn content(seed: u64, length: usize) -> Vec<u8> {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bytes = Vec::with_capacity(length + 64);
    while bytes.len() < length {
        if seed.is_multiple_of(2) {
            let number = chance.next();
            let _ = writeln!(bytes, "{},north pump {},{},ok", number >> 40, number % 97, number % 10_007);
        } else {
            bytes.extend_from_slice(&chance.next().to_le_bytes());
        }
    }
    bytes.truncate(length);
    bytes
}

fn paths(folder: &Path) -> impl Iterator<Item = (usize, usize, PathBuf)> {
    let sizes = SIZES.iter().flat_map(|(count, size)| std::iter::repeat_n(*size, *count));
    let folder = folder.to_owned();
    sizes.enumerate().map(move |(number, size)| {
        (number, size, folder.join(format!("{:03}/{:02}/file-{number}", number % 400, number % 7)))
    })
}

fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (number, size, path) in paths(folder) {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content(number as u64, size))?;
    }
    Ok(())
}

/// Writes one file in a hundred anew.
fn change(folder: &Path, round: usize) -> Result<(), Box<dyn Error>> {
    for (number, size, path) in paths(folder).filter(|(number, ..)| number % 100 == round % 100) {
        fs::write(path, content((number + 1_000_000 * round) as u64, size))?;
    }
    Ok(())
}
