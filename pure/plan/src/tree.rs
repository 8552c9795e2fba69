//! The text of a plan as typed tables, each value with its place. Nothing is resolved or compared yet.
//!
//! One declaration per table gives its fields, their reader, the columns of a spreadsheet and the JSON Schema, so
//! that none of them can drift from the others.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::{At, Lines, Span},
    suggest::Suggestions,
    value::{Lasting, Raw, Scalar, SecurityLevel, ZoneName},
};
use city::{
    Allowance, AssetId, ConduitId, ContactId, FeedId, Impact, Mac, ResponseId, Rule, ServiceId, Severity,
    SupplierId, Text, ZoneId,
};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{net::IpAddr, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What reading a file needs: its text, and where to put flaws.
pub(crate) struct Reading<'a> {
    pub file: u32,
    pub text: &'a str,
    pub flaws: &'a mut Flaws,
    pub suggestions: &'a mut Suggestions,
}

impl Reading<'_> {
    pub fn span(&self, bytes: Range<usize>) -> Span {
        Span::new(self.file, bytes)
    }

    /// Reads one value; what is wrong with it becomes flaws.
    fn scalar<T: Scalar>(&mut self, raw: Raw<'_>, span: Span, key: &str, title: &str) -> Option<At<T>> {
        match T::read(raw) {
            Ok(value) => Some(At { value, span }),
            Err(faults) => {
                for fault in faults {
                    let message = if fault.message.is_empty() {
                        format!("`{key}` of {title} is {}, and must be {}", raw.describe(), T::EXPECTED)
                    } else {
                        fault.message
                    };
                    let place = fault.within.map_or(span, |within| self.inside(raw, span, within));
                    self.flaws.push(Flaw::error(fault.code, place, message).maybe_help(fault.help));
                }
                None
            }
        }
    }

    /// Where a part of a text value stands in the file: exactly, if the file spells the text without escapes.
    fn inside(&self, raw: Raw<'_>, span: Span, within: Range<usize>) -> Span {
        let spelt = self.text.get(span.bytes()).unwrap_or_default();
        let (Raw::Text(value) | Raw::Cell(value)) = raw else { return span };
        let opening = if matches!(raw, Raw::Cell(_)) {
            0
        } else if spelt.starts_with("\"\"\"") || spelt.starts_with("'''") {
            3
        } else {
            1
        };
        match spelt.get(opening..).is_some_and(|rest| rest.starts_with(value)) {
            true => {
                let start = span.bytes().start + opening;
                self.span(start + within.start..start + within.end)
            }
            false => span,
        }
    }
}

/// A value that was found for a key.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    Value(&'a Spanned<DeValue<'a>>),
    /// A spreadsheet's cell, without space around it and not empty.
    Cell(&'a str, Span),
}

impl<'a> Found<'a> {
    fn raw(self) -> Raw<'a> {
        match self {
            Found::Cell(text, _) => Raw::Cell(text),
            Found::Value(value) => raw(value.get_ref()),
        }
    }

    fn span(self, reading: &Reading<'_>) -> Span {
        match self {
            Found::Cell(_, span) => span,
            Found::Value(value) => reading.span(value.span()),
        }
    }
}

fn raw<'a>(value: &'a DeValue<'a>) -> Raw<'a> {
    match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Float(number) => number.as_str().parse().map_or(Raw::Other("a number"), Raw::Float),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number beyond all bounds"), Raw::Integer),
        DeValue::Array(_) => Raw::Other("a list"),
        DeValue::Table(_) => Raw::Other("a table"),
        DeValue::Datetime(_) => Raw::Other("a date or time"),
    }
}

/// A field of a table: required, optional or a list.
trait Field: Sized {
    const REQUIRED: bool;
    fn read(
        found: Option<Found<'_>>,
        key: &str,
        title: &str,
        header: Span,
        reading: &mut Reading<'_>,
    ) -> Self;
    fn schema() -> Value;
}

/// A value without which the table makes no sense. Empty if it was missing or wrong, which is then a flaw already.
#[derive(Debug)]
pub(crate) struct Required<T>(pub Option<At<T>>);

impl<T> Required<T> {
    pub fn get(&self) -> Option<&At<T>> {
        self.0.as_ref()
    }
}

impl<T: Scalar> Field for Required<T> {
    const REQUIRED: bool = true;

