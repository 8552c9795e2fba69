//! What is said in one conversation: recognised by its opening, then read by its protocol's dialogue.

use crate::dialogue::{Dialogue, Out, Progress, Reader, Side};
use crate::flow::Ends;
use crate::packet::ip_number;
use crate::recognise::{Opening, Recognition, Sureness};
use crate::stream::{Arrival, Order, Room};
use crate::tally::Tally;
use crate::{igmp, vrrp};
use city::{Observed, Protocol, Transport};
use std::fmt;

/// How much of each side's opening is kept until the protocol is recognised.
const OPENING_BYTES: usize = 4 << 10;
/// How much of an opening is waited for lest a protocol told by its port alone be another: one reader that hopes for
/// more must not hold up all others for long.
const UNSURE_BYTES: usize = 512;
/// How many pieces of the opening are kept.
const OPENING_PIECES: usize = 8;
/// How often words that wait for more are shown again for each segment; from then on only once they have grown by an
/// eighth, so that a message sent byte by byte costs no more than its length.
const SHOWN_MAX: u32 = 64;
/// How many datagrams, or segments of a stream whose beginning was not seen, may fail to be recognised.
const TRIES: u8 = 8;

/// What a conversation's words need around them.
pub(crate) struct Ear<'a> {
    pub(crate) out: Out<'a>,
    pub(crate) readers: &'static [Reader],
    pub(crate) tally: &'a mut Tally,
    /// Bytes of unfinished messages, over all conversations.
    pub(crate) pending: &'a mut Room,
    /// Bytes of one direction's unfinished message at most.
    pub(crate) message_bytes: usize,
}

impl Ear<'_> {
    fn unread(&mut self, bytes: &[u8]) {
        let flow = &self.out.flow;
        self.tally.unread(flow.transport, flow.destination_port, flow.protocol, bytes, 1);
    }

    /// Makes a dialogue for the protocol and tells that it was recognised.
    fn open(&mut self, reader: &Reader) -> Box<dyn Dialogue> {
        self.out.flow.protocol = Some(reader.protocol);
        self.out.observe(Observed::Recognised(self.out.flow));
        (reader.open)()
    }

    /// Asks every reader; the surest wins, then the first. Also says whether some reader must see more.
    fn ask(&self, opening: &Opening<'_>) -> (Option<(Sureness, &'static Reader)>, bool) {
        let mut best: Option<(Sureness, &'static Reader)> = None;
        let mut more = false;
        for reader in self.readers {
            match (reader.recognise)(opening) {
                Recognition::No => {}
                Recognition::More => more = true,
                // Nobody can be surer, and nobody need see more.
                Recognition::Yes(Sureness::BySignature) => {
                    return (Some((Sureness::BySignature, reader)), more);
                }
                Recognition::Yes(sureness) => {
                    if best.is_none_or(|(so_far, _)| sureness > so_far) {
                        best = Some((sureness, reader));
                    }
                }
            }
        }
        (best, more)
    }

    /// The reader of a datagram that is no other's, where what came before was of a protocol that has no business at this
    /// port: whoever sends something else first shall not go unread.
    fn at_home(&self, side: Side, bytes: &[u8]) -> Option<&'static Reader> {
        let port = self.out.flow.destination_port;
        let is_usual = |protocol: Protocol| protocol.usual_ports().iter().any(|(_, usual)| *usual == port);
        if self.out.flow.protocol.is_none_or(is_usual) {
            return None;
        }
        let opening = match side {
            Side::Source => self.opening(side, bytes, &[]),
            Side::Destination => self.opening(side, &[], bytes),
        };
        self.readers.iter().filter(|reader| is_usual(reader.protocol)).find(|reader| {
            matches!((reader.recognise)(&opening), Recognition::Yes(sureness) if sureness > Sureness::ByPort)
        })
    }

    fn opening<'b>(&self, first: Side, from_source: &'b [u8], from_destination: &'b [u8]) -> Opening<'b> {
        let flow = &self.out.flow;
        Opening {
            transport: flow.transport,
            source_port: flow.source_port,
            destination_port: flow.destination_port,
            first,
            from_source,
            from_destination,
        }
    }
}

