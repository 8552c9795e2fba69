//! Pairs requests with responses.

use super::ask::{self, Piece};
use super::assembly::Assembly;
use super::file::FileObject;
use super::link::{self, Found, Header};
use super::message::{Fragment, FunctionCode};
use super::objects::headers;
use super::{attributes, fragments, parse, rows};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::footing::{Footing, Walk};
use crate::unanswered::Unanswered;
use city::{Reply, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::SignedDuration;

/// Fragments awaiting a response or a confirmation at a time. A master asks a station one thing at a time; behind one
/// address there may be several stations.
const PENDING_MAX: usize = 32;

/// How long a response is awaited.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a master and an outstation, perhaps with several behind one address.
#[derive(Default)]
struct Conversation {
    /// Of source and destination.
    assemblies: Ends<Assembly>,
    /// Whether messages are read where they begin.
    footing: Footing,
    pending: Unanswered<Key, PENDING_MAX, Vec<Piece>>,
    /// The last request, until a response was told with it.
    unanswered: Option<FunctionCode>,
    role_told: bool,
    weakness_told: bool,
}

/// What tells a response; or the confirmation of an unsolicited one.
struct Key {
    station: u16,
    sequence: u8,
    unsolicited: bool,
    /// Whether something proved who asks, or was made to.
    proven: bool,
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
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, link::find_frame) {
            match link::parse_frame(rest) {
                Found::Frame(header, blocks) => {
                    self.frame(side, &header, blocks, out);
                    walk.step(header.length());
                }
                Found::More => return walk.rests(),
                Found::Nothing if !self.footing.slip(side) => return Progress::Lost,
                Found::Nothing => {}
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.footing.lose(side);
        self.assemblies.of_mut(side).clear();
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }
}

impl Conversation {
    fn frame(&mut self, side: Side, header: &Header, blocks: &[u8], out: &mut Out<'_>) {
        if !header.has_user_data() {
            return;
        }
        // A frame with a wrong checksum is not taken by a device either; it is sent again.
        let Some(data) = link::user_data(blocks) else { return };
        if let Some(bytes) = self.assemblies.of_mut(side).add(header, &data)
            && let Some(fragment) = parse::parse_fragment(&bytes)
        {
            self.pending.give_up(WAIT, out);
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
        if no_reply {
            return self.tell(side, proven, pieces, out);
        }
        let key = Key { station, sequence: fragment.sequence, unsolicited: false, proven };
        self.pending.add(side, key, pieces, out);
    }

    fn response(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        if !fragment.first {
            return;
        }
        let asker = side.other();
        let is_challenge = fragment.function == FunctionCode::AUTHENTICATE_RESPONSE
            && headers(fragment.function, fragment.objects)
                .any(|objects| (objects.group, objects.variation) == (120, 1));
        let answered =
            |key: &Key| !key.unsolicited && (key.station, key.sequence) == (header.source, fragment.sequence);
        if is_challenge {
            // What was asked waits until the master has proved who it is.
            if let Some(pending) = self.pending.find(asker, answered) {
                pending.key.proven = true;
            }
            return;
        }
        if let Some(mut pending) = self.pending.take(asker, answered) {
            ask::answer(&mut pending.asked, fragment);
            self.tell(asker, pending.key.proven, pending.asked, out);
        }
    }

    fn published(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        let mut pieces = ask::pieces(header.source, fragment);
        if fragment.confirm {
            let (station, sequence) = (header.source, fragment.sequence);
            self.pending.add(side, Key { station, sequence, unsolicited: true, proven: true }, pieces, out);
        } else {
            pieces.iter_mut().for_each(|piece| piece.asked.reply = Reply::NotExpected);
            self.tell(side, true, pieces, out);
        }
    }

    fn confirmed(&mut self, side: Side, header: &Header, fragment: &Fragment<'_>, out: &mut Out<'_>) {
        let answered = |key: &Key| {
            key.unsolicited
                && fragment.unsolicited
                && (key.station, key.sequence) == (header.destination, fragment.sequence)
        };
        if let Some(mut pending) = self.pending.take(side.other(), answered) {
            pending.asked.iter_mut().for_each(|piece| piece.asked.reply = Reply::Done);
            self.tell(side.other(), true, pending.asked, out);
        }
    }

    fn tell(&mut self, asker: Side, is_proven: bool, pieces: Vec<Piece>, out: &mut Out<'_>) {
        for Piece { asked, .. } in pieces {
            if !is_proven && !self.weakness_told && is_obeyed(&asked) {
                self.weakness_told = true;
                let detail = format_compact!("{} obeyed; nothing proved who asked", asked.function);
                out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
            }
            out.request(asker, asked);
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
