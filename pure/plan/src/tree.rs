//! The text of a plan as typed tables, each value with its place. Nothing is resolved or compared yet.
//!
//! One declaration per table gives its fields, their reader, the columns of a spreadsheet and the JSON Schema, so
//! that none of them can drift from the others.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    procedure::Written,
    source::{Lines, Span},
    value::{NO_SECRETS, names_a_secret},
};
use serde_json::Value;
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

mod field;

use field::{Field, raw};
pub(crate) use field::{Found, List, Optional, Reading, Required};

/// As many keys as the greatest table has.
pub(crate) const KEYS_MAX: usize = 18;

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
            const KEYS: &'static [&'static str] = {
                let keys: &[&str] = &[$($key),*];
                assert!(keys.len() <= KEYS_MAX);
                keys
            };

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

mod declared;
mod exchange;
mod notify;
mod recovery;

pub(crate) use declared::{
    AssetTable, CityTable, ConduitTable, ContactTable, FeedTable, InventoryTable, ResponseTable,
    ServiceTable, SupplierTable, ZoneTable,
};
pub(crate) use exchange::PeerTable;
pub(crate) use notify::NotifyTable;
pub(crate) use recovery::{BackupTable, CheckTable, CrewTable, ProcedureTable, RepositoryTable, SiteTable};

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
    pub sites: Vec<SiteTable>,
    pub crews: Vec<CrewTable>,
    pub repositories: Vec<RepositoryTable>,
    pub backups: Vec<BackupTable>,
    pub checks: Vec<CheckTable>,
    pub procedures: Vec<ProcedureTable>,
    pub peers: Vec<PeerTable>,
    pub notify: Vec<NotifyTable>,
    /// What the procedures' files say, in their order; empty where a file could not be read.
    pub texts: Vec<Written>,
    /// Whether some text could not be read at all, so that what is missing may be there.
    pub broken: bool,
}

/// The tables that a file may hold.
pub(crate) const NAMES: [&str; 18] = [
    "city",
    "service",
    "zone",
    "conduit",
    "asset",
    "inventory",
    "supplier",
    "feed",
    "response",
    "contact",
    "site",
    "crew",
    "repository",
    "backup",
    "check",
    "procedure",
    "peer",
    "notify",
];

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
            reading.hide_secret_of_line(&lines, bytes.start);
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
                "site" => read_list(&mut self.sites, value, place, reading),
                "crew" => read_list(&mut self.crews, value, place, reading),
                "repository" => read_list(&mut self.repositories, value, place, reading),
                "backup" => read_list(&mut self.backups, value, place, reading),
                "check" => read_list(&mut self.checks, value, place, reading),
                "procedure" => read_list(&mut self.procedures, value, place, reading),
                "peer" => read_list(&mut self.peers, value, place, reading),
                "notify" => read_list(&mut self.notify, value, place, reading),
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
    let mut found: [Option<Found<'a>>; KEYS_MAX] = [None; KEYS_MAX];
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let known = T::KEYS.iter().position(|known| *known == name);
        match known.and_then(|at| found.get_mut(at)) {
            Some(slot) => *slot = Some(Found::Value(value)),
            None if names_a_secret(name) || name == "key" => {
                reading.flaws.hide(reading.span(value.span()));
                let flaw = Flaw::error(
                    Code::Secret,
                    reading.span(key.span()),
                    format!("{} has no `{name}`, and what stands here may be a secret", T::TITLE),
                );
                reading.flaws.push(flaw.help(NO_SECRETS));
            }
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