/// What was said so far.
#[derive(Default)]
pub(crate) enum Talk {
    /// Nothing that anybody could read.
    #[default]
    Unheard,
    /// Datagrams that nobody recognised.
    Unrecognised(u8),
    /// Datagrams of a known protocol.
    Datagrams(Box<dyn Dialogue>),
    /// A stream.
    Stream(Box<Stream>),
    /// No longer listened to.
    Over,
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Talk::Unheard => "Unheard",
            Talk::Unrecognised(_) => "Unrecognised",
            Talk::Datagrams(_) => "Datagrams",
            Talk::Stream(_) => "Stream",
            Talk::Over => "Over",
        })
    }
}

impl Talk {
    /// What is said in a conversation whose protocol is known before it begins.
    pub(crate) fn expected(transport: Transport, dialogue: Box<dyn Dialogue>) -> Talk {
        match transport {
            Transport::Tcp => Talk::Stream(Box::new(Stream {
                order: Ends::default(),
                hearing: Hearing { stage: Stage::Reading(dialogue), pending: Ends::default() },
            })),
            _ => Talk::Datagrams(dialogue),
        }
    }

    /// Whether it is not listened to, so that messages need only be counted.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Talk::Over)
    }

    /// Hears a datagram.
    pub(crate) fn datagram(&mut self, side: Side, bytes: &[u8], ear: &mut Ear<'_>) {
        if bytes.is_empty() {
            return;
        }
        let tries = match self {
            Talk::Unheard => 0,
            Talk::Unrecognised(tries) => *tries,
            Talk::Datagrams(dialogue) => {
                if !dialogue.datagram(side, bytes, &mut ear.out) {
                    match ear.at_home(side, bytes) {
                        Some(reader) => {
                            dialogue.end(&mut ear.out);
                            *dialogue = ear.open(reader);
                            if !dialogue.datagram(side, bytes, &mut ear.out) {
                                ear.unread(bytes);
                            }
                        }
                        None => ear.unread(bytes),
                    }
                }
                return;
            }
            Talk::Stream(_) | Talk::Over => return,
        };
        let opening = match side {
            Side::Source => ear.opening(side, bytes, &[]),
            Side::Destination => ear.opening(side, &[], bytes),
        };
        if let (Some((_, reader)), _) = ear.ask(&opening) {
            let mut dialogue = ear.open(reader);
            if !dialogue.datagram(side, bytes, &mut ear.out) {
                ear.unread(bytes);
            }
            *self = Talk::Datagrams(dialogue);
        } else {
            ear.unread(bytes);
            // STUN comes before what its ports are then used for, often many times.
            let tries = if crate::tls::is_stun(bytes) { tries.saturating_sub(1) } else { tries };
            *self = if tries + 1 < TRIES { Talk::Unrecognised(tries + 1) } else { Talk::Over };
        }
    }

    /// Hears a packet of one of IP's protocols, which says by its number what it can be.
    pub(crate) fn numbered(&mut self, number: u8, side: Side, bytes: &[u8], ear: &mut Ear<'_>) {
        let reader = match number {
            ip_number::IGMP => &igmp::READER,
            ip_number::VRRP => &vrrp::READER,
            _ => return self.unreadable(bytes, ear),
        };
        if matches!(self, Talk::Unheard) {
            if (reader.recognise)(&ear.opening(side, bytes, bytes)) == Recognition::No {
                return self.unreadable(bytes, ear);
            }
            *self = Talk::Datagrams(ear.open(reader));
        }
        self.datagram(side, bytes, ear);
    }

    /// Hears something of which no protocol is read.
    pub(crate) fn unreadable(&mut self, bytes: &[u8], ear: &mut Ear<'_>) {
        ear.unread(bytes);
        *self = Talk::Over;
    }

    /// Hears a segment of a stream. `from_start` says whether the stream's beginning was seen.
    pub(crate) fn segment(
        &mut self,
        side: Side,
        position: u64,
        bytes: &[u8],
        from_start: bool,
        room: &mut Room,
        ear: &mut Ear<'_>,
    ) {
        if matches!(self, Talk::Unheard) {
            *self = Talk::Stream(Box::new(Stream::new(from_start)));
        }
        if let Talk::Stream(stream) = self {
            let hearing = &mut stream.hearing;
            let given_up = stream
                .order
                .of_mut(side)
                .see(position, bytes, room, &mut |arrival| hearing.hear(side, arrival, ear));
            ear.tally.not_held += given_up;
            self.stop_if_over(room, ear);
        }
    }

    /// Learns that one side's words up to a position have reached the other.
    pub(crate) fn acknowledged(&mut self, side: Side, position: u64, room: &mut Room, ear: &mut Ear<'_>) {
        if let Talk::Stream(stream) = self {
            let hearing = &mut stream.hearing;
            let order = stream.order.of_mut(side);
            order.acknowledged(position, room, &mut |arrival| hearing.hear(side, arrival, ear));
            self.stop_if_over(room, ear);
        }
    }

    /// Whether one side's stream waits for a gap to close.
    pub(crate) fn waits(&self, side: Side) -> bool {
        matches!(self, Talk::Stream(stream) if stream.order.of(side).holds())
    }

    /// About how many bytes are remembered of it, without what waits for more.
    pub(crate) fn holds(&self) -> usize {
        let held = |dialogue: &dyn Dialogue| size_of_val(dialogue) + dialogue.holds();
        match self {
            Talk::Datagrams(dialogue) => held(&**dialogue),
            Talk::Stream(stream) => match &stream.hearing.stage {
                Stage::Reading(dialogue) => size_of::<Stream>() + held(&**dialogue),
                Stage::Opening { .. } | Stage::Over => size_of::<Stream>(),
            },
            Talk::Unheard | Talk::Unrecognised(_) | Talk::Over => 0,
        }
    }

    /// Nothing more will be said.
    pub(crate) fn end(&mut self, room: &mut Room, ear: &mut Ear<'_>) {
        match std::mem::replace(self, Talk::Over) {
            Talk::Datagrams(mut dialogue) => dialogue.end(&mut ear.out),
            Talk::Stream(mut stream) => {
                for side in [Side::Source, Side::Destination] {
                    let hearing = &mut stream.hearing;
                    stream.order.of_mut(side).finish(room, &mut |arrival| hearing.hear(side, arrival, ear));
                }
                stream.hearing.end(ear);
                stream.forget(room, ear);
            }
            Talk::Unheard | Talk::Unrecognised(_) | Talk::Over => {}
        }
    }

    fn stop_if_over(&mut self, room: &mut Room, ear: &mut Ear<'_>) {
        if let Talk::Stream(stream) = self
            && matches!(stream.hearing.stage, Stage::Over)
        {
            stream.forget(room, ear);
            *self = Talk::Over;
        }
    }
}