    fn read(
        found: Option<Found<'_>>,
        key: &str,
        title: &str,
        header: Span,
        reading: &mut Reading<'_>,
    ) -> Self {
        let Some(found) = found else {
            let why = format!("{title} needs `{key}`");
            let help = format!("write `{key} = …`: {}", T::EXPECTED);
            reading.flaws.push(Flaw::error(Code::Missing, header, why).help(help));
            return Required(None);
        };
        let span = found.span(reading);
        Required(reading.scalar(found.raw(), span, key, title))
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A value that may be left out.
#[derive(Debug)]
pub(crate) struct Optional<T> {
    value: Option<At<T>>,
    /// Whether there is a value, and it could not be read: a flaw already, so that its absence is none.
    pub wrong: bool,
}

impl<T> Optional<T> {
    pub fn get(&self) -> Option<&At<T>> {
        self.value.as_ref()
    }

    /// The value, without its place.
    pub fn take(self) -> Option<T> {
        self.value.map(|at| at.value)
    }

    /// Whether nothing was written.
    pub fn is_left_out(&self) -> bool {
        self.value.is_none() && !self.wrong
    }
}

impl<T: Scalar> Field for Optional<T> {
    const REQUIRED: bool = false;

    fn read(found: Option<Found<'_>>, key: &str, title: &str, _: Span, reading: &mut Reading<'_>) -> Self {
        let Some(found) = found else { return Optional { value: None, wrong: false } };
        let span = found.span(reading);
        let value = reading.scalar(found.raw(), span, key, title);
        Optional { wrong: value.is_none(), value }
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A list of values, in the order of the text.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub items: Vec<At<T>>,
    /// Whether every entry could be read, so that what is absent is truly absent.
    pub whole: bool,
}

impl<T> List<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, At<T>> {
        self.items.iter()
    }

    /// Whether the list is empty, and not only because its entries could not be read.
    pub fn is_surely_empty(&self) -> bool {
        self.whole && self.items.is_empty()
    }
}

impl<T: Scalar> Field for List<T> {
    const REQUIRED: bool = false;

    fn read(found: Option<Found<'_>>, key: &str, title: &str, _: Span, reading: &mut Reading<'_>) -> Self {
        let mut list = List { items: Vec::new(), whole: true };
        let mut add = |raw: Raw<'_>, span: Span, reading: &mut Reading<'_>| {
            let value = reading.scalar(raw, span, key, title);
            list.whole &= value.is_some();
            list.items.extend(value);
        };
        match found {
            None => {}
            Some(Found::Cell(text, span)) => {
                let mut at = span.bytes().start;
                for piece in text.split([';', ',', ' ']) {
                    let place = reading.span(at..at + piece.len());
                    at += piece.len() + 1;
                    if !piece.is_empty() {
                        add(Raw::Cell(piece), place, reading);
                    }
                }
            }
            Some(Found::Value(value)) => match value.get_ref() {
                DeValue::Array(values) => {
                    for value in values.iter() {
                        let span = reading.span(value.span());
                        add(raw(value.get_ref()), span, reading);
                    }
                }
                other => {
                    let span = reading.span(value.span());
                    let what = raw(other);
                    let why = format!("`{key}` of {title} is {}, and must be a list", what.describe());
                    let spelt = reading.text.get(value.span()).unwrap_or_default();
                    let help = format!("write `{key} = [{spelt}]`");
                    let flaw = Flaw::error(Code::BadValue, span, why);
                    let short = matches!(what, Raw::Text(_)) && spelt.len() < 80;
                    reading.flaws.push(flaw.maybe_help(short.then_some(help)));
                    list.whole = false;
                }
            },
        }
        list
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// A kind of table.
pub(crate) trait Table: Sized {
    /// Its name in the text.
    const NAME: &'static str;
    /// What it declares, with its article: "a zone".
    const TITLE: &'static str;
    /// What it is for.
    const ABOUT: &'static str;
    /// Its keys, in the order of its fields.
    const KEYS: &'static [&'static str];

    /// Reads the fields, given what was found for each of the keys.
    fn read(found: &[Option<Found<'_>>], header: Span, reading: &mut Reading<'_>) -> Self;

    /// Where the table begins.
    fn header(&self) -> Span;

    /// Its JSON Schema.
    fn schema() -> Value;
}

macro_rules! tables {
    ($(
        $(#[doc = $about:literal])*
        $Table:ident $name:literal $title:literal {
            $($(#[doc = $doc:literal])* $field:ident $key:literal: $type:ty,)*
        }
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Debug)]
        pub(crate) struct $Table {
            /// Where the table begins.
            header: Span,
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl Table for $Table {
            const NAME: &'static str = $name;
            const TITLE: &'static str = $title;
            const ABOUT: &'static str = concat!($($about),*);
            const KEYS: &'static [&'static str] = &[$($key),*];

            fn read(found: &[Option<Found<'_>>], header: Span, reading: &mut Reading<'_>) -> Self {
                let mut found = found.iter().copied();
                $Table {
                    header,
                    $($field: Field::read(found.next().flatten(), $key, $title, header, reading),)*
                }
            }

            fn header(&self) -> Span {
                self.header
            }

            fn schema() -> Value {
                let mut properties = serde_json::Map::new();
                let mut required = Vec::new();
                $(
                    let mut field = <$type as Field>::schema();
                    if let Value::Object(field) = &mut field {
                        field.insert("description".into(), concat!($($doc),*).trim().into());
                    }
                    properties.insert($key.into(), field);
                    if <$type as Field>::REQUIRED {
                        required.push($key);
                    }
                )*
                json!({
                    "type": "object",
                    "description": Self::ABOUT.trim(),
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        }
    )*};
}

tables! {
    /// What is said once of the whole city.
    CityTable "city" "a city" {
        /// The city's name.
        name "name": Required<Text>,
        /// The IANA time zone in which people see times.
        time_zone "time-zone": Required<ZoneName>,
        /// For how long a new device's behaviour is learned rather than judged; 7d if not given.
        learning "learning": Optional<SignedDuration>,
        /// After how long without a sign a device counts as silent; 1h if not given.
        silence "silence": Optional<Lasting>,
    }

    /// An essential public function, such as signal control or telecare.
    ServiceTable "service" "a service" {
        /// By what other tables refer to it.
        id "id": Required<ServiceId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The contact who answers for it.
        owner "owner": Optional<ContactId>,
        /// How much it hurts when it fails: low, medium, high or critical.
        impact "impact": Required<Impact>,
        /// The services it cannot run without.
        needs "needs": List<ServiceId>,
        /// What it does without its network, in plain words: "junctions fall back to fixed time".
        fallback "fallback": Optional<Text>,
        /// Whether it must run: no response cuts it off unless a second person agrees; false if not given.
        must_run "must-run": Optional<bool>,
        /// Recovery time objective: by when it should run again.
        rto "rto": Optional<Lasting>,
        /// Recovery point objective: how much recent data may be lost.
        rpo "rpo": Optional<SignedDuration>,
        /// Maximum tolerable period of disruption (ISO 22301), after which the harm is not acceptable.
        mtpd "mtpd": Optional<Lasting>,
    }

    /// A group of assets with common security needs (IEC 62443-3-2).
    ZoneTable "zone" "a zone" {
        /// By what other tables refer to it.
        id "id": Required<ZoneId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The networks it spans; no two zones overlap.
        networks "networks": List<IpNet>,
        /// The security level aimed at (IEC 62443-3-3), 0 to 4; 0 if not given for a zone outside.
        security_level "security-level": Optional<SecurityLevel>,
        /// Whether it is not the city's: the internet, a supplier. One such zone may lack networks and is everywhere else.
        outside "outside": Optional<bool>,
        /// The interfaces of the enforcing firewall behind which it lies, such as vlan20.
        interfaces "interfaces": List<Text>,
    }

    /// An allowed path from one zone to another (IEC 62443-3-2). Replies are part of it.
    ConduitTable "conduit" "a conduit" {
        /// By what it is shown; from both ends and a number if not given.
        id "id": Optional<ConduitId>,
        /// The zone that begins.
        from "from": Required<ZoneId>,
        /// The zone that is spoken to.
        to "to": Required<ZoneId>,
        /// Those of the first zone that may begin; all of it if not given.
        from_assets "from-assets": List<AssetId>,
        /// Those of the second zone that may be spoken to; all of it if not given.
        to_assets "to-assets": List<AssetId>,
        /// Why it exists, in plain words.
        reason "reason": Required<Text>,
        /// What is allowed: protocols with verbs, perhaps on a port, or ports.
        allow "allow": List<Allowance>,
    }

    /// A device or system.
    AssetTable "asset" "an asset" {
        /// By what other tables refer to it.
        id "id": Required<AssetId>,
        /// Its name for people; the id if not given.
        name "name": Optional<Text>,
        /// The zone it stands in.
        zone "zone": Required<ZoneId>,
        /// Its IP addresses, each in the zone's networks.
        addresses "addresses": List<IpAddr>,
        /// Its MAC addresses.
        macs "macs": List<Mac>,
        /// The services it supports.
        services "services": List<ServiceId>,
        /// Who makes or runs it.
        supplier "supplier": Optional<SupplierId>,
        /// What it is: the maker's product and model.
        product "product": Optional<Text>,
        /// The firmware it should run.
        firmware "firmware": Optional<Text>,
        /// What it does: controller, server, workstation.
        role "role": Optional<Text>,
        /// After how long without a sign it counts as silent, if not the city's default.
        silence "silence": Optional<Lasting>,
    }

    /// A spreadsheet (CSV) of assets.
    InventoryTable "inventory" "an inventory" {
        /// The file, relative to this one.
        file "file": Required<Text>,
    }

    /// Who makes, supplies or runs something.
    SupplierTable "supplier" "a supplier" {
        /// By what other tables refer to it.
        id "id": Required<SupplierId>,
        /// Its name.
        name "name": Required<Text>,
        /// The contact to call there.
        contact "contact": Optional<ContactId>,
    }

    /// A stream of readings to the digital twin.
    FeedTable "feed" "a feed" {
        /// By what other tables refer to it.
        id "id": Required<FeedId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The asset it comes from.
        asset "asset": Required<AssetId>,
        /// The topic or path under which it is published.
        topic "topic": Required<Text>,
        /// The unit of its readings (UCUM), such as m or Cel.
        unit "unit": Required<Text>,
        /// The least value that is physically possible.
        minimum "minimum": Optional<f64>,
        /// The greatest value that is physically possible.
        maximum "maximum": Optional<f64>,
    }

    /// What shall be done by itself when something is found: whoever did it is contained. Everything else waits for a
    /// person.
    ResponseTable "response" "a response" {
        /// By what it is shown.
        id "id": Required<ResponseId>,
        /// The rules whose findings it answers, such as verb-not-allowed.
        rules "rules": List<Rule>,
        /// The zones that something was done to; all if not given.
        zones "zones": List<ZoneId>,
        /// The least severity that it answers: notice, low, medium, high or critical; high if not given.
        severity "severity": Optional<Severity>,
        /// Why it is right to act without asking, in plain words.
        reason "reason": Required<Text>,
    }

    /// Someone to tell, or to ask.
    ContactTable "contact" "a contact" {
        /// By what other tables refer to it.
        id "id": Required<ContactId>,
        /// The name of the person, team or organisation.
        name "name": Required<Text>,
        /// What they answer for.
        role "role": Required<Text>,
        /// Telephone number.
        telephone "telephone": Optional<Text>,
        /// Mail address.
        mail "mail": Optional<Text>,
    }
}

/// Everything that the files of a plan declare.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub cities: Vec<CityTable>,
    pub services: Vec<ServiceTable>,
    pub zones: Vec<ZoneTable>,
    pub conduits: Vec<ConduitTable>,
    pub assets: Vec<AssetTable>,
    pub inventories: Vec<InventoryTable>,
    pub suppliers: Vec<SupplierTable>,
    pub feeds: Vec<FeedTable>,
    pub responses: Vec<ResponseTable>,
    pub contacts: Vec<ContactTable>,
    /// Whether some text could not be read at all, so that what is missing may be there.
    pub broken: bool,
}

/// The tables that a file may hold.
pub(crate) const NAMES: [&str; 10] =
    ["city", "service", "zone", "conduit", "asset", "inventory", "supplier", "feed", "response", "contact"];

impl Tree {
    /// Adds what a TOML file declares.
    pub fn read_toml(&mut self, reading: &mut Reading<'_>) {
        let (document, errors) = DeTable::parse_recoverable(reading.text);
        if !self.read_syntax(&errors, reading) {
            self.read_tables(document.get_ref(), reading);
            return;
        }
        // Where the text is not TOML, tables may seem to lack or hold what is only misplaced: that is not told.
        let mut flaws = Flaws::default();
        let Reading { file, text, .. } = *reading;
        self.read_tables(
            document.get_ref(),
            &mut Reading { file, text, flaws: &mut flaws, suggestions: reading.suggestions },
        );
        reading.flaws.append(flaws, |code| {
            !matches!(code, Code::BadTable | Code::Missing | Code::UnknownKey | Code::UnknownTable)
        });
    }

    /// Tells of every line that is not TOML. Returns whether the tables can no longer be trusted to be as written.
    fn read_syntax(&mut self, errors: &[toml::de::Error], reading: &mut Reading<'_>) -> bool {
        let lines = Lines::new(if errors.is_empty() { "" } else { reading.text });
        let mut last_line = None;
        let mut broken = false;
        for error in errors {
            let bytes = error.span().unwrap_or_default();
            let span = reading.span(bytes.clone());
            if error.message() == "duplicate key" {
                let flaw = Flaw::error(Code::Syntax, span, "this key stands in its table twice");
                reading.flaws.push(flaw.help("leave one of them out"));
                continue;
            }
            broken = true;
            // A second complaint about a line is most often about the first mistake in it.
            let line = Some(lines.line_of(bytes.start).0);
            if std::mem::replace(&mut last_line, line) != line {
                let why = format!("this is not TOML: {}", error.message());
                reading.flaws.push(Flaw::error(Code::Syntax, span, why));
            }
        }
        self.broken |= broken;
        broken
    }

    fn read_tables(&mut self, document: &DeTable<'_>, reading: &mut Reading<'_>) {
        for (key, value) in document {
            let place = reading.span(key.span());
            match key.get_ref().as_ref() {
                "city" => match value.get_ref() {
                    DeValue::Table(table) => self.cities.push(read_table(table, place, reading)),
                    _ => reading.flaws.push(
                        Flaw::error(Code::BadTable, place, "the city is one table").help("write `[city]`"),
                    ),
                },
                "service" => read_list(&mut self.services, value, place, reading),
                "zone" => read_list(&mut self.zones, value, place, reading),
                "conduit" => read_list(&mut self.conduits, value, place, reading),
                "asset" => read_list(&mut self.assets, value, place, reading),
                "inventory" => read_list(&mut self.inventories, value, place, reading),
                "supplier" => read_list(&mut self.suppliers, value, place, reading),
                "feed" => read_list(&mut self.feeds, value, place, reading),
                "response" => read_list(&mut self.responses, value, place, reading),
                "contact" => read_list(&mut self.contacts, value, place, reading),
                other => {
                    let is_table = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
                    let what =
                        if is_table { "a plan has no table" } else { "a key must stand in a table, unlike" };
                    let help = reading.suggestions.did_you_mean(other, NAMES);
                    let flaw = Flaw::error(Code::UnknownTable, place, format!("{what} `{other}`"));
                    let flaw = flaw.help(format!("the tables are {}", NAMES.join(", ")));
                    reading.flaws.push(flaw.maybe_help(help));
                }
            }
        }
    }
}

fn read_list<T: Table>(
    list: &mut Vec<T>,
    value: &Spanned<DeValue<'_>>,
    place: Span,
    reading: &mut Reading<'_>,
) {
    if let DeValue::Array(tables) = value.get_ref() {
        for element in tables.iter() {
            if let DeValue::Table(table) = element.get_ref() {
                let header = header(reading, element.span());
                list.push(read_table(table, header, reading));
            } else {
                let span = reading.span(element.span());
                let why = format!("{} is a table, not {}", T::TITLE, raw(element.get_ref()).describe());
                reading
                    .flaws
                    .push(Flaw::error(Code::BadTable, span, why).help(format!("write `[[{}]]`", T::NAME)));
            }
        }
    } else {
        let why = format!("there may be more than one {}, so its brackets are double", T::NAME);
        let flaw = Flaw::error(Code::BadTable, place, why);
        reading.flaws.push(flaw.help(format!("write `[[{}]]`, and the id as `id = \"…\"` beneath", T::NAME)));
    }
}

/// The first line of a table's text.
fn header(reading: &Reading<'_>, bytes: Range<usize>) -> Span {
    let text = reading.text.get(bytes.clone()).unwrap_or_default();
    let length = text.find(['\n', '\r']).unwrap_or(text.len());
    reading.span(bytes.start..bytes.start + length)
}

fn read_table<'a, T: Table>(table: &'a DeTable<'a>, header: Span, reading: &mut Reading<'_>) -> T {
    // One place more than any table has keys.
    let mut found: [Option<Found<'a>>; 12] = [None; 12];
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let known = T::KEYS.iter().position(|known| *known == name);
        match known.and_then(|at| found.get_mut(at)) {
            Some(slot) => *slot = Some(Found::Value(value)),
            None => {
                let help = reading.suggestions.did_you_mean(name, T::KEYS.iter().copied());
                let span = reading.span(key.span());
                let flaw = Flaw::error(Code::UnknownKey, span, format!("{} has no `{name}`", T::TITLE));
                let flaw = flaw.help(format!("its keys are {}", T::KEYS.join(", ")));
                reading.flaws.push(flaw.maybe_help(help));
            }
        }
    }
    T::read(&found, header, reading)
}
