//! Packs the registry of MAC address blocks: sorted, and each maker's name once.
//!
//! The crate that holds the registry would bring 9 MB into the programme; packed it is little more than 1 MB.

use std::{collections::BTreeMap, env, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let mut names: BTreeMap<String, u16> = BTreeMap::new();
    let mut blocks: Vec<(Vec<u8>, String)> = Vec::new();
    for (prefix, entry) in oui_data::OUI_ENTRIES.entries() {
        let name = entry.organization().split_whitespace().collect::<Vec<_>>().join(" ");
        // The register keeps some names to itself; a block that it divided further has makers of its own.
        if name.is_empty() || name == "Private" || name == "IEEE Registration Authority" {
            continue;
        }
        let digits: Option<Vec<u8>> =
            prefix.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        if let Some(digits) = digits {
            names.insert(name.clone(), 0);
            blocks.push((digits, name));
        }
    }
    let mut text = String::new();
    for (number, (name, id)) in names.iter_mut().enumerate() {
        *id = u16::try_from(number).unwrap_or(u16::MAX);
        text.push_str(name);
        text.push('\n');
    }
    // A record is the block, in as many bytes as hold it, left-justified, then the number of the name's line.
    blocks.sort();
    let into = env::var_os("OUT_DIR").unwrap_or_default();
    let write = |file: String, bytes: Vec<u8>| write(&Path::new(&into).join(file), &bytes);
    for digits in [6, 7, 9] {
        let mut packed = Vec::new();
        for (block, name) in blocks.iter().filter(|(block, _)| block.len() == digits) {
            packed.extend(
                block
                    .chunks(2)
                    .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit) << (8 - 4 * pair.len())),
            );
            packed.extend(names.get(name).copied().unwrap_or(u16::MAX).to_be_bytes());
        }
        write(format!("blocks{digits}"), packed);
    }
    write("names".to_owned(), text.into_bytes());
}

#[expect(clippy::disallowed_methods, reason = "a build script writes what it makes")]
fn write(path: &Path, bytes: &[u8]) {
    if let Err(cause) = std::fs::write(path, bytes) {
        println!("cargo:error=cannot write {}: {cause}", path.display());
    }
}
