//! What TCP's flags and numbers say of a connection (RFC 9293), told in the field's words.

use crate::bytes::{take_u16, take_u32};
use crate::dialogue::Side;
use crate::flow::Ends;
use crate::history::History;
use city::ConnectionState;

/// TCP's flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u8);

impl Flags {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    const ACK: u8 = 0x10;

    pub(crate) fn fin(self) -> bool {
        self.0 & Self::FIN != 0
    }
    pub(crate) fn syn(self) -> bool {
        self.0 & Self::SYN != 0
    }
    pub(crate) fn rst(self) -> bool {
        self.0 & Self::RST != 0
    }
    pub(crate) fn ack(self) -> bool {
        self.0 & Self::ACK != 0
    }
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    pub(crate) flags: Flags,
    /// How much the sender can take, before scaling.
    pub(crate) window: u16,
    pub(crate) payload: &'a [u8],
    /// How long the payload was on the wire.
    pub(crate) length: u32,
}

/// Opens a segment (RFC 9293 section 3.1). `None` if it is cut off within the header, or contradicts itself.
pub(crate) fn parse_segment(bytes: &[u8], length: u32) -> Option<Segment<'_>> {
    let (source_port, rest) = take_u16(bytes)?;
    let (destination_port, rest) = take_u16(rest)?;
    let (sequence, rest) = take_u32(rest)?;
    let (acknowledgement, rest) = take_u32(rest)?;
    let ([offset, flags, w0, w1, ..], _) = rest.split_first_chunk::<8>()?;
    let header = u32::from(offset >> 4) * 4;
    if header < 20 || header > length {
        return None;
    }
    let payload = bytes.get(header as usize..).unwrap_or_default();
    Some(Segment {
        source_port,
        destination_port,
        sequence,
        acknowledgement,
        flags: Flags(*flags),
        window: u16::from_be_bytes([*w0, *w1]),
        payload,
        length: length - header,
    })
}

/// How far one end has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was heard of it.
    #[default]
    Silent,
    /// It sent SYN.
    SynSent,
    /// It sent SYN-ACK, and nobody's SYN was seen.
    SynAckSent,
    /// It speaks, but its beginning was not seen.
    Partial,
    /// Both shook hands.
    Established,
    /// It sent FIN.
    Closed,
    /// It sent RST.
    Reset,
}

/// One end. Positions count from its SYN: the first byte of data stands at 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    pub(crate) stage: Stage,
    before_reset: Stage,
    syn: bool,
    fin: bool,
    /// Every flag that was set in some segment.
    flags: u8,
    /// Whether `base` is known.
    begun: bool,
    /// The sequence number at position 0.
    base: u32,
    /// The position behind the last that was sent.
    sent: u64,
    /// The position up to which the other end acknowledged.
    acknowledged: u64,
    /// Bytes that were passed over and have not turned up.
    hole: u64,
    /// Where the last of them were passed over, until the other end says that it has them all the same.
    hole_at: Option<u64>,
}

impl End {
    /// Where a sequence number stands, nearest to what was sent last; `None` if before the beginning.
    pub(crate) fn position(&self, sequence: u32) -> Option<u64> {
        let expected = self.base.wrapping_add(self.sent as u32);
        let ahead = sequence.wrapping_sub(expected) as i32;
        self.sent.checked_add_signed(i64::from(ahead))
    }

    fn begin(&mut self, base: u32) {
        self.begun = true;
        self.base = base;
        self.sent = 1;
        self.acknowledged = self.acknowledged.max(1);
    }

    /// Payload bytes, by sequence numbers.
    fn size(&self) -> u64 {
        let reached = self.sent.max(self.acknowledged);
        reached.saturating_sub(1).saturating_sub(u64::from(self.fin))
    }

    /// How far the other end says it heard this one.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}

/// Both ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Connection {
    pub(crate) ends: Ends<End>,
    /// Which end asked to close first.
    first_to_close: Option<Side>,
}

