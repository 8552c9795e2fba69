//! The reader: frames in, observations out.

mod said;

use crate::clock::{Clock, Moment, Turn};
use crate::dialogue::{Out, Reader, Side};
use crate::expected::Expected;
use crate::flow::{Begun, EndedBy, Ends, Key, Live, Sent};
use crate::fragment::{Bounds, Fragments};
use crate::frame::{
    Carries, Opened, parse_aggregated, parse_ethernet, parse_frame, parse_typed, parse_wireless,
};
use crate::history::History;
use crate::link::{Links, Load, Outcome, Seen};
use crate::packet::{Packet, ip_number, parse_ip};
use crate::recognise::READERS;
use crate::stream::Room;
use crate::table::{Patience, Place, Table};
use crate::talk::{Ear, Talk};
use crate::tally::Tally;
use crate::tcp::Flags;
use crate::tunnel::{Inside, Kind, is_bubble, is_full_bubble, parse_gre, parse_udp_tunnel};
use crate::unanswered::Allowance;
use crate::{Config, Frame, arp, checksum, icmp, tcp, tunnel, weird};
use city::{Address, Binding, Flow, Mac, Message, Observation, Observed, Protocol, Transport};
use jiff::{SignedDuration, Timestamp};
use said::{Said, sctp};
use std::collections::BTreeSet;

/// How deep packets may lie within packets.
const DEPTH_MAX: u8 = 4;
/// The service access point of SNAP (IEEE 802).
const SNAP: u16 = 0xaa;
/// Tunnels without ports that are told of.
const TUNNELS_MAX: usize = 4_096;

/// Where a group of observations belongs among those that several readers tell at the same frame: first what ends,
/// then what is told of neighbours, then what the frame itself shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// A conversation that ended; in the order in which they began.
    Ended(Begun),
    /// Questions to neighbours that nobody answered.
    Neighbours,
    /// What the frame shows.
    Frame,
}

/// Reads frames. See the crate's first page.
///
/// [`Wire::see`] is all that is needed by whoever reads alone. Several readers can share the frames of one capture
/// ([`crate::share`]): then one [`Clock`] looks at every frame, each reader is told what every reader must do
/// ([`Wire::pass`]), reads its own frames ([`Wire::hear`]), and says in which order what it told belongs among what the
/// others tell ([`Order`]).
pub struct Wire {
    config: Config,
    readers: &'static [Reader],
    clock: Clock,
    /// The number of the frame that is read.
    frame: u64,
    table: Table,
    fragments: Fragments,
    neighbours: arp::Neighbours,
    links: Links,
    /// Conversations that others have announced.
    expected: Expected,
    tally: Tally,
    /// The ends of tunnels without ports that were told of.
    tunnels: BTreeSet<(Address, Address)>,
    reorder: Room,
    pending: Room,
    unanswered: Allowance,
    /// About how many bytes the dialogues remember.
    remembered: usize,
}

/// What is known of a packet from outside it.
#[derive(Clone, Copy)]
struct Around {
    time: Timestamp,
    /// The latest time of any frame so far.
    now: Timestamp,
    macs: (Option<Mac>, Option<Mac>),
    vlan: Option<u16>,
    /// How many packets it lies within.
    depth: u8,
    /// Whether it is known to be cut short.
    cut: bool,
    /// How long the frame was that holds it and nothing else.
    frame_length: Option<u32>,
}

impl Wire {
    /// A reader that has seen nothing yet.
    pub fn new(config: Config) -> Wire {
        Wire::with_readers(config, READERS)
    }

    pub(crate) fn with_readers(config: Config, readers: &'static [Reader]) -> Wire {
        Wire {
            table: Table::new(config.seed),
            readers,
            clock: Clock::default(),
            frame: 0,
            fragments: Fragments::default(),
            neighbours: arp::Neighbours::new(),
            links: Links::default(),
            expected: Expected::default(),
            tally: Tally::default(),
            tunnels: BTreeSet::new(),
            reorder: Room { used: 0, limit: config.limits.reorder_bytes },
            pending: Room { used: 0, limit: config.limits.pending_bytes },
            unanswered: Allowance::new(config.limits.unanswered_bytes),
            remembered: 0,
            config,
        }
    }

