//! Statements that wait for their results, with those that were prepared.

use super::parse::text;
use crate::dialogue::Asked;
use crate::show::{VALUE_BYTES_MAX, cut, readable};
use crate::sql::{STATEMENT_MAX, asked, shown};
use city::Text;
use compact_str::{ToCompactString, format_compact};
use std::collections::VecDeque;

/// Prepared statements, and portals with their parameters, that are known at a time.
const PREPARED_MAX: usize = 64;

/// A statement whose result is awaited.
#[derive(Debug)]
pub struct Statement {
    pub asked: Asked,
    pub sql: Text,
    pub rows: u64,
    /// Bytes of the values in the rows.
    pub bytes: u64,
    pub columns: Option<u16>,
    /// What the server calls what it did: `INSERT 0 1`.
    pub tag: Option<Text>,
}

impl Statement {
    /// A statement as it was asked for.
    pub fn asked(sql: &str, user: Option<&Text>, wants_details: bool) -> Statement {
        let sql_shown = shown(sql, STATEMENT_MAX, false);
        Statement {
            asked: asked(sql, sql_shown.clone(), user, wants_details),
            sql: sql_shown,
            rows: 0,
            bytes: 0,
            columns: None,
            tag: None,
        }
    }

    /// Counts a row. Of its length, two bytes are the number of columns and four before each its own length.
    pub fn row(&mut self, body: &[u8], length: u64) {
        self.rows += 1;
        let columns = body.first_chunk::<2>().map_or(0, |columns| u16::from_be_bytes(*columns));
        self.bytes += length.saturating_sub(2 + 4 * u64::from(columns));
    }

    /// The request with what came of it.
    pub fn told(self, wants_details: bool) -> Asked {
        let mut asked = self.asked;
        if wants_details && self.rows > 0 {
            asked.details.push((Text::const_new("rows"), self.rows.to_compact_string()));
            asked.details.push((Text::const_new("bytes"), self.bytes.to_compact_string()));
        }
        asked.value = self.tag.or(asked.value);
        asked
    }
}

/// What a client sent that the server answers, in its order.
#[derive(Debug)]
pub enum Waiting {
    /// A statement that was sent to be prepared.
    Prepare(Text),
    /// A prepared one that is to be carried out.
    Execute(Box<Statement>),
    /// A simple query, which is over when the server is ready again.
    Query(Box<Statement>),
    /// The end of what belongs together.
    Sync,
}

/// Statements by name. What is forgotten is told by its name alone.
#[derive(Debug, Default)]
pub struct Prepared {
    statements: VecDeque<(Vec<u8>, Text)>,
    portals: VecDeque<(Vec<u8>, Text)>,
}

impl Prepared {
    /// `Parse`: a name, and the statement. Returns the statement.
    pub fn parse(&mut self, mut body: &[u8]) -> Option<Text> {
        let name = text(&mut body)?;
        let sql = statement(body);
        put(&mut self.statements, name, sql.clone());
        Some(sql)
    }

    /// `Bind`: a portal is made of a statement. The parameters are not looked at.
    pub fn bind(&mut self, mut body: &[u8]) {
        if let Some(portal) = text(&mut body)
            && let Some(name) = text(&mut body)
        {
            let sql = find(&self.statements, name).cloned();
            let sql = sql.unwrap_or_else(|| format_compact!("execute {}", readable(name, VALUE_BYTES_MAX)));
            put(&mut self.portals, portal, sql);
        }
    }

    /// `Execute`: the statement of a portal.
    pub fn execute(&self, mut body: &[u8]) -> Text {
        let portal = text(&mut body).unwrap_or_default();
        find(&self.portals, portal).cloned().unwrap_or_else(|| "execute".into())
    }
}

fn put(known: &mut VecDeque<(Vec<u8>, Text)>, name: &[u8], sql: Text) {
    known.retain(|(other, _)| other != name);
    if known.len() >= PREPARED_MAX {
        known.pop_front();
    }
    known.push_back((name.iter().copied().take(VALUE_BYTES_MAX).collect(), cut(&sql, STATEMENT_MAX)));
}

fn find<'k>(known: &'k VecDeque<(Vec<u8>, Text)>, name: &[u8]) -> Option<&'k Text> {
    let name = name.get(..VALUE_BYTES_MAX).unwrap_or(name);
    known.iter().find(|(other, _)| other == name).map(|(_, sql)| sql)
}

/// A statement in a body of which perhaps only the beginning is there.
pub fn statement(mut body: &[u8]) -> Text {
    let whole = body;
    let sql = text(&mut body).unwrap_or(whole);
    String::from_utf8_lossy(sql).into_owned().into()
}