/// The farthest an acknowledgement may run ahead of what was seen: the largest window (RFC 7323 section 2.3).
const AHEAD_MAX: u64 = 1 << 30;

impl Connection {
    /// Whether a SYN must be of a new connection between the same ports.
    pub(crate) fn is_over_for(&self, segment: &Segment<'_>, side: Side) -> bool {
        let end = self.ends.of(side);
        let over = |stage| matches!(stage, Stage::Closed | Stage::Reset);
        let (source, destination) = (self.ends.source.stage, self.ends.destination.stage);
        let ended =
            source == Stage::Reset || destination == Stage::Reset || (over(source) && over(destination));
        segment.flags.syn()
            && !segment.flags.ack()
            && !segment.flags.rst()
            && ended
            && (!end.begun || end.base != segment.sequence)
    }

    /// Takes note of a segment. Says at which position its payload begins, if that can be told.
    pub(crate) fn see(&mut self, segment: &Segment<'_>, side: Side, history: &mut History) -> Option<u64> {
        let flags = segment.flags;
        let peer = *self.ends.of(side.other());
        let end = self.ends.of_mut(side);
        let first = !end.begun;
        if first {
            // A RST says where its end stands only if it carries something.
            if flags.rst() && !flags.syn() && segment.length == 0 && segment.sequence == 0 {
                end.begin(segment.sequence.wrapping_sub(1));
            } else if flags.syn() {
                end.begin(segment.sequence);
            } else {
                end.begin(segment.sequence.wrapping_sub(1));
            }
        } else if flags.syn()
            && matches!(end.stage, Stage::SynSent | Stage::SynAckSent | Stage::Silent)
            && segment.sequence != end.base
            && end.sent <= 1
        {
            // Another attempt with other numbers.
            end.begin(segment.sequence);
        }
        end.syn |= flags.syn();
        end.flags |= flags.0;
        let data_at = segment.sequence.wrapping_add(u32::from(flags.syn()));
        let position = end.position(data_at);
        // A second SYN with other numbers, as of two stations that answer to one address, says nothing of this stream.
        let of_another = flags.syn() && segment.sequence != end.base;
        let mut repeats = false;
        if let Some(position) = position
            && !of_another
            && !(flags.rst() && segment.length == 0)
        {
            let length = u64::from(segment.length);
            let behind = position + length + u64::from(flags.fin());
            repeats = length > 0 && behind <= end.sent && !first && end.stage != Stage::Reset;
            if behind > end.sent {
                if length > 0 && position > end.sent {
                    end.hole += position - end.sent;
                    end.hole_at.get_or_insert(end.sent);
                }
                end.sent = behind;
            } else if position < end.sent && end.hole > 0 {
                end.hole = end.hole.saturating_sub(length);
                if end.hole == 0 {
                    end.hole_at = None;
                }
            }
            if flags.fin() {
                end.fin = true;
            }
        }
        history.segment(segment, side, repeats);
        if flags.ack() && !(flags.rst() && segment.acknowledgement == 0) {
            let peer = self.ends.of_mut(side.other());
            if peer.begun
                && let Some(acknowledged) = peer.position(segment.acknowledgement)
                && acknowledged <= peer.sent + AHEAD_MAX
            {
                let beyond = peer.stage != Stage::Silent
                    && acknowledged > peer.acknowledged
                    && acknowledged > peer.sent + u64::from(!peer.fin);
                if peer.hole_at.is_some_and(|at| acknowledged > at) || beyond {
                    peer.hole_at = None;
                    history.gap(side.other());
                }
                peer.acknowledged = peer.acknowledged.max(acknowledged);
            } else if !peer.begun && !flags.syn() && !flags.rst() {
                // Not heard yet: what it will say next is known.
                peer.begin(segment.acknowledgement.wrapping_sub(1));
            }
        }
        if flags.fin() {
            self.first_to_close.get_or_insert(side);
        }
        self.step(flags, side, peer.stage);
        position
    }