/// A stream in both directions.
pub(crate) struct Stream {
    order: Ends<Order>,
    hearing: Hearing,
}

impl Stream {
    fn new(from_start: bool) -> Stream {
        Stream {
            order: Ends::default(),
            hearing: Hearing {
                stage: Stage::Opening { heard: Vec::new(), tries: if from_start { TRIES } else { 0 } },
                pending: Ends::default(),
            },
        }
    }

    fn forget(&mut self, room: &mut Room, ear: &mut Ear<'_>) {
        for side in [Side::Source, Side::Destination] {
            self.order.of_mut(side).forget(room);
            self.hearing.pending.of_mut(side).clear(ear.pending);
        }
    }
}

/// What was heard of a stream, in order.
struct Hearing {
    stage: Stage,
    pending: Ends<Pending>,
}

enum Stage {
    /// Not recognised yet. Which side said how much, in order; how often recognition failed.
    Opening { heard: Vec<(Side, usize)>, tries: u8 },
    /// Read by its protocol's dialogue.
    Reading(Box<dyn Dialogue>),
    /// Not of interest any more.
    Over,
}

/// One side's words that wait for more.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    /// So many bytes to come are of no interest.
    skip: u64,
    /// How often the same words were shown in vain.
    shown: u32,
    /// How many must be there before they are shown again.
    due: usize,
}

impl Pending {
    fn keep(&mut self, bytes: &[u8], room: &mut Room) {
        room.used += bytes.len();
        self.bytes.extend_from_slice(bytes);
    }

    fn take(&mut self, room: &mut Room) -> Vec<u8> {
        room.used = room.used.saturating_sub(self.bytes.len());
        std::mem::take(&mut self.bytes)
    }

    fn clear(&mut self, room: &mut Room) {
        self.take(room);
        (self.shown, self.due) = (0, 0);
    }

    /// Takes note that so many bytes were shown in vain.
    fn shown_in_vain(&mut self, length: usize) {
        self.shown += 1;
        if self.shown > SHOWN_MAX {
            self.due = length + length / 8;
        }
    }

    /// Skips what is of no interest.
    fn interesting<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        bytes.get(skipped as usize..).unwrap_or_default()
    }
}

