//! One capture file, or standard input.

use crate::{
    damage::{Damage, DamageKind, OpenError},
    gzip::Gzip,
    pcap, pcapng,
    window::Window,
};
use jiff::Timestamp;
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use wire::{Frame, LinkType};

/// The longest record that is read. Offloaded "packets" reach 512 KiB; anything longer is damage.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes of compressed input read at a time.
const COMPRESSED_READ_BYTES: usize = 256 << 10;

/// The largest zstd window that is accepted, as a power of two: what `zstd --long` needs, and the most memory that a
/// hostile file can claim.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip (RFC 1952), perhaps of several members.
    Gzip,
    /// Zstandard (RFC 8878), perhaps of several frames.
    Zstd,
}

/// How far reading has come, in bytes of the input as it lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Bytes that there are; unknown for standard input and pipes.
    pub total: Option<u64>,
}

/// A capture that is being read, frame by frame.
///
/// Frames are lent from the reader's buffer until the next call:
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut file = capture::CaptureFile::open("street.pcapng".as_ref())?;
/// loop {
///     match file.next() {
///         Ok(Some(frame)) => println!("{} {} bytes", frame.time, frame.bytes.len()),
///         Ok(None) => break,
///         Err(damage) => eprintln!("warning: {damage}"), // the next call returns `Ok(None)`
///     }
/// }
/// # Ok(()) }
/// ```
pub struct CaptureFile {
    name: String,
    window: Window,
    format: Format,
    compression: Compression,
    packets: u64,
    /// Bytes of the record lent last, passed over by the next call.
    lent: usize,
    current: Option<Current>,
    over: bool,
    dropped: u64,
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

enum Format {
    Pcap(pcap::Header),
    Pcapng(pcapng::Section),
}

/// Where in the window the current frame lies, and what is said of it.
#[derive(Clone, Copy)]
struct Current {
    time: Timestamp,
    link: LinkType,
    begin: usize,
    captured: usize,
    length: u32,
}

/// Counts what passes through.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl CaptureFile {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is empty or is not a capture.
    pub fn open(path: &Path) -> Result<CaptureFile, OpenError> {
        let name = path.display().to_string();
        let failed = |cause| OpenError::Read { file: name.clone(), cause };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let total = metadata.is_file().then_some(metadata.len());
        CaptureFile::read(name, file, total)
    }

    /// Reads standard input.
    ///
    /// # Errors
    ///
    /// If it is empty or is not a capture.
    pub fn stdin() -> Result<CaptureFile, OpenError> {
        CaptureFile::read("standard input".into(), io::stdin(), None)
    }

