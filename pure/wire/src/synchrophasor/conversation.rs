//! Follows streams: who asks for them, what they hold, and what was told.

use super::message::{Command, Configuration, Frame, Kind, Shape};
use super::parse::{self, Found};
use super::rows;
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::{BTreeSet, VecDeque};

/// Commands awaiting an answer at a time; there is one kind of answer to each of six.
const PENDING_MAX: usize = 16;

/// Streams whose configuration is kept in one conversation. A connection is meant for one.
const STREAMS_MAX: usize = 16;

/// Letters of a conversation's history.
const HISTORY_MAX: usize = 256;

/// How many runs of bytes that are no frame a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a PMU, or a PDC that gathers several, and who wants its data.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<(Side, u16, Command, Asked)>,
    /// The streams whose configuration was seen, the oldest first.
    streams: VecDeque<Stream>,
    /// Streams whose first data frame was told.
    flowing: BTreeSet<u16>,
    summary: Summary,
    /// Frames that were given a name of their own.
    links: u64,
    /// Whether the beginning of a frame must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    weakness_told: bool,
}

/// How the data frames of a stream are to be read.
struct Stream {
    number: u16,
    time_base: u32,
    shapes: Vec<Shape>,
}

/// What is told of the whole conversation at its end.
#[derive(Default)]
struct Summary {
    versions: BTreeSet<u8>,
    streams: BTreeSet<u16>,
    history: String,
    size_min: Option<u16>,
    size_max: u16,
    size_total: u64,
    data_frames: u64,
    rates: BTreeSet<i16>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_frame(bytes) {
            Found::Frame(frame) if usize::from(frame.size) == bytes.len() => {
                self.frame(side, &frame, out);
                true
            }
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                let (skipped, found) = find_frame(rest);
                used += skipped;
                *self.searching_mut(side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match parse::parse_frame(rest) {
                Found::Frame(frame) => {
                    self.frame(side, &frame, out);
                    used += usize::from(frame.size);
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    *self.searching_mut(side) = true;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching_mut(side) = true;
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<(Side, u16, Command, Asked)>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some((asker, _, _, asked)) = self.pending.pop_front() {
            out.request(asker, asked);
        }
        self.summary.tell(out);
    }
}

/// Finds the next frame by its check word: how many bytes lie before it, and whether it was found. Without it, what
/// may be the beginning of a frame is kept.
fn find_frame(bytes: &[u8]) -> (usize, bool) {
    let mut beginning = None;
    // What only looks like a frame costs a sum over all its bytes, so that not too many are looked at.
    let mut candidates = 0;
    for offset in 0..bytes.len() {
        match parse::parse_frame(bytes.get(offset..).unwrap_or_default()) {
            Found::Frame(frame) if frame.is_sound => return (offset, true),
            Found::Frame(_) if candidates >= CANDIDATES_MAX => return (bytes.len(), false),
            Found::Frame(_) => candidates += 1,
            Found::More if beginning.is_none() && bytes.len() - offset < KEPT_MAX => beginning = Some(offset),
            _ => {}
        }
    }
    (beginning.unwrap_or(bytes.len()), false)
}

/// Bytes that are kept while the next frame is looked for: more than most frames have.
const KEPT_MAX: usize = 2_048;

/// Things that look like a frame and are none, before the bytes at hand are given up.
const CANDIDATES_MAX: u32 = 32;

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    /// A name for a frame that joins its rows.
    fn link(&mut self, letter: char, out: &Out<'_>) -> Text {
        self.links += 1;
        format_compact!("{letter}{:x}-{:x}", out.time.as_nanosecond(), self.links)
    }

    fn frame(&mut self, side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
        self.summary.count(frame);
        match frame.kind {
            Kind::Command => {
                if let Some((command, data)) = parse::parse_command(frame.body) {
                    rows::command(side, frame, command, data, out);
                    self.command(side, frame.stream, command, out);
                }
            }
            Kind::Header => {
                rows::header(side, frame, out);
                self.answered(side, frame, out);
            }
            Kind::Data => self.data(side, frame, out),
            Kind::Configuration1 | Kind::Configuration2 | Kind::Configuration3 => {
                if let Some(configuration) = parse::parse_configuration(frame.kind, frame.body) {
                    let link = self.link('c', out);
                    rows::configuration(side, frame, &configuration, &link, out);
                    self.configuration(side, frame, &configuration, out);
                }
                self.answered(side, frame, out);
            }
        }
    }

    fn command(&mut self, side: Side, stream: u16, command: Command, out: &mut Out<'_>) {
        self.summary.note(command);
        let mut asked = Asked {
            verb: command.verb(),
            function: command.function(),
            target: target(stream),
            value: None,
            reply: Reply::NotExpected,
            details: Details::new(),
        };
        if command == Command::DATA_OFF {
            self.flowing.remove(&stream);
        }
        if command.answer().is_none() {
            return out.request(side, asked);
        }
        asked.reply = Reply::Missing;
        if self.pending.len() >= PENDING_MAX
            && let Some((asker, _, _, oldest)) = self.pending.pop_front()
        {
            out.request(asker, oldest);
        }
        self.pending.push_back((side, stream, command, asked));
    }

    /// A frame answers the first command that asked for its kind.
    fn answered(&mut self, side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
        let answers = |(asker, stream, command, _): &(Side, u16, Command, Asked)| {
            *asker == side.other() && *stream == frame.stream && command.answer() == Some(frame.kind)
        };
        let Some(place) = self.pending.iter().position(answers) else { return };
        let Some((asker, _, command, mut asked)) = self.pending.remove(place) else { return };
        asked.reply = Reply::Done;
        if command == Command::DATA_ON && !self.weakness_told {
            self.weakness_told = true;
            let detail = "data-on obeyed; IEEE C37.118.2 cannot prove who asks";
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }

    fn configuration(
        &mut self,
        side: Side,
        frame: &Frame<'_>,
        configuration: &Configuration<'_>,
        out: &mut Out<'_>,
    ) {
        if let Some(rate) = configuration.rate {
            self.summary.rates.insert(rate);
        }
        let role =
            if configuration.expected > 1 { "phasor data concentrator" } else { "phasor measurement unit" };
        out.identity(side, Trait::Role, role, frame.kind.as_str(), 70);
        // The stations of a concentrator's stream are other devices, whose addresses it does not tell.
        if let ([unit], 1) = (configuration.units.as_slice(), configuration.expected) {
            let name = show::readable(unit.station, show::VALUE_BYTES_MAX);
            out.identity(side, Trait::Name, &name, "station-name", 90);
            if let Some(global) = unit.global.filter(|global| global.iter().any(|byte| *byte != 0)) {
                let serial = show::hexadecimal(&global, show::VALUE_BYTES_MAX);
                out.identity(side, Trait::Serial, &serial, "global-pmu-id", 90);
            }
        }
        // Configuration 1 tells what could be sent, 2 and 3 what is. A configuration in pieces cannot be followed.
        let known = self.streams.iter().position(|stream| stream.number == frame.stream);
        let whole = configuration.units.len() == usize::from(configuration.expected);
        if !whole || configuration.piece != 0 || (frame.kind == Kind::Configuration1 && known.is_some()) {
            return;
        }
        if let Some(place) = known {
            self.streams.remove(place);
        } else if self.streams.len() >= STREAMS_MAX {
            self.streams.pop_front();
        }
        let shapes = configuration
            .units
            .iter()
            .map(|unit| Shape {
                format: unit.format,
                phasors: unit.phasors,
                analogs: unit.analogs,
                digitals: unit.digitals,
            })
            .collect();
        let time_base = configuration.time_base;
        self.streams.push_back(Stream { number: frame.stream, time_base, shapes });
        self.flowing.remove(&frame.stream);
    }

    fn data(&mut self, side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
        self.answered(side, frame, out);
        if self.flowing.len() < STREAMS_MAX && self.flowing.insert(frame.stream) {
            out.request(
                side,
                Asked {
                    verb: Verb::Publish,
                    function: "data".into(),
                    target: target(frame.stream),
                    value: None,
                    reply: Reply::NotExpected,
                    details: Details::new(),
                },
            );
        }
        if !out.wants_details() {
            return;
        }
        let link = self.link('d', out);
        let stream = self.streams.iter().find(|stream| stream.number == frame.stream);
        let shapes = stream.map_or(&[][..], |stream| stream.shapes.as_slice());
        let time_base = stream.map_or(0, |stream| stream.time_base);
        let mut cursor = Cursor::new(frame.body);
        let read: Vec<_> = shapes
            .iter()
            .map_while(|shape| Some((*shape, parse::parse_values(&mut cursor, *shape)?)))
            .collect();
        rows::data(side, frame, (shapes.len(), read.len()), &link, out);
        for (place, (shape, values)) in read.iter().enumerate() {
            rows::values(side, frame, (time_base, place, shape.format.is_polar()), values, &link, out);
        }
    }
}

/// What a request is about: the stream, as unit.
fn target(stream: u16) -> Target {
    Target { unit: Some(u32::from(stream)), ..Target::default() }
}

impl Summary {
    fn count(&mut self, frame: &Frame<'_>) {
        self.versions.insert(frame.version);
        if self.streams.len() < 256 {
            self.streams.insert(frame.stream);
        }
        self.size_min = Some(self.size_min.map_or(frame.size, |size| size.min(frame.size)));
        self.size_max = self.size_max.max(frame.size);
        self.size_total += u64::from(frame.size);
        self.data_frames += u64::from(frame.kind == Kind::Data);
    }

    fn note(&mut self, command: Command) {
        if self.history.len() < HISTORY_MAX {
            self.history.push(command.letter());
        }
    }

    fn tell(&self, out: &mut Out<'_>) {
        let Some(size_min) = self.size_min else { return };
        out.message(Side::Source, "synchrophasor", |fields| {
            fields.list("version", self.versions.iter().map(|it| format_compact!("{it}")));
            fields.list("data_stream_id", self.streams.iter().map(|it| format_compact!("{it}")));
            fields.put("history", self.history.as_str());
            fields.show("frame_size_min", size_min);
            fields.show("frame_size_max", self.size_max);
            fields.show("frame_size_tot", self.size_total);
            fields.show("data_frame_count", self.data_frames);
            fields.list("data_rate", self.rates.iter().map(|it| format_compact!("{it}")));
        });
    }
}
