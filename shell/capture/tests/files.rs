//! Capture files of every kind, made here byte by byte, and damaged in every way.

#![cfg(test)]

use capture::{CaptureFile, Captures, Compression, Damage, DamageKind, Input, OpenError, Order};
use jiff::Timestamp;
use proptest::prelude::*;
use std::{
    fs,
    io::{Cursor, Write},
    path::PathBuf,
};

/// Writes numbers in one byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endian {
    Big,
    Little,
}

impl Endian {
    fn u16(self, number: u16) -> [u8; 2] {
        if self == Endian::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self == Endian::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u64(self, number: u64) -> [u8; 8] {
        if self == Endian::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// A frame as a test wants it back: nanoseconds since 1970, link type, bytes, length on the wire.
type Wanted = (i128, u16, Vec<u8>, u32);

fn wanted(count: usize, step_nanoseconds: i128) -> Vec<Wanted> {
    (0..count)
        .map(|n| {
            let bytes = (0..20 + n * 7).map(|at| (at * n) as u8).collect::<Vec<_>>();
            let length = bytes.len() as u32 + if n % 3 == 0 { 1_000 } else { 0 };
            (1_700_000_000_000_000_000 + n as i128 * step_nanoseconds, 1, bytes, length)
        })
        .collect()
}

fn pcap(frames: &[Wanted], magic: u32, endian: Endian) -> Vec<u8> {
    let unit = if matches!(magic, 0xa1b2_3c4d | 0x1c00_01ac) { 1 } else { 1_000 };
    let mut file = endian.u32(magic).to_vec();
    file.extend([endian.u16(2), endian.u16(4)].concat());
    file.extend([endian.u32(0), endian.u32(0), endian.u32(65_535), endian.u32(1)].concat());
    if magic >> 16 == 0x1c00 {
        file.extend(endian.u32(0));
    }
    for (time, _, bytes, length) in frames {
        file.extend(endian.u32((time / 1_000_000_000) as u32));
        file.extend(endian.u32((time % 1_000_000_000 / unit) as u32));
        file.extend(endian.u32(bytes.len() as u32));
        file.extend(endian.u32(*length));
        if magic == 0xa1b2_cd34 {
            file.extend([0; 8]);
        }
        file.extend(bytes);
    }
    file
}

fn block(endian: Endian, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = endian.u32(padded as u32 + 12);
    let mut block = [endian.u32(kind), length].concat();
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

fn section(endian: Endian) -> Vec<u8> {
    let body = [&endian.u32(0x1a2b_3c4d)[..], &endian.u16(1), &endian.u16(0), &endian.u64(u64::MAX)].concat();
    block(endian, 0x0a0d_0d0a, &body)
}

fn option(endian: Endian, code: u16, value: &[u8]) -> Vec<u8> {
    let mut option = [endian.u16(code), endian.u16(value.len() as u16)].concat();
    option.extend(value);
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

fn interface(endian: Endian, link: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    let body = [&endian.u16(link)[..], &[0, 0], &endian.u32(snap_length), options].concat();
    block(endian, 1, &body)
}

fn packet(endian: Endian, interface: u32, units: u64, bytes: &[u8], length: u32) -> Vec<u8> {
    let body = [
        &endian.u32(interface)[..],
        &endian.u32((units >> 32) as u32),
        &endian.u32(units as u32),
        &endian.u32(bytes.len() as u32),
        &endian.u32(length),
        bytes,
    ]
    .concat();
    block(endian, 6, &body)
}

/// Nanosecond resolution on one Ethernet interface.
fn pcapng(frames: &[Wanted], endian: Endian) -> Vec<u8> {
    let mut file = section(endian);
    file.extend(interface(endian, 1, 0, &option(endian, 9, &[9])));
    for (time, _, bytes, length) in frames {
        file.extend(packet(endian, 0, *time as u64, bytes, *length));
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn open(bytes: Vec<u8>) -> Result<CaptureFile, OpenError> {
    let size = bytes.len() as u64;
    CaptureFile::read("street.pcap".into(), Cursor::new(bytes), Some(size))
}

fn read(bytes: Vec<u8>) -> (Vec<Wanted>, Option<Damage>) {
    read_file(&mut open(bytes).unwrap())
}

fn read_file(file: &mut CaptureFile) -> (Vec<Wanted>, Option<Damage>) {
    let (mut frames, mut damage) = (Vec::new(), None);
    loop {
        match file.next() {
            Ok(Some(frame)) => {
                let time = frame.time.as_nanosecond();
                frames.push((time, frame.link.0, frame.bytes.to_vec(), frame.length));
            }
            Ok(None) => return (frames, damage),
            Err(found) => assert!(damage.replace(found).is_none(), "damage is told once"),
        }
    }
}

#[test]
fn every_pcap_variant_in_either_byte_order() {
    for endian in [Endian::Big, Endian::Little] {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34, 0x1c00_01ac, 0x1c00_01ab] {
            let frames = wanted(40, 1_234_567_000);
            assert_eq!(read(pcap(&frames, magic, endian)), (frames, None), "{magic:x} {endian:?}");
        }
    }
}

#[test]
fn pcapng_in_either_byte_order() {
    for endian in [Endian::Big, Endian::Little] {
        let frames = wanted(40, 1_234_567_891);
        assert_eq!(read(pcapng(&frames, endian)), (frames, None), "{endian:?}");
    }
}

#[test]
fn interfaces_have_their_own_link_type_clock_and_offset() {
    let endian = Endian::Little;
    let mut file = section(endian);
    // Microseconds where nothing is said; 2^-10 s; whole seconds, an hour behind.
    file.extend(interface(endian, 1, 0, &[]));
    file.extend(interface(endian, 113, 0, &option(endian, 9, &[0x8a])));
    let options = [option(endian, 9, &[0]), option(endian, 14, &(-3_600_i64).to_le_bytes())].concat();
    file.extend(interface(endian, 101, 0, &options));
    file.extend(packet(endian, 0, 5_000_001, b"first", 5));
    file.extend(packet(endian, 1, 6 * 1024 + 512, b"second", 6));
    file.extend(packet(endian, 2, 3_607, b"third", 500));
    let (frames, damage) = read(file);
    assert_eq!(damage, None);
    assert_eq!(
        frames,
        [
            (5_000_001_000, 1, b"first".to_vec(), 5),
            (6_500_000_000, 113, b"second".to_vec(), 6),
            (7_000_000_000, 101, b"third".to_vec(), 500),
        ]
    );
}

#[test]
fn a_new_section_forgets_interfaces_and_may_turn_the_byte_order() {
    let frames = wanted(3, 1_000_000_000);
    let mut file = pcapng(&frames, Endian::Little);
    file.extend(pcapng(&frames, Endian::Big));
    let (read_frames, damage) = read(file.clone());
    assert_eq!((read_frames, damage), ([frames.clone(), frames].concat(), None));
    file.extend(section(Endian::Little));
    file.extend(packet(Endian::Little, 0, 0, b"orphan", 6));
    let (read_frames, damage) = read(file);
    assert_eq!(read_frames.len(), 6);
    assert_eq!(damage.unwrap().kind, DamageKind::UnknownInterface(0));
}

#[test]
fn simple_and_old_packets_and_blocks_of_no_interest() {
    let endian = Endian::Big;
    let mut file = section(endian);
    file.extend(interface(endian, 1, 4, &[]));
    file.extend(packet(endian, 0, 9_000_000, b"timed", 5));
    // A simple packet of nine bytes, of which the interface keeps four.
    file.extend(block(endian, 3, &[&endian.u32(9)[..], b"four"].concat()));
    // Names, longer than the reader's buffer.
    file.extend(block(endian, 4, &vec![7; 3 << 20]));
    let old = [
        &endian.u16(0)[..],
        &endian.u16(17),
        &endian.u32(0),
        &endian.u32(10_000_000),
        &endian.u32(3),
        &endian.u32(3),
        b"old",
    ];
    file.extend(block(endian, 2, &old.concat()));
    let (frames, damage) = read(file);
    assert_eq!(damage, None);
    assert_eq!(
        frames,
        [
            (9_000_000_000, 1, b"timed".to_vec(), 5),
            (9_000_000_000, 1, b"four".to_vec(), 9),
            (10_000_000_000, 1, b"old".to_vec(), 3),
        ]
    );
}

#[test]
fn drops_that_the_capturing_machine_counted_are_told() {
    let endian = Endian::Little;
    let mut file = pcapng(&wanted(1, 0), endian);
    let options = [option(endian, 5, &endian.u64(30)), option(endian, 7, &endian.u64(4))].concat();
    file.extend(block(endian, 5, &[&endian.u32(0)[..], &endian.u64(0), &options].concat()));
    file.extend(pcapng(&wanted(1, 0), endian));
    file.extend(block(endian, 5, &[&endian.u32(0)[..], &endian.u64(0), &options].concat()));
    let mut file = open(file).unwrap();
    assert_eq!(read_file(&mut file).0.len(), 2);
    assert_eq!(file.dropped(), 68);
}

#[test]
fn packed_files_are_told_by_content_and_may_have_several_parts() {
    let frames = wanted(60, 1_000);
    let file = pcapng(&frames, Endian::Little);
    let (a, b) = file.split_at(file.len() / 3);
    for (packed, compression) in [
        (gzip(&file), Compression::Gzip),
        ([gzip(a), gzip(b)].concat(), Compression::Gzip),
        (zstd(&file), Compression::Zstd),
        ([zstd(a), vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], zstd(b)].concat(), Compression::Zstd),
    ] {
        let size = packed.len() as u64;
        let mut file = open(packed).unwrap();
        assert_eq!(file.compression(), compression);
        assert_eq!(read_file(&mut file), (frames.clone(), None));
        let progress = file.progress();
        assert_eq!((progress.read, progress.total), (size, Some(size)));
    }
}

#[test]
fn a_packed_file_that_is_cut_short_gives_what_it_still_holds() {
    let frames = wanted(400, 1_000);
    let whole = pcap(&frames, 0xa1b2_c3d4, Endian::Little);
    for (packed, name) in [(gzip(&whole), "gzip"), (zstd(&whole), "zstd")] {
        let (read_frames, damage) = read(packed[..packed.len() - 20].to_vec());
        let damage = damage.unwrap();
        assert_eq!(damage.kind, DamageKind::CutShort, "{name}");
        assert!(damage.uncompressed);
        assert_eq!(read_frames, frames[..read_frames.len()], "{name}");
    }
    // All of the content may be there and only the check at the end missing: that is damage too.
    let packed = gzip(&whole);
    let (read_frames, damage) = read(packed[..packed.len() - 4].to_vec());
    assert_eq!(read_frames, frames);
    assert_eq!(damage.unwrap().kind, DamageKind::CutShort);
}

#[test]
fn damage_is_named_with_its_place_and_what_to_do() {
    let frames = wanted(5, 1_000);
    let whole = pcap(&frames, 0xa1b2_c3d4, Endian::Little);
    let (read_frames, damage) = read(whole[..whole.len() - 3].to_vec());
    assert_eq!(read_frames, frames[..4]);
    let begin = whole.len() - 16 - frames[4].2.len();
    assert_eq!(
        damage.unwrap().to_string(),
        format!(
            "`street.pcap` is damaged at byte {begin}, where packet 5 should be: the file ends in the middle of it. \
             4 packets were read before it. If the capture was interrupted, nothing is wrong with the rest; else \
             copy the file again."
        )
    );

    let mut torn = whole.clone();
    let lengths = 24 + 16 + frames[0].2.len() + 8;
    torn[lengths..lengths + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let (read_frames, damage) = read(torn);
    assert_eq!(read_frames, frames[..1]);
    let damage = damage.unwrap();
    assert_eq!((damage.packet, damage.offset), (2, lengths as u64 - 8));
    assert_eq!(damage.kind, DamageKind::RecordLength { length: 0x7fff_ffff, limit: 1 << 20 });
    assert!(damage.to_string().contains("One packet was read before it."), "{damage}");
}

#[test]
fn pcapng_damage_is_named() {
    let endian = Endian::Little;
    let good = pcapng(&wanted(2, 0), endian);
    let append = |bytes: &[u8]| read([good.clone(), bytes.to_vec()].concat());
    let cases: [(Vec<u8>, DamageKind); 6] = [
        ([endian.u32(6), endian.u32(8)].concat(), DamageKind::BlockLength { kind: 6, length: 8 }),
        ([endian.u32(6), endian.u32(33)].concat(), DamageKind::BlockLength { kind: 6, length: 33 }),
        (
            [endian.u32(6), endian.u32(2 << 20)].concat(),
            DamageKind::RecordLength { length: 2 << 20, limit: 1 << 20 },
        ),
        (packet(endian, 9, 0, b"x", 1), DamageKind::UnknownInterface(9)),
        (packet(endian, 0, 1, b"x", 1)[..20].to_vec(), DamageKind::CutShort),
        (block(endian, 0x0a0d_0d0a, b"neither-endian.."), DamageKind::Section),
    ];
    for (bytes, kind) in cases {
        let (frames, damage) = append(&bytes);
        assert_eq!(frames.len(), 2);
        let damage = damage.unwrap();
        assert_eq!((damage.kind, damage.packet, damage.offset), (kind, 3, good.len() as u64));
    }
    let mut trailer = packet(endian, 0, 1, b"x", 1);
    let last = trailer.len() - 4;
    trailer[last] ^= 1;
    assert!(matches!(append(&trailer).1.unwrap().kind, DamageKind::BlockLength { kind: 6, .. }));
}

#[test]
fn what_is_no_capture_is_refused_in_words() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "`street.pcap` is empty: nothing was captured, or the capture was not yet written to disk"),
        (
            b"%PDF-1.7 and so on",
            "`street.pcap` is not a capture: it begins with 25 50 44 46 2d 31 2e 37, not with a pcap or pcapng header",
        ),
        (
            &[0xd4, 0xc3],
            "`street.pcap` is not a capture: it begins with d4 c3, not with a pcap or pcapng header",
        ),
        (
            &[0xa1, 0xb2, 0xc3, 0xd4, 0, 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            "`street.pcap` is a pcap of version 9.1; versions 2.0 to 2.4 can be read",
        ),
        (
            &[0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0],
            "`street.pcap` could not be read: not gzip's method of packing",
        ),
        (&[0x1f, 0x8b, 8], "`street.pcap` could not be read: the packed data ends too soon"),
    ];
    for (bytes, message) in cases {
        assert_eq!(open(bytes.to_vec()).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_packed_bomb_costs_no_memory() {
    // A gigabyte of zeros in about a megabyte: one record that claims to be longer than any packet, so the rest is
    // never unpacked; and a block of no interest, which is unpacked and passed over piece by piece.
    let mut bomb = pcap(&[], 0xa1b2_c3d4, Endian::Little);
    bomb.extend([0xff; 16]);
    bomb.resize(64 << 20, 0);
    let (frames, damage) = read(gzip(&bomb));
    assert!(frames.is_empty());
    assert!(matches!(damage.unwrap().kind, DamageKind::RecordLength { .. }));
    let mut long = pcapng(&[], Endian::Little);
    long.extend(block(Endian::Little, 0x0bad, &vec![0; 64 << 20]));
    long.extend(packet(Endian::Little, 0, 1, b"behind", 6));
    assert_eq!(read(zstd(&long)).0.len(), 1);
}

/// A folder of the test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Input {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        Input::File(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read_all(inputs: &[Input], order: Order) -> (Vec<(i128, u8)>, Vec<Damage>) {
    let mut captures = Captures::open(inputs, order).unwrap();
    let (mut frames, mut damage) = (Vec::new(), Vec::new());
    loop {
        match captures.next() {
            Ok(Some(frame)) => frames.push((frame.time.as_second().into(), frame.bytes[0])),
            Ok(None) => break,
            Err(found) => damage.push(found),
        }
    }
    assert_eq!(captures.packets(), frames.len() as u64);
    let progress = captures.progress();
    assert_eq!(Some(progress.read), progress.total);
    (frames, damage)
}

/// A capture with a packet at each of these seconds, all holding one letter.
fn at(seconds: &[i128], letter: u8) -> Vec<u8> {
    let frames: Vec<_> = seconds.iter().map(|s| (s * 1_000_000_000, 1, vec![letter], 1)).collect();
    pcap(&frames, 0xa1b2_c3d4, Endian::Little)
}

#[test]
fn several_captures_in_the_order_given_or_by_time() {
    let folder = Folder::new("several");
    let inputs = [
        folder.file("c", &at(&[50, 60], b'c')),
        folder.file("a", &gzip(&at(&[10, 30, 55], b'a'))),
        folder.file("b", &at(&[20, 30, 40], b'b')),
        folder.file("none", &at(&[], b'n')),
    ];
    let (frames, damage) = read_all(&inputs, Order::Given);
    let letters: String = frames.iter().map(|(_, letter)| *letter as char).collect();
    assert_eq!((letters.as_str(), damage.len()), ("ccaaabbb", 0));
    let (frames, damage) = read_all(&inputs, Order::Time);
    let merged: Vec<_> =
        frames.iter().map(|(second, letter)| format!("{second}{}", *letter as char)).collect();
    assert_eq!(merged, ["10a", "20b", "30a", "30b", "40b", "50c", "55a", "60c"]);
    assert_eq!(damage.len(), 0);
}

#[test]
fn a_damaged_capture_among_several_does_not_end_the_others() {
    let folder = Folder::new("damaged");
    let whole = at(&[10, 30, 50], b'a');
    let inputs = [folder.file("a", &whole[..whole.len() - 1]), folder.file("b", &at(&[20, 40, 60], b'b'))];
    for (order, letters) in [(Order::Given, "aabbb"), (Order::Time, "ababb")] {
        let (frames, damage) = read_all(&inputs, order);
        assert_eq!(frames.iter().map(|(_, letter)| *letter as char).collect::<String>(), letters);
        assert_eq!(damage.iter().map(|damage| damage.packet).collect::<Vec<_>>(), [3]);
    }
}

#[test]
fn a_missing_capture_is_known_before_the_first_is_read() {
    let folder = Folder::new("missing");
    let inputs = [folder.file("a", &at(&[1], b'a')), Input::File(folder.0.join("gone.pcap"))];
    let error = Captures::open(&inputs, Order::Given).err().unwrap().to_string();
    assert!(error.contains("gone.pcap") && error.contains("No such file"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However a file is cut, the packets that are whole are read and no other.
    #[test]
    fn a_cut_loses_only_what_is_behind_it(cut in 0.0..1.0_f64, ng: bool, big: bool) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let frames = wanted(12, 1_000_000);
        let make = |frames: &[Wanted]| if ng { pcapng(frames, endian) } else { pcap(frames, 0xa1b2_c3d4, endian) };
        let whole = make(&frames);
        let header = make(&[]).len();
        let cut = header + ((whole.len() - header) as f64 * cut) as usize;
        let complete = (0..=frames.len()).rev().find(|n| make(&frames[..*n]).len() <= cut).unwrap();
        let (read_frames, damage) = read(whole[..cut].to_vec());
        prop_assert_eq!(&read_frames, &frames[..complete]);
        let at_border = make(&frames[..complete]).len() == cut;
        prop_assert_eq!(damage.map(|damage| damage.kind), (!at_border).then_some(DamageKind::CutShort));
    }

    /// Whatever is changed in a file, what lies before the change is read, and reading ends.
    #[test]
    fn a_change_spares_what_is_before_it(
        at in 0.0..1.0_f64, change in 1..=255_u8, ng: bool, packing in 0..3,
    ) {
        let frames = wanted(12, 1_000_000);
        let make = |frames: &[Wanted]| {
            if ng { pcapng(frames, Endian::Little) } else { pcap(frames, 0xa1b2_c3d4, Endian::Little) }
        };
        let mut whole = make(&frames);
        let at = (whole.len() as f64 * at) as usize;
        let before = (0..=frames.len()).rev().find(|n| make(&frames[..*n]).len() <= at).unwrap_or(0);
        whole[at] ^= change;
        let packed = match packing {
            0 => whole,
            1 => gzip(&whole),
            _ => zstd(&whole),
        };
        // A change in the first bytes may make it no capture at all.
        if let Ok(mut file) = open(packed) {
            let (read_frames, _) = read_file(&mut file);
            prop_assert!(read_frames.len() >= before);
            if at >= make(&[]).len() {
                prop_assert_eq!(&read_frames[..before], &frames[..before]);
            }
        }
    }

    /// A packed file with a changed byte never panics, loops or gives more than it holds.
    #[test]
    fn a_change_in_a_packed_file_is_survived(at in 0.0..1.0_f64, change in 1..=255_u8, zstandard: bool) {
        let whole = pcap(&wanted(50, 1_000_000), 0xa1b2_c3d4, Endian::Little);
        let mut packed = if zstandard { zstd(&whole) } else { gzip(&whole) };
        let at = (packed.len() as f64 * at) as usize;
        packed[at] ^= change;
        if let Ok(mut file) = open(packed) {
            prop_assert!(read_file(&mut file).0.len() < 10_000);
        }
    }
}

#[test]
fn times_before_the_first_packet_are_the_epoch() {
    let endian = Endian::Little;
    let mut file = section(endian);
    file.extend(interface(endian, 1, 0, &[]));
    file.extend(block(endian, 3, &[&endian.u32(4)[..], b"lone"].concat()));
    let mut file = open(file).unwrap();
    assert_eq!(file.next().unwrap().unwrap().time, Timestamp::UNIX_EPOCH);
}