impl Hearing {
    fn hear(&mut self, side: Side, arrival: Arrival<'_>, ear: &mut Ear<'_>) {
        match (&mut self.stage, arrival) {
            (Stage::Over, _) => {}
            (Stage::Opening { .. }, Arrival::Bytes(bytes)) => self.hear_opening(side, bytes, ear),
            (Stage::Opening { heard, tries }, Arrival::Gap(_)) => {
                // What comes behind the gap may be recognised where a message begins.
                heard.clear();
                *tries = (*tries).min(TRIES / 2);
                self.pending.source.clear(ear.pending);
                self.pending.destination.clear(ear.pending);
            }
            (Stage::Reading(_), Arrival::Bytes(bytes)) => self.read(side, bytes, ear),
            (Stage::Reading(dialogue), Arrival::Gap(missing)) => {
                let pending = self.pending.of_mut(side);
                pending.clear(ear.pending);
                let of_interest = missing.saturating_sub(pending.skip);
                pending.skip = pending.skip.saturating_sub(missing);
                if of_interest > 0 {
                    dialogue.gap(side, of_interest, &mut ear.out);
                }
            }
        }
    }

    fn hear_opening(&mut self, side: Side, bytes: &[u8], ear: &mut Ear<'_>) {
        let Stage::Opening { heard, tries } = &mut self.stage else { return };
        // Until something must be kept, nothing is copied.
        let alone = heard.is_empty();
        if !alone {
            self.pending.of_mut(side).keep(bytes, ear.pending);
            heard.push((side, bytes.len()));
        }
        let first = heard.first().map_or(side, |(side, _)| *side);
        let said = match (alone, side) {
            (false, _) => (self.pending.source.bytes.as_slice(), self.pending.destination.bytes.as_slice()),
            (true, Side::Source) => (bytes, [].as_slice()),
            (true, Side::Destination) => ([].as_slice(), bytes),
        };
        let enough = said.0.len() >= OPENING_BYTES
            || said.1.len() >= OPENING_BYTES
            || heard.len() >= OPENING_PIECES
            || ear.pending.used >= ear.pending.limit;
        // Whoever was answered has said enough to be known by.
        let is_answered = !said.0.is_empty() && !said.1.is_empty();
        let has_waited = is_answered || said.0.len().max(said.1.len()) >= UNSURE_BYTES;
        let (best, more) = ear.ask(&ear.opening(first, said.0, said.1));
        match best {
            Some((sureness, reader)) if sureness > Sureness::ByPort || !more || has_waited || enough => {
                let dialogue = ear.open(reader);
                if alone {
                    self.stage = Stage::Reading(dialogue);
                    self.read(side, bytes, ear);
                } else {
                    self.replay(dialogue, ear);
                }
            }
            _ if more && !enough => {
                if alone {
                    self.pending.of_mut(side).keep(bytes, ear.pending);
                    heard.push((side, bytes.len()));
                }
            }
            _ => {
                *tries += 1;
                heard.clear();
                let over = *tries >= TRIES;
                ear.unread(bytes);
                self.pending.source.clear(ear.pending);
                self.pending.destination.clear(ear.pending);
                if over {
                    self.stage = Stage::Over;
                }
            }
        }
    }

    /// Lets a dialogue hear the opening, in the order in which it was said.
    fn replay(&mut self, dialogue: Box<dyn Dialogue>, ear: &mut Ear<'_>) {
        let stage = std::mem::replace(&mut self.stage, Stage::Reading(dialogue));
        let Stage::Opening { heard, .. } = stage else { return };
        let said = Ends {
            source: self.pending.source.take(ear.pending),
            destination: self.pending.destination.take(ear.pending),
        };
        let mut at = Ends::<usize>::default();
        for (side, length) in heard {
            let from = *at.of(side);
            *at.of_mut(side) += length;
            if let Some(piece) = said.of(side).get(from..from + length) {
                self.read(side, piece, ear);
            }
        }
    }

    fn read(&mut self, side: Side, bytes: &[u8], ear: &mut Ear<'_>) {
        let pending = self.pending.of_mut(side);
        if pending.bytes.is_empty() {
            let done = self.show(side, bytes, ear);
            self.keep(side, bytes.get(done..).unwrap_or_default(), ear);
            return;
        }
        if pending.bytes.len() + bytes.len() < pending.due {
            self.keep(side, bytes, ear);
            return;
        }
        let mut together = pending.take(ear.pending);
        together.extend_from_slice(bytes);
        let done = self.show(side, &together, ear);
        together.drain(..done.min(together.len()));
        if together.is_empty() {
            // Nor is the room kept that it took: it is not counted.
            return;
        }
        if together.capacity() / 2 > together.len() {
            together.shrink_to_fit();
        }
        // What was put together is kept as it is, not copied once more.
        if self.may_keep(side, together.len(), ear) {
            ear.pending.used += together.len();
            self.pending.of_mut(side).bytes = together;
        }
    }