    /// The stages, as Zeek steps through them.
    fn step(&mut self, flags: Flags, side: Side, peer: Stage) {
        let end = self.ends.of_mut(side);
        let stage = end.stage;
        let mut next = stage;
        let mut next_peer = peer;
        match stage {
            Stage::Silent => {
                if flags.syn() && side == Side::Source {
                    next = match (flags.ack(), peer) {
                        (true, Stage::SynSent) => Stage::Established,
                        (true, _) => Stage::SynAckSent,
                        (false, _) => Stage::SynSent,
                    };
                } else if flags.syn() && flags.ack() {
                    next = match peer {
                        Stage::Silent => Stage::SynAckSent,
                        _ => Stage::Established,
                    };
                    if matches!(peer, Stage::SynSent | Stage::SynAckSent) {
                        next_peer = Stage::Established;
                    }
                } else if flags.syn() {
                    next = Stage::SynSent;
                }
                if flags.fin() {
                    next = Stage::Closed;
                }
                if flags.rst() {
                    next = Stage::Reset;
                }
                if next == Stage::Silent {
                    // An answer to SYN-ACK stands in for the SYN that was not seen.
                    next = if peer == Stage::SynAckSent { Stage::Established } else { Stage::Partial };
                    if peer == Stage::SynAckSent {
                        next_peer = Stage::Established;
                    }
                }
            }
            Stage::SynSent | Stage::SynAckSent => {
                if flags.syn() && flags.ack() && peer == Stage::SynSent {
                    next = Stage::Established;
                    next_peer = Stage::Established;
                }
                if flags.fin() {
                    next = Stage::Closed;
                }
                if flags.rst() {
                    next = Stage::Reset;
                }
            }
            Stage::Partial | Stage::Established => {
                if flags.syn() && !flags.ack() && stage == Stage::Partial && peer == Stage::Silent {
                    next = Stage::SynSent;
                }
                if flags.fin() {
                    next = Stage::Closed;
                }
                if flags.rst() {
                    next = Stage::Reset;
                }
            }
            Stage::Closed => {
                if flags.rst() && peer != Stage::Closed {
                    next = Stage::Reset;
                }
            }
            Stage::Reset => {}
        }
        if next == Stage::Reset && stage != Stage::Reset {
            end.before_reset = stage;
        }
        end.stage = next;
        self.ends.of_mut(side.other()).stage = next_peer;
    }

    /// How it went so far.
    pub(crate) fn state(&self) -> ConnectionState {
        use ConnectionState as C;
        let (source, destination) = (self.ends.source.stage, self.ends.destination.stage);
        let unseen = |stage| matches!(stage, Stage::Silent | Stage::Partial);
        let nothing_said = self.size(Side::Source) == 0 && self.size(Side::Destination) == 0;
        match (source, destination) {
            (Stage::SynSent | Stage::SynAckSent, Stage::Reset) => C::Rej,
            (Stage::Reset, Stage::Reset) if nothing_said => C::Rej,
            (_, Stage::Reset) if unseen(source) => C::Rstrh,
            (_, Stage::Reset) => C::Rstr,
            (Stage::Reset, _) if unseen(destination) && self.ends.source.syn => C::Rstos0,
            (Stage::Reset, Stage::Silent) => C::Oth,
            (Stage::Reset, _) => C::Rsto,
            (Stage::Closed, Stage::Closed) => C::Sf,
            (Stage::Closed, _) if unseen(destination) => C::Sh,
            (Stage::Closed, _) => C::S2,
            (_, Stage::Closed) if unseen(source) => C::Shr,
            (_, Stage::Closed) => C::S3,
            (Stage::SynSent, Stage::Silent) => C::S0,
            (Stage::Established, Stage::Established) => C::S1,
            _ => C::Oth,
        }
    }

