//! Pairs requests with responses.

use super::ask::{self, Piece};
use super::assembly::Assembly;
use super::file::FileObject;
use super::link::{self, Found, Header};
use super::message::{Fragment, FunctionCode};
use super::objects::headers;
use super::{attributes, fragments, parse, rows};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use city::{Reply, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Fragments awaiting a response or a confirmation at a time. A master asks a station one thing at a time; behind one
/// address there may be several stations.
const PENDING_MAX: usize = 32;

/// What is asked by those that wait, together: a fragment may ask for many things.
const PENDING_PIECES_MAX: usize = 512;

/// How long a response is awaited.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How many runs of bytes that are no frame a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a master and an outstation, perhaps with several behind one address.
#[derive(Default)]
struct Conversation {
    /// Of source and destination.
    assemblies: [Assembly; 2],
    /// Whether the beginning of a frame must be found, for source and destination.
    searching: [bool; 2],
    pending: VecDeque<Pending>,
    /// The last request, until a response was told with it.
    unanswered: Option<FunctionCode>,
    strikes: u32,
    role_told: bool,
    weakness_told: bool,
}

/// What awaits a response; or an unsolicited response that awaits its confirmation.
struct Pending {
    asker: Side,
    station: u16,
    sequence: u8,
    unsolicited: bool,
    time: Timestamp,
    /// Whether something proved who asks, or was made to.
    proven: bool,
    pieces: Vec<Piece>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let mut rest = bytes;
        let mut is_ours = false;
        while let Found::Frame(header, blocks) = link::parse_frame(rest) {
            is_ours = true;
            self.frame(side, &header, blocks, out);
            rest = rest.get(header.length()..).unwrap_or_default();
        }
        is_ours
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                let (skipped, found) = link::find_frame(rest);
                used += skipped;
                *self.searching_mut(side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match link::parse_frame(rest) {
                Found::Frame(header, blocks) => {
                    self.frame(side, &header, blocks, out);
                    used += header.length();
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
        self.assembly_mut(side).clear();
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending, out);
        }
    }
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn assembly_mut(&mut self, side: Side) -> &mut Assembly {
        let [source, destination] = &mut self.assemblies;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn frame(&mut self, side: Side, header: &Header, blocks: &[u8], out: &mut Out<'_>) {
        if !header.has_user_data() {
            return;
        }
        // A frame with a wrong checksum is not taken by a device either; it is sent again.
        let Some(data) = link::user_data(blocks) else { return };
        if let Some(bytes) = self.assembly_mut(side).add(header, &data)
            && let Some(fragment) = parse::parse_fragment(&bytes)
        {
            self.give_up_waiting(out);
            fragments::tell(side, header, bytes.first().copied().unwrap_or_default(), &fragment, out);
            self.fragment(side, header, &fragment, out);
        }
    }

    fn fragment(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        rows::objects(side, fragment, out);
        if fragment.function.is_response() {
            let request = self.unanswered.take();
            rows::exchange(side, request, fragment, out);
            self.tell_role(side, out);
            attributes::identify(side, fragment, out);
        }
        match fragment.function {
            FunctionCode::CONFIRM => {
                self.unanswered = Some(FunctionCode::CONFIRM);
                self.confirmed(side, header, fragment, out);
            }
            FunctionCode::UNSOLICITED_RESPONSE => self.published(side, header, fragment, out),
            function if function.is_response() => self.response(side, header, fragment, out),
            function => {
                self.unanswered = Some(function);
                self.request(side, header, fragment, out);
            }
        }
    }

    fn request(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        self.warn_of_passwords(side, fragment, out);
        let proven = headers(fragment.function, fragment.objects).any(|objects| ask::is_proof(&objects));
        let station = header.destination;
        let mut pieces = ask::pieces(station, fragment);
        let is_reply_to_challenge = fragment.function == FunctionCode::AUTHENTICATE_REQUEST
            && headers(fragment.function, fragment.objects).any(|objects| objects.variation == 2);
        let no_reply = fragment.function.is_without_reply() || header.is_broadcast() || is_reply_to_challenge;
        if no_reply {
            pieces.iter_mut().for_each(|piece| piece.asked.reply = Reply::NotExpected);
        }
        let pending = Pending {
            asker: side,
            station,
            sequence: fragment.sequence,
            unsolicited: false,
            time: out.time,
            proven,
            pieces,
        };
        if no_reply {
            return self.tell(pending, out);
        }
        self.await_reply(pending, out);
    }

    fn response(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        if !fragment.first {
            return;
        }
        let asker = side.other();
        let is_challenge = fragment.function == FunctionCode::AUTHENTICATE_RESPONSE
            && headers(fragment.function, fragment.objects)
                .any(|objects| (objects.group, objects.variation) == (120, 1));
        let place = self.pending.iter().position(|pending| {
            !pending.unsolicited
                && (pending.asker, pending.station, pending.sequence)
                    == (asker, header.source, fragment.sequence)
        });
        let Some(place) = place else { return };
        if is_challenge {
            // What was asked waits until the master has proved who it is.
            if let Some(pending) = self.pending.get_mut(place) {
                pending.proven = true;
            }
            return;
        }
        if let Some(mut pending) = self.pending.remove(place) {
            ask::answer(&mut pending.pieces, fragment);
            self.tell(pending, out);
        }
    }

    fn published(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        let mut pieces = ask::pieces(header.source, fragment);
        if !fragment.confirm {
            pieces.iter_mut().for_each(|piece| piece.asked.reply = Reply::NotExpected);
        }
        let pending = Pending {
            asker: side,
            station: header.source,
            sequence: fragment.sequence,
            unsolicited: true,
            time: out.time,
            proven: true,
            pieces,
        };
        if fragment.confirm {
            self.await_reply(pending, out);
        } else {
            self.tell(pending, out);
        }
    }

    fn confirmed(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        let place = self.pending.iter().position(|pending| {
            pending.unsolicited
                && fragment.unsolicited
                && (pending.asker, pending.station, pending.sequence)
                    == (side.other(), header.destination, fragment.sequence)
        });
        if let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) {
            pending.pieces.iter_mut().for_each(|piece| piece.asked.reply = Reply::Done);
            self.tell(pending, out);
        }
    }

    fn await_reply(&mut self, pending: Pending, out: &mut Out<'_>) {
        let mut pieces: usize = self.pending.iter().map(|pending| pending.pieces.len()).sum();
        pieces += pending.pieces.len();
        while (pieces > PENDING_PIECES_MAX || self.pending.len() >= PENDING_MAX)
            && let Some(oldest) = self.pending.pop_front()
        {
            pieces -= oldest.pieces.len();
            self.tell(oldest, out);
        }
        self.pending.push_back(pending);
    }

    /// What has waited too long goes unanswered.
    fn give_up_waiting(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest, out);
        }
    }

    fn tell(&mut self, pending: Pending, out: &mut Out<'_>) {
        for Piece { asked, .. } in pending.pieces {
            if !pending.proven && !self.weakness_told && is_obeyed(&asked) {
                self.weakness_told = true;
                let detail = format_compact!("{} obeyed; nothing proved who asked", asked.function);
                out.weakness(pending.asker.other(), WeaknessKind::UnauthenticatedControl, detail);
            }
            out.request(pending.asker, asked);
        }
    }

    fn tell_role(&mut self, side: Side, out: &mut Out<'_>) {
        if !std::mem::replace(&mut self.role_told, true) {
            out.identity(side, Trait::Role, "outstation", "response", 80);
        }
    }

    fn warn_of_passwords(&self, side: Side, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        if fragment.function != FunctionCode::AUTHENTICATE_FILE {
            return;
        }
        let login = headers(fragment.function, fragment.objects)
            .filter(|objects| objects.group == 70)
            .find_map(|objects| FileObject::read(objects.variation, &objects.items().next()?));
        if let Some(FileObject::Login { user, with_password: true }) = login {
            let detail = format_compact!("user name {user}, for files");
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
    }
}

/// Whether a change was carried out. A selection changes nothing yet; a block written to a file does.
fn is_obeyed(asked: &Asked) -> bool {
    let changes = asked.verb.changes() && asked.function != "select"
        || asked.verb == Verb::Transfer && asked.function == "write";
    asked.reply == Reply::Done && changes
}