    /// Reads any source of bytes. `name` is what damage is reported under, `total` how many bytes there are.
    ///
    /// # Errors
    ///
    /// If it is empty or is not a capture.
    pub fn read(
        name: String,
        source: impl Read + Send + 'static,
        total: Option<u64>,
    ) -> Result<CaptureFile, OpenError> {
        let read = Arc::new(AtomicU64::new(0));
        let mut source = Counted { source, read: Arc::clone(&read) };
        let mut beginning = Vec::with_capacity(4);
        if let Err(cause) = source.by_ref().take(4).read_to_end(&mut beginning) {
            return Err(OpenError::Read { file: name, cause });
        }
        let compression = match beginning.as_slice() {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // A frame, or a skippable frame (RFC 8878 clauses 3.1.1 and 3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Compression::Zstd,
            _ => Compression::None,
        };
        let whole = Cursor::new(beginning).chain(source);
        let buffered = |whole| BufReader::with_capacity(COMPRESSED_READ_BYTES, whole);
        let unpacked: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(whole),
            Compression::Gzip => Box::new(Gzip::new(buffered(whole))),
            Compression::Zstd => match unpack_zstd(buffered(whole)) {
                Ok(unpacked) => unpacked,
                Err(cause) => return Err(OpenError::Read { file: name, cause }),
            },
        };
        let mut window = Window::new(unpacked);
        let format = match parse_beginning(&mut window) {
            Ok(format) => format,
            Err(kind) => return Err(kind.named(name, &mut window)),
        };
        Ok(CaptureFile {
            name,
            window,
            format,
            compression,
            packets: 0,
            lent: 0,
            current: None,
            over: false,
            dropped: 0,
            read,
            total,
        })
    }

    /// The name under which damage is reported.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the file is packed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// How many packets were read.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets that the capturing machine said it dropped (pcapng interface statistics seen so far).
    #[must_use]
    pub fn dropped(&self) -> u64 {
        let here = match &self.format {
            Format::Pcap(_) => 0,
            Format::Pcapng(section) => section.dropped(),
        };
        self.dropped.saturating_add(here)
    }

    /// How far reading has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), total: self.total }
    }

    /// The next frame, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Once, if the file is damaged here. From then on there are no more frames.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Damage> {
        if self.advance()? { Ok(self.frame()) } else { Ok(None) }
    }

    /// Goes to the next frame, and says whether there is one.
    ///
    /// # Errors
    ///
    /// As [`CaptureFile::next`].
    pub fn advance(&mut self) -> Result<bool, Damage> {
        if self.over {
            self.current = None;
            return Ok(false);
        }
        self.window.pass(std::mem::take(&mut self.lent));
        let next = match &mut self.format {
            Format::Pcap(header) => next_of_pcap(header, &mut self.window),
            Format::Pcapng(section) => {
                let before = self.current.map(|current| current.time);
                next_of_pcapng(section, &mut self.window, before, &mut self.dropped)
            }
        };
        match next {
            Ok(Some((current, record))) => {
                self.current = Some(current);
                self.lent = record;
                self.packets += 1;
                Ok(true)
            }
            Ok(None) => {
                self.current = None;
                self.over = true;
                Ok(false)
            }
            Err(kind) => {
                self.current = None;
                self.over = true;
                Err(Damage {
                    file: self.name.clone(),
                    offset: self.window.offset(),
                    uncompressed: self.compression != Compression::None,
                    packet: self.packets + 1,
                    kind,
                })
            }
        }
    }

    /// The frame that [`CaptureFile::advance`] went to.
    #[must_use]
    pub fn frame(&self) -> Option<Frame<'_>> {
        let Current { time, link, begin, captured, length } = self.current?;
        let bytes = self.window.bytes().get(begin..begin + captured)?;
        Some(Frame { time, link, bytes, length })
    }

    /// The time of that frame.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.current.map(|current| current.time)
    }
}

impl fmt::Debug for CaptureFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureFile").field("name", &self.name).field("packets", &self.packets).finish()
    }
}