    /// Shows the dialogue one side's words; says with how many of them it is done.
    fn show(&mut self, side: Side, bytes: &[u8], ear: &mut Ear<'_>) -> usize {
        let Stage::Reading(dialogue) = &mut self.stage else { return bytes.len() };
        let pending = self.pending.of_mut(side);
        let mut rest = bytes;
        loop {
            rest = pending.interesting(rest);
            if rest.is_empty() {
                break;
            }
            match dialogue.stream(side, rest, &mut ear.out) {
                Progress::Used(0) | Progress::Skip(0) => {
                    pending.shown_in_vain(rest.len());
                    break;
                }
                Progress::Used(used) => rest = rest.get(used..).unwrap_or_default(),
                Progress::Skip(count) => pending.skip = count,
                Progress::Lost => {
                    ear.unread(rest);
                    dialogue.end(&mut ear.out);
                    self.stage = Stage::Over;
                    return bytes.len();
                }
            }
            (pending.shown, pending.due) = (0, 0);
        }
        bytes.len() - rest.len()
    }

    /// Keeps words that wait for more.
    fn keep(&mut self, side: Side, bytes: &[u8], ear: &mut Ear<'_>) {
        if !bytes.is_empty() && self.may_keep(side, bytes.len(), ear) {
            self.pending.of_mut(side).keep(bytes, ear.pending);
        }
    }

    /// Whether so many bytes more may be kept. If not, the dialogue is told to find the next message.
    fn may_keep(&mut self, side: Side, length: usize, ear: &mut Ear<'_>) -> bool {
        let pending = self.pending.of_mut(side);
        let all = pending.bytes.len() + length;
        if all <= ear.message_bytes && ear.pending.used + length <= ear.pending.limit {
            return true;
        }
        ear.tally.not_held += all as u64;
        pending.clear(ear.pending);
        if let Stage::Reading(dialogue) = &mut self.stage {
            dialogue.gap(side, all as u64, &mut ear.out);
        }
        false
    }

    fn end(&mut self, ear: &mut Ear<'_>) {
        // Decide now if nothing but a hope for more has prevented it.
        if let Stage::Opening { heard, .. } = &self.stage
            && let Some((first, _)) = heard.first().copied()
        {
            let said = (self.pending.source.bytes.as_slice(), self.pending.destination.bytes.as_slice());
            match ear.ask(&ear.opening(first, said.0, said.1)).0 {
                Some((_, reader)) => {
                    let dialogue = ear.open(reader);
                    self.replay(dialogue, ear);
                }
                None => ear.unread(if first == Side::Source { said.0 } else { said.1 }),
            }
        }
        // What was held back, lest it be shown too often, is shown once more.
        for side in [Side::Source, Side::Destination] {
            if self.pending.of(side).due > 0 {
                let bytes = self.pending.of_mut(side).take(ear.pending);
                self.show(side, &bytes, ear);
            }
        }
        if let Stage::Reading(dialogue) = &mut self.stage {
            dialogue.end(&mut ear.out);
        }
        self.stage = Stage::Over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{modbus, recognise, rehearse};

    #[test]
    fn a_message_that_came_in_pieces_leaves_no_room_behind() {
        let mut hearing =
            Hearing { stage: Stage::Reading((modbus::READER.open)()), pending: Ends::default() };
        let (config, mut observations, mut tally) = (rehearse::config(), Vec::new(), Tally::default());
        let mut pending = Room { used: 0, limit: 1_000 };
        let mut ear = Ear {
            out: Out {
                config: &config,
                observations: &mut observations,
                expected: None,
                unanswered: None,
                time: rehearse::START,
                flow: rehearse::flow(&modbus::READER, Transport::Tcp, 502),
            },
            readers: recognise::READERS,
            tally: &mut tally,
            pending: &mut pending,
            message_bytes: 1_000,
        };
        let request = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
        let (front, back) = request.split_at(5);
        hearing.read(Side::Source, front, &mut ear);
        assert_eq!(ear.pending.used, front.len());
        hearing.read(Side::Source, back, &mut ear);
        assert_eq!((ear.pending.used, hearing.pending.source.bytes.capacity()), (0, 0));
    }
}