    /// Every flag that was set in some segment of one end.
    pub(crate) fn flags(&self, side: Side) -> u8 {
        self.ends.of(side).flags
    }

    /// How far it came, by the states of RFC 9293 section 3.3.2: those of the destination if the source asked to close
    /// first, or else those of the end that did, as Suricata steps through them.
    pub(crate) fn progress(&self) -> &'static str {
        let (source, destination) = (&self.ends.source, &self.ends.destination);
        if source.stage == Stage::Reset || destination.stage == Stage::Reset {
            return "closed";
        }
        let heard = |end: &End| end.acknowledged >= end.sent;
        let first = self.first_to_close;
        match (source.fin, destination.fin, first) {
            (true, true, Some(Side::Source)) if heard(destination) => "closed",
            (true, true, Some(Side::Destination)) if heard(source) => "closed",
            (true, true, Some(Side::Destination)) => "time_wait",
            (true, true, _) => "last_ack",
            (true, false, _) => "close_wait",
            (false, true, _) if heard(destination) => "fin_wait2",
            (false, true, _) => "fin_wait1",
            (false, false, _) => match (source.stage, destination.stage) {
                (Stage::SynSent, Stage::Silent) => "syn_sent",
                (_, Stage::SynAckSent) => "syn_recv",
                (Stage::Established, Stage::Established) if source.flags & Flags::ACK == 0 => "syn_recv",
                (Stage::Established, Stage::Established) => "established",
                _ => "none",
            },
        }
    }

    /// Payload bytes one end sent, by sequence numbers.
    pub(crate) fn size(&self, side: Side) -> u64 {
        let end = self.ends.of(side);
        if end.stage == Stage::Silent {
            // What only the other end's acknowledgements tell of was not seen.
            return 0;
        }
        if end.before_reset == Stage::SynSent && end.stage == Stage::Reset {
            // An end that only sent SYN and RST said nothing, wherever its numbers point.
            return 0;
        }
        end.size()
    }

    /// Payload bytes that no packet showed.
    pub(crate) fn missed(&self) -> u64 {
        let missed = |end: &End| {
            if end.stage == Stage::Silent {
                return 0;
            }
            let unseen = end.acknowledged.saturating_sub(end.sent).saturating_sub(u64::from(!end.fin));
            end.hole + if end.acknowledged > end.sent { unseen } else { 0 }
        };
        missed(&self.ends.source) + missed(&self.ends.destination)
    }

    /// Whether both ends have closed or reset it.
    pub(crate) fn is_closed(&self) -> bool {
        let over = |end: &End| matches!(end.stage, Stage::Closed | Stage::Reset);
        over(&self.ends.source) && over(&self.ends.destination)
    }

    /// Whether nothing more is to be expected of it: both ends closed, one reset, or one closed what was not seen to
    /// begin.
    pub(crate) fn is_over(&self) -> bool {
        let (source, destination) = (self.ends.source.stage, self.ends.destination.stage);
        source == Stage::Reset
            || destination == Stage::Reset
            || (source == Stage::Closed && matches!(destination, Stage::Closed | Stage::Partial))
            || (source == Stage::Partial && destination == Stage::Closed)
    }

    /// Whether a SYN of either end was seen.
    pub(crate) fn was_seen_to_begin(&self) -> bool {
        self.ends.source.syn || self.ends.destination.syn
    }

    /// Whether a SYN was sent, and whoever sent it did not go on, answered or not.
    pub(crate) fn came_to_nothing(&self) -> bool {
        self.flags(Side::Source) & (Flags::SYN | Flags::ACK) == Flags::SYN
    }

    /// Whether a SYN was sent and nothing came back.
    pub(crate) fn is_attempt(&self) -> bool {
        self.ends.source.stage == Stage::SynSent && self.ends.destination.stage == Stage::Silent
    }
}