fn unpack_zstd(source: impl BufRead + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

/// Why the beginning of a file is none.
enum NoBeginning {
    NotACapture,
    Version(u16, u16),
}

impl NoBeginning {
    fn named(self, file: String, window: &mut Window) -> OpenError {
        match self {
            NoBeginning::Version(major, minor) => OpenError::Version { file, major, minor },
            NoBeginning::NotACapture => {
                window.fill(8);
                match (window.bytes(), window.failure()) {
                    ([], Some(cause)) => {
                        OpenError::Read { file, cause: io::Error::new(cause.kind(), cause.to_string()) }
                    }
                    ([], None) => OpenError::Empty { file },
                    (bytes, _) => {
                        let shown: Vec<_> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                        OpenError::NotACapture { file, beginning: shown.join(" ") }
                    }
                }
            }
        }
    }
}

/// Tells the format by its first bytes, and passes over the file header of a pcap.
fn parse_beginning(window: &mut Window) -> Result<Format, NoBeginning> {
    window.fill(pcap::HEADER_BYTES + 4);
    let bytes = window.bytes();
    if let Some([0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, b0, b1, b2, b3]) = bytes.first_chunk() {
        let endian = pcapng::parse_byte_order([*b0, *b1, *b2, *b3]).ok_or(NoBeginning::NotACapture)?;
        return Ok(Format::Pcapng(pcapng::Section::new(endian)));
    }
    let header = bytes.first_chunk().and_then(pcap::parse_header).ok_or(NoBeginning::NotACapture)?;
    let (major, minor) = header.version;
    if !header.is_readable() {
        return Err(NoBeginning::Version(major, minor));
    }
    window.pass(header.header_bytes);
    Ok(Format::Pcap(header))
}

/// A frame in the window, and how many bytes its record takes there.
type Found = Option<(Current, usize)>;

/// What to say when fewer bytes came than a record needs.
fn cut_short(window: &Window) -> DamageKind {
    match window.failure() {
        // Packed data that is cut short ends in this error.
        Some(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => DamageKind::Read(cause.to_string()),
        _ => DamageKind::CutShort,
    }
}

/// Whether the capture ended where a record may begin; an error if it ended elsewhere.
fn ended(window: &Window) -> Result<Found, DamageKind> {
    if window.bytes().is_empty() && window.failure().is_none() { Ok(None) } else { Err(cut_short(window)) }
}

#[inline]
fn next_of_pcap(header: &pcap::Header, window: &mut Window) -> Result<Found, DamageKind> {
    let begin = header.record_header_bytes;
    if !window.fill(begin) {
        return ended(window);
    }
    let Some(bytes) = window.bytes().first_chunk() else { return ended(window) };
    let record = header.parse_record(bytes);
    let captured = record.captured as usize;
    if captured > RECORD_BYTES_MAX {
        return Err(DamageKind::RecordLength { length: captured as u64, limit: RECORD_BYTES_MAX });
    }
    let time = header.time(&record).ok_or(DamageKind::ImpossibleTime)?;
    if !window.fill(begin + captured) {
        return Err(cut_short(window));
    }
    let length = record.length.max(record.captured);
    Ok(Some((Current { time, link: header.link, begin, captured, length }, begin + captured)))
}

/// Bytes of a block before its body: type and length.
const BLOCK_HEADER_BYTES: usize = 8;

fn next_of_pcapng(
    section: &mut pcapng::Section,
    window: &mut Window,
    before: Option<Timestamp>,
    dropped: &mut u64,
) -> Result<Found, DamageKind> {
    loop {
        if !window.fill(BLOCK_HEADER_BYTES) {
            return ended(window);
        }
        let Some([k0, k1, k2, k3, l0, l1, l2, l3]) = window.bytes().first_chunk().copied() else {
            return ended(window);
        };
        let kind = section.endian.u32([k0, k1, k2, k3]);
        if kind == pcapng::SECTION_HEADER {
            if !window.fill(16) {
                return Err(cut_short(window));
            }
            // The new section may be in the other byte order, so this comes before its length is looked at.
            let Some([b0, b1, b2, b3, v0, v1, ..]) = window.bytes().get(8..16) else {
                return Err(cut_short(window));
            };
            let endian = pcapng::parse_byte_order([*b0, *b1, *b2, *b3]).ok_or(DamageKind::Section)?;
            if endian.u16([*v0, *v1]) != 1 {
                return Err(DamageKind::Section);
            }
            *dropped = dropped.saturating_add(section.dropped());
            *section = pcapng::Section::new(endian);
        }
        let length = section.endian.u32([l0, l1, l2, l3]);
        let size = length as usize;
        let wrong = DamageKind::BlockLength { kind, length };
        if size < 12 || !size.is_multiple_of(4) {
            return Err(wrong);
        }
        let known = matches!(
            kind,
            pcapng::INTERFACE_DESCRIPTION
                | pcapng::PACKET
                | pcapng::SIMPLE_PACKET
                | pcapng::INTERFACE_STATISTICS
                | pcapng::ENHANCED_PACKET
        );
        if !known {
            // Names, secrets, comments and what is yet to be invented: of no interest, and of any length.
            if !window.skip(u64::from(length)) {
                return Err(cut_short(window));
            }
            continue;
        }
        if size > RECORD_BYTES_MAX {
            return Err(DamageKind::RecordLength { length: size as u64, limit: RECORD_BYTES_MAX });
        }
        if !window.fill(size) {
            return Err(cut_short(window));
        }
        let block = window.bytes().get(..size).unwrap_or_default();
        let Some((front, trailer)) = block.split_last_chunk() else { return Err(wrong) };
        if section.endian.u32(*trailer) != length {
            return Err(wrong);
        }
        let body = front.get(BLOCK_HEADER_BYTES..).unwrap_or_default();
        match kind {
            pcapng::INTERFACE_DESCRIPTION => section.add_interface(body)?,
            pcapng::INTERFACE_STATISTICS => section.add_statistics(body),
            _ => {
                let packet = section.parse_packet(kind, body)?;
                // A simple packet has no time of its own: it comes after the one before it.
                let time = packet.time.or(before).unwrap_or(Timestamp::UNIX_EPOCH);
                let current = Current {
                    time,
                    link: packet.link,
                    begin: BLOCK_HEADER_BYTES + packet.begin,
                    captured: packet.captured as usize,
                    length: packet.length.max(packet.captured),
                };
                return Ok(Some((current, size)));
            }
        }
        window.pass(size);
    }
}