    /// Reads one frame. Frames come in the order of their capture.
    pub fn see(&mut self, frame: &Frame<'_>, out: &mut Vec<Observation>) {
        let moment = self.clock.see(frame.time);
        self.go_on(&moment, out);
        self.hear(frame, self.frame + 1, moment.now, out);
    }

    /// Lets time pass without a frame: what has been silent for too long is told of.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Observation>) {
        if let Some(moment) = self.clock.tick(now) {
            self.go_on(&moment, out);
        }
    }

    /// Ends everything: no frame will follow. Conversations are told of in the order in which they began.
    pub fn finish(&mut self, out: &mut Vec<Observation>) {
        let Some(now) = self.clock.now() else { return };
        self.end_all(now, out, &mut |_, _| ());
        self.take_tally().tell(now, &self.config.sensor, out);
    }

    fn go_on(&mut self, moment: &Moment, out: &mut Vec<Observation>) {
        // Another clock is also a frame that is older than the one before it.
        self.tally.reversed += u64::from(matches!(moment.turn, Turn::Restart { .. }));
        self.pass(moment, out, &mut |_, _| ());
        if let Some(time) = moment.tells() {
            self.take_tally().tell(time, &self.config.sensor, out);
        }
    }

    /// Does what a moment asks for, but for telling of losses and unread bytes: those are to be had of
    /// [`Wire::take_tally`] when [`Moment::tells`]. `mark` is given the order of each group of observations and where
    /// it ends in `out`.
    pub fn pass(&mut self, moment: &Moment, out: &mut Vec<Observation>, mark: &mut impl FnMut(Order, usize)) {
        match moment.turn {
            Turn::Nothing => {}
            Turn::Late => self.tally.reversed += 1,
            Turn::Restart { was } => {
                self.end_all(was, out, mark);
                self.neighbours = arp::Neighbours::new();
                self.links = Links::default();
                self.expected = Expected::default();
            }
            Turn::Sweep { .. } => {
                for place in self.table.forsaken(moment.now) {
                    self.forsake(place);
                }
                self.conclude(self.table.expired(moment.now), moment.now, EndedBy::Silence, out, mark);
                self.fragments.expire(moment.now);
                self.neighbours.expire(moment.now, &self.config.sensor, out);
                self.links.expire(&self.config, moment.now, out);
                mark(Order::Neighbours, out.len());
            }
        }
    }

    /// Ends everything, as [`Wire::pass`] does it.
    pub fn end_all(
        &mut self,
        now: Timestamp,
        out: &mut Vec<Observation>,
        mark: &mut impl FnMut(Order, usize),
    ) {
        self.conclude(self.table.all(), now, EndedBy::Input, out, mark);
        self.table.give_back_room();
        self.neighbours.finish(now, &self.config.sensor, out);
        self.links.finish(&self.config, now, out);
        self.fragments.finish();
        mark(Order::Neighbours, out.len());
    }

    /// Tells of conversations that are over, in the order in which they began.
    fn conclude(
        &mut self,
        mut ended: Vec<(Begun, Place)>,
        now: Timestamp,
        by: EndedBy,
        out: &mut Vec<Observation>,
        mark: &mut impl FnMut(Order, usize),
    ) {
        ended.sort_unstable_by_key(|(begun, _)| *begun);
        for (begun, place) in ended {
            self.end(place, now, by, out);
            mark(Order::Ended(begun), out.len());
        }
    }

    /// What was counted since this was asked last.
    pub fn take_tally(&mut self) -> Tally {
        for (number, count) in std::mem::take(&mut self.fragments.given_up) {
            self.tally.unread(Transport::Ip(number), 0, None, &[], count);
        }
        std::mem::take(&mut self.tally)
    }

    /// Reads one frame, at a time that a clock has told. `number` counts the frames of the capture.
    pub fn hear(&mut self, frame: &Frame<'_>, number: u64, now: Timestamp, out: &mut Vec<Observation>) {
        self.frame = number;
        self.tally.frame = number;
        self.table.frame(number);
        let cut = (frame.bytes.len() as u64) < u64::from(frame.length);
        self.tally.truncated += u64::from(cut);
        match parse_frame(frame.link, frame.bytes) {
            Some(opened) => {
                let (macs, vlan) = (opened.macs, opened.vlan);
                let around = Around {
                    time: frame.time,
                    now,
                    macs,
                    vlan,
                    depth: 0,
                    cut,
                    frame_length: Some(frame.length),
                };
                self.carried(around, opened.carries, out);
            }
            None => self.tally.unread(Transport::Ethernet(0), 0, None, frame.bytes, 1),
        }
    }

    /// How many conversations are followed at the moment.
    pub fn conversations(&self) -> usize {
        self.table.len()
    }

    /// What a frame carries, or a frame within.
    fn carried(&mut self, around: Around, carries: Carries<'_>, out: &mut Vec<Observation>) {
        match carries {
            Carries::Aggregate(mut bytes) => {
                let mut opened = Opened { macs: around.macs, vlan: around.vlan, carries };
                while let Some(rest) = parse_aggregated(bytes, &mut opened) {
                    bytes = rest;
                    self.carried(
                        Around { macs: opened.macs, frame_length: None, ..around },
                        opened.carries,
                        out,
                    );
                }
            }
            Carries::Arp(bytes) => match arp::parse_arp(bytes) {
                Some(packet) => {
                    self.neighbours.see(&packet, around.time, &self.config.sensor, out);
                    if !self.config.events.is_empty() {
                        self.tell(around, packet.message(around.vlan), out);
                    }
                }
                None => self.tally.unread(Transport::Ethernet(0x0806), 0, None, bytes, 1),
            },
            Carries::Ethernet(bytes) => self.inside(around, Inside::Ethernet(bytes), out),
            Carries::Ip(bytes) => match parse_ip(bytes) {
                Some(packet) => self.packet(around, &packet, out),
                None => self.tally.unread(Transport::Ethernet(0x0800), 0, None, bytes, 1),
            },
            Carries::Organised(organisation, kind, bytes) => {
                let organised = Some((organisation, kind));
                self.other(around, Load { number: SNAP, organised, bytes }, out);
            }
            Carries::Other(number, bytes) => {
                self.other(around, Load { number, organised: None, bytes }, out);
            }
        }
    }

    /// What a tunnel carries.
    fn inside(&mut self, around: Around, inside: Inside<'_>, out: &mut Vec<Observation>) {
        let around = Around { depth: around.depth + 1, frame_length: None, ..around };
        if around.depth > DEPTH_MAX {
            return;
        }
        let (Inside::Ethernet(bytes) | Inside::Ip(bytes) | Inside::Wireless(bytes) | Inside::Typed(_, bytes)) =
            inside;
        let mut opened = Opened { macs: around.macs, vlan: around.vlan, carries: Carries::Other(0, bytes) };
        let parsed = match inside {
            Inside::Ethernet(bytes) => parse_ethernet(bytes, &mut opened),
            Inside::Ip(bytes) => {
                opened.carries = Carries::Ip(bytes);
                Some(())
            }
            Inside::Wireless(bytes) => parse_wireless(bytes, &mut opened),
            Inside::Typed(kind, bytes) => parse_typed(kind, bytes, &mut opened),
        };
        match parsed {
            Some(()) => {
                let around = Around { macs: opened.macs, vlan: opened.vlan, ..around };
                self.carried(around, opened.carries, out);
            }
            None => self.tally.unread(Transport::Ethernet(0), 0, None, bytes, 1),
        }
    }

    /// Something directly on the link that is neither IP nor ARP.
    fn other(&mut self, around: Around, load: Load<'_>, out: &mut Vec<Observation>) {
        let Load { number, bytes, .. } = load;
        let (Some(source), Some(destination)) = around.macs else {
            self.tally.unread(Transport::Ethernet(number), 0, None, bytes, 1);
            return;
        };
        let seen =
            Seen { config: &self.config, time: around.time, source, destination, vlan: around.vlan, number };
        let (payload, protocol) = match self.links.see(load, &seen, &mut self.neighbours, out) {
            Outcome::Told => return,
            Outcome::Read(protocol) => (&[][..], Some(protocol)),
            Outcome::Unread => (bytes, None),
        };
        self.said(
            around,
            &Said {
                transport: Transport::Ethernet(number),
                source: Address::Mac(source),
                source_port: 0,
                destination: Address::Mac(destination),
                destination_port: 0,
                payload,
                length: bytes.len() as u64,
                ip_length: 0,
                segment: None,
                protocol,
                is_whole: true,
            },
            out,
        );
    }

    /// An IP packet, perhaps a fragment of one.
    fn packet(&mut self, mut around: Around, packet: &Packet<'_>, out: &mut Vec<Observation>) {
        if !around.cut && !packet.is_complete() {
            self.tally.truncated += 1;
            around.cut = true;
        }
        if !packet.header_is_whole {
            self.tally.checksums += 1;
            if self.config.only_whole {
                return;
            }
        }
        let Some(part) = packet.fragment else { return self.whole_packet(around, packet, out) };
        let limits = &self.config.limits;
        let bounds = Bounds { datagrams: limits.fragmented, bytes: limits.fragment_bytes };
        if let Some(whole) = self.fragments.see(around.now, packet, part, bounds) {
            let packet = Packet {
                payload: &whole.payload,
                payload_length: whole.payload.len() as u32,
                length: whole.length,
                fragment: None,
                ..*packet
            };
            self.whole_packet(Around { frame_length: None, ..around }, &packet, out);
        }
    }

    fn whole_packet(&mut self, around: Around, packet: &Packet<'_>, out: &mut Vec<Observation>) {
        let mut said = Said {
            transport: Transport::Ip(packet.protocol),
            source: Address::Ip(packet.source),
            source_port: 0,
            destination: Address::Ip(packet.destination),
            destination_port: 0,
            payload: packet.payload,
            length: u64::from(packet.payload_length),
            ip_length: u64::from(packet.length),
            segment: None,
            protocol: None,
            is_whole: true,
        };
        let mut inside = None;
        let understood = match packet.protocol {
            ip_number::TCP => self.tcp(packet, &mut said),
            ip_number::UDP => self.udp(packet, &mut said),
            ip_number::ICMP | ip_number::ICMPV6 => self.icmp(around, packet, &mut said, out),
            ip_number::SCTP => sctp(packet, &mut said),
            ip_number::GRE => {
                inside = parse_gre(packet.payload).map(|inside| (Kind::Gre, inside));
                Some(())
            }
            ip_number::IPV4 | ip_number::IPV6 => {
                inside = Some((Kind::Ip, Inside::Ip(packet.payload)));
                Some(())
            }
            _ => Some(()),
        };
        if understood.is_none() {
            self.tally.unread(said.transport, 0, None, packet.payload, 1);
            return;
        }
        match inside {
            // A tunnel without ports of its own is as good as the link.
            Some((kind, inside)) if around.depth < DEPTH_MAX => {
                self.link_tunnel(around, &said, kind, out);
                self.inside(around, inside, out);
            }
            _ => {
                let place = self.said(around, &said, out);
                if self.config.logs {
                    let checksum = weird::wrong_checksum(said.transport);
                    let odd = checksum.filter(|_| self.config.only_whole && !said.is_whole);
                    self.tell_odd(around, place, odd.or_else(|| weird::in_packet(packet)), out);
                }
                if said.transport == Transport::Udp
                    && (said.is_whole || !self.config.only_whole)
                    && let Some((kind, inside)) =
                        parse_udp_tunnel(said.source_port, said.destination_port, said.payload)
                {
                    if kind == Kind::Gre {
                        self.link_tunnel(around, &said, kind, out);
                    } else if let Some(live) = place.and_then(|place| self.table.live_mut(place))
                        && !live.is_tunnel
                        && !(kind == Kind::Teredo && is_bubble(inside))
                    {
                        live.is_tunnel = true;
                        let flow = live.flow();
                        self.tell_tunnel(around, flow, kind, out);
                    }
                    let is_odd = self.config.logs && kind == Kind::Teredo && is_full_bubble(inside);
                    self.tell_odd(around, place, is_odd.then_some(weird::FULL_BUBBLE), out);
                    self.inside(around, inside, out);
                }
            }
        }
    }

    /// Tells of something odd in a conversation's packet.
    fn tell_odd(
        &mut self,
        around: Around,
        place: Option<Place>,
        odd: Option<weird::Odd>,
        out: &mut Vec<Observation>,
    ) {
        if let Some((live, odd)) = place.and_then(|place| self.table.live_mut(place)).zip(odd) {
            let message = weird::message(live.flow(), odd);
            self.tell(around, message, out);
        }
    }

    fn tell(&self, around: Around, message: Message, out: &mut Vec<Observation>) {
        let fact = Observed::Message(Box::new(message));
        out.push(Observation { time: around.time, sensor: self.config.sensor.clone(), fact });
    }

    /// A tunnel between two addresses; told of once.
    fn link_tunnel(&mut self, around: Around, said: &Said<'_>, kind: Kind, out: &mut Vec<Observation>) {
        let ends = (said.source.min(said.destination), said.source.max(said.destination));
        if self.config.logs && self.tunnels.len() < TUNNELS_MAX && self.tunnels.insert(ends) {
            let flow = Flow {
                source: said.source,
                source_port: 0,
                destination: said.destination,
                destination_port: 0,
                transport: said.transport,
                protocol: None,
            };
            self.tell_tunnel(around, flow, kind, out);
        }
    }

    fn tell_tunnel(&self, around: Around, flow: Flow, kind: Kind, out: &mut Vec<Observation>) {
        if self.config.logs {
            self.tell(around, tunnel::discovered(flow, kind), out);
        }
    }

    /// Whether the checksum of what a packet carries agrees, as far as the whole of it is there; if not, it is counted.
    fn check(&mut self, packet: &Packet<'_>) -> bool {
        let is_whole = !packet.is_complete()
            || checksum::payload_is_whole(packet.source, packet.destination, packet.protocol, packet.payload);
        self.tally.checksums += u64::from(!is_whole);
        is_whole
    }

    fn tcp<'a>(&mut self, packet: &Packet<'a>, said: &mut Said<'a>) -> Option<()> {
        let segment = tcp::parse_segment(packet.payload, packet.payload_length)?;
        said.is_whole = self.check(packet);
        said.transport = Transport::Tcp;
        said.source_port = segment.source_port;
        said.destination_port = segment.destination_port;
        said.payload = segment.payload;
        said.length = u64::from(segment.length);
        said.segment = Some(segment);
        Some(())
    }

    /// RFC 768.
    fn udp<'a>(&mut self, packet: &Packet<'a>, said: &mut Said<'a>) -> Option<()> {
        let ([s0, s1, d0, d1, l0, l1, c0, c1], payload) = packet.payload.split_first_chunk::<8>()?;
        if (*c0, *c1) != (0, 0) {
            said.is_whole = self.check(packet);
        }
        // A length of 0 is that of a jumbogram (RFC 2675 section 4), or of a card that cuts packets itself.
        let length = match usize::from(u16::from_be_bytes([*l0, *l1])) {
            0 => packet.payload_length as usize,
            said => said.min(packet.payload_length as usize),
        }
        .checked_sub(8)?;
        said.transport = Transport::Udp;
        said.source_port = u16::from_be_bytes([*s0, *s1]);
        said.destination_port = u16::from_be_bytes([*d0, *d1]);
        said.payload = crate::bytes::at_most(payload, length);
        said.length = length as u64;
        Some(())
    }

    fn icmp(
        &mut self,
        around: Around,
        packet: &Packet<'_>,
        said: &mut Said<'_>,
        out: &mut Vec<Observation>,
    ) -> Option<()> {
        let message = icmp::parse_icmp(packet.payload, packet.payload_length, packet.source)?;
        let version_6 = packet.source.is_ipv6();
        if packet.is_complete() {
            let whole = if version_6 {
                checksum::payload_is_whole(packet.source, packet.destination, packet.protocol, packet.payload)
            } else {
                checksum::header_is_whole(packet.payload)
            };
            self.tally.checksums += u64::from(!whole);
            said.is_whole = whole;
        }
        if let Some(icmp::Claim { address, mac }) = message.claim {
            let binding = Binding { address, mac, protocol: Protocol::Icmp };
            self.neighbours.claim(binding, around.time, &self.config.sensor, out);
        }
        if said.is_whole {
            self.links.routers.see(packet, around.time, &self.config, out);
        }
        (said.source_port, said.destination_port) = message.ports(version_6);
        said.transport = Transport::Icmp;
        said.payload = &[];
        said.length = u64::from(message.length);
        said.protocol = Some(Protocol::Icmp);
        Some(())
    }

    /// A packet of a conversation: counts it, and lets its words be heard.
    fn said(&mut self, around: Around, said: &Said<'_>, out: &mut Vec<Observation>) -> Option<Place> {
        let (key, from_high) =
            Key::new(said.transport, said.source, said.source_port, said.destination, said.destination_port);
        let hash = self.table.hash(&key);
        let mut place = self.table.find(hash, &key);
        // A SYN after the end is the beginning of another conversation between the same ports; so is anything after a
        // long silence.
        if let Some(at) = place
            && let Some(live) = self.table.live_mut(at)
            && (said.segment.is_some_and(|segment| live.tcp.is_over_for(&segment, live.side(from_high)))
                || around.time.duration_since(live.last) >= live.patience().limit())
        {
            self.end(at, around.time, EndedBy::Successor, out);
            place = None;
        }
        let place = match place {
            Some(place) => place,
            None => self.begin(around, said, key, from_high, hash, out),
        };
        let live = self.table.live_mut(place)?;
        let side = live.side(from_high);
        if !said.is_whole && self.config.only_whole {
            live.history.wrong(side);
            return Some(place);
        }
        live.last = live.last.max(around.time);
        let sent = live.sent.of_mut(side);
        sent.packets += 1;
        sent.bytes += said.length;
        sent.ip_bytes += said.ip_length;
        sent.frame_bytes += around.frame_length.map_or(said.ip_length, u64::from);
        if live.macs.of(side).is_none() {
            *live.macs.of_mut(side) = around.macs.0;
        }
        if live.macs.of(side.other()).is_none() {
            *live.macs.of_mut(side.other()) = around.macs.1;
        }
        let from_start = live.tcp.was_seen_to_begin();
        let position = match &said.segment {
            Some(segment) => {
                let position = live.tcp.see(segment, side, &mut live.history);
                if live.closed.is_none() && live.tcp.is_closed() {
                    live.closed = Some(live.last);
                }
                position
            }
            None => {
                if said.transport == Transport::Udp {
                    live.history.datagram(side);
                }
                None
            }
        };

        let other = side.other();
        let acknowledged = live.tcp.ends.of(other).acknowledged();
        let hears = !said.payload.is_empty() && !live.talk.is_over();
        if hears || live.talk.waits(other) {
            let mut ear = Ear {
                out: Out {
                    config: &self.config,
                    observations: out,
                    expected: Some(&mut self.expected),
                    unanswered: Some(&self.unanswered),
                    time: around.time,
                    flow: live.flow(),
                },
                readers: self.readers,
                tally: &mut self.tally,
                pending: &mut self.pending,
                message_bytes: self.config.limits.message_bytes,
            };
            match (said.transport, position) {
                (Transport::Tcp, Some(position)) => {
                    // The other end's words come first: this segment may answer what lies behind a gap.
                    if live.talk.waits(other) {
                        live.talk.acknowledged(other, acknowledged, &mut self.reorder, &mut ear);
                    }
                    if hears {
                        live.talk.segment(
                            side,
                            position,
                            said.payload,
                            from_start,
                            &mut self.reorder,
                            &mut ear,
                        );
                    }
                }
                (Transport::Tcp, None) => {}
                (Transport::Udp, _) => live.talk.datagram(side, said.payload, &mut ear),
                (Transport::Ip(number), _) => live.talk.numbered(number, side, said.payload, &mut ear),
                (_, _) => live.talk.unreadable(said.payload, &mut ear),
            }
            live.protocol = ear.out.flow.protocol;
            let remembered = u32::try_from(live.talk.holds()).unwrap_or(u32::MAX);
            self.remembered = self.remembered.saturating_sub(live.remembered as usize) + remembered as usize;
            live.remembered = remembered;
        } else if !said.payload.is_empty() {
            live.unread = live.unread.saturating_add(1);
        }
        live.protocol = live.protocol.or(said.protocol);
        let patience = live.patience();
        let interim = self.config.interim.filter(|every| {
            let due = every.as_secs().saturating_mul(i64::from(live.interims) + 1);
            *every > SignedDuration::ZERO && live.last.duration_since(live.start).as_secs() >= due
        });
        if let Some(every) = interim {
            let age = live.last.duration_since(live.start).as_secs();
            live.interims = u32::try_from(age / every.as_secs().max(1)).unwrap_or(u32::MAX);
            live.tell(around.time, &self.config, None, out);
        }
        self.table.touch(place, patience);
        while self.remembered > self.config.limits.remembered_bytes
            && let Some(least) = self.table.least()
        {
            self.tally.put_out += 1;
            self.end(least, around.time, EndedBy::FullTable, out);
        }
        Some(place)
    }

    /// Begins a conversation.
    fn begin(
        &mut self,
        around: Around,
        said: &Said<'_>,
        key: Key,
        from_high: bool,
        hash: u64,
        out: &mut Vec<Observation>,
    ) -> Place {
        if self.table.len() >= self.config.limits.conversations.max(1)
            && let Some(least) = self.table.least()
        {
            self.tally.put_out += 1;
            self.end(least, around.time, EndedBy::FullTable, out);
        }
        let answers = match &said.segment {
            // A SYN with FIN or RST is no beginning.
            Some(segment) if segment.flags.0 & (Flags::SYN | Flags::FIN | Flags::RST) == Flags::SYN => {
                segment.flags.ack()
            }
            _ => said.destination.is_station() && said.comes_from_server(),
        };
        let mut history = History::default();
        if answers {
            history.turned();
        }
        let mut live = Live {
            key,
            source_is_high: from_high != answers,
            begun: Begun::default(),
            start: around.time,
            last: around.time,
            interims: 0,
            remembered: 0,
            unread: 0,
            vlan: around.vlan,
            macs: Ends::default(),
            sent: Ends { source: Sent::default(), destination: Sent::default() },
            tcp: tcp::Connection::default(),
            history,
            closed: None,
            is_counted: false,
            is_tunnel: false,
            protocol: said.protocol,
            talk: Talk::default(),
        };
        let expected = self.expected.take(&live.flow(), around.time);
        let reader =
            expected.and_then(|protocol| self.readers.iter().find(|reader| reader.protocol == protocol));
        live.protocol = reader.map(|reader| reader.protocol).or(live.protocol);
        let mut tell = |fact| {
            out.push(Observation { time: around.time, sensor: self.config.sensor.clone(), fact });
        };
        tell(Observed::Opened(live.flow()));
        if let Some(reader) = reader {
            live.talk = Talk::expected(said.transport, (reader.open)());
            tell(Observed::Recognised(live.flow()));
        }
        if let Some(vlan) = around.vlan {
            let flow = live.flow();
            let time = around.time;
            Out { config: &self.config, observations: out, expected: None, unanswered: None, time, flow }
                .event(Side::Source, "eve_link", |fields| fields.show("vlan", vlan));
        }
        let patience = live.patience();
        self.table.insert(hash, live, patience)
    }

    /// Counts a conversation that nobody will take up any more; it is still waited for, in case somebody does.
    fn forsake(&mut self, place: Place) {
        if let Some(live) = self.table.live_mut(place) {
            if !live.is_counted {
                live.is_counted = true;
                self.tally.floods.count(&live.flow(), live.start);
            }
            self.table.touch(place, Patience::Forsaken);
        }
    }

    /// Ends a conversation and tells of it.
    fn end(&mut self, place: Place, now: Timestamp, by: EndedBy, out: &mut Vec<Observation>) {
        if let Some(live) = self.table.remove(place) {
            self.over(live, now, by, out);
        }
    }

    /// Tells of a conversation that is over.
    fn over(&mut self, mut live: Live, now: Timestamp, by: EndedBy, out: &mut Vec<Observation>) {
        let flow = live.flow();
        self.remembered = self.remembered.saturating_sub(live.remembered as usize);
        let mut ear = Ear {
            out: Out {
                config: &self.config,
                observations: out,
                expected: Some(&mut self.expected),
                unanswered: Some(&self.unanswered),
                time: now,
                flow,
            },
            readers: self.readers,
            tally: &mut self.tally,
            pending: &mut self.pending,
            message_bytes: self.config.limits.message_bytes,
        };
        live.talk.end(&mut self.reorder, &mut ear);
        live.protocol = ear.out.flow.protocol;
        if live.unread > 0 {
            let count = u64::from(live.unread);
            self.tally.unread(flow.transport, flow.destination_port, live.protocol, &[], count);
        }
        if !live.is_counted && live.came_to_nothing() {
            self.tally.floods.count(&flow, live.start);
        }
        live.tell(now, &self.config, Some(by), out);
    }
}

#[cfg(test)]
mod tests;
