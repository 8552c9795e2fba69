//! What a server answers, and what is told once it has.

use super::conversation::{CLIENT, Conversation};
use super::events::Transactions;
use super::message::{Authentication, Message};
use super::parse::{parse_report, text};
use super::statement::{Statement, Waiting};
use crate::dialogue::{Out, Side};
use crate::show::{VALUE_BYTES_MAX, cut, readable};
use city::{Reply, Text, Trait};
use compact_str::format_compact;

const SERVER: Side = Side::Destination;

impl Conversation {
    /// The statement that is being answered.
    fn answered(&mut self) -> Option<&mut Statement> {
        self.waiting.iter_mut().find_map(|waiting| match waiting {
            Waiting::Execute(statement) | Waiting::Query(statement) => Some(statement.as_mut()),
            Waiting::Prepare(_) | Waiting::Sync => None,
        })
    }

    pub(super) fn response(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        let body = message.body;
        match message.letter.0 {
            b'R' => self.authentication(body, out),
            b'S' => self.parameter(body, out),
            b'K' => self.transactions.put(out, |fields| {
                if let Some(number) = body.first_chunk::<4>() {
                    fields.show("response.process_id", u32::from_be_bytes(*number));
                    fields.put("response.secret_key", "(hidden)");
                }
            }),
            b'1' => {
                if matches!(self.waiting.front(), Some(Waiting::Prepare(_))) {
                    self.waiting.pop_front();
                }
            }
            b'T' => {
                let columns = body.first_chunk::<2>().map(|columns| u16::from_be_bytes(*columns));
                if let Some(statement) = self.answered() {
                    statement.columns = columns;
                }
            }
            b'D' => {
                let length = message.length;
                if let Some(statement) = self.answered() {
                    statement.row(body, length);
                }
            }
            b'd' => self.copied_out = (self.copied_out.0 + 1, self.copied_out.1 + message.length),
            b'G' | b'H' => {
                let column = if message.letter.0 == b'G' { "response.copy_in" } else { "response.copy_out" };
                if let [_, high, low, ..] = body {
                    let columns = u16::from_be_bytes([*high, *low]);
                    self.transactions.put(out, |fields| fields.show(column, columns));
                }
            }
            b'C' | b'I' | b's' => {
                let tag = text(&mut { body }).map(|tag| readable(tag, VALUE_BYTES_MAX));
                self.completed(tag.filter(|_| message.letter.0 == b'C'), out);
            }
            b'E' => self.error(body, out),
            b'Z' => self.ready(out),
            _ => {}
        }
    }

    fn authentication(&mut self, body: &[u8], out: &mut Out<'_>) {
        let Some((code, rest)) = body.split_first_chunk::<4>() else { return };
        let wanted = Authentication(u32::from_be_bytes(*code));
        let Some(login) = &mut self.login else { return };
        let mut is_over = true;
        match wanted {
            Authentication::OK => {
                login.tell(Reply::Done, CLIENT, out);
                self.transactions.put(out, |fields| fields.put("response.message", "authentication_ok"));
                is_over = false;
            }
            Authentication::SASL_FINAL => {
                self.transactions
                    .put(out, |fields| fields.put("response.authentication_sasl_final", "(hidden)"));
                is_over = false;
            }
            Authentication::SASL_CONTINUE => self
                .transactions
                .put(out, |fields| fields.put("response.message", "authentication_sasl_continue")),
            Authentication::MD5 => {
                login.asked_for(wanted);
                // What the hash is made with, and proves nothing without it.
                let salt = crate::show::escaped(rest, 16);
                self.transactions.put(out, |fields| fields.put("response.authentication_md5_password", salt));
            }
            _ => {
                login.asked_for(wanted);
                let name = match wanted {
                    Authentication::CLEARTEXT => "authentication_cleartext_password",
                    Authentication::SASL => "authentication_sasl",
                    Authentication::GSS => "authentication_gss",
                    Authentication::SSPI => "authentication_sspi",
                    _ => "authentication",
                };
                self.transactions.put(out, |fields| fields.put("response.message", name));
            }
        }
        if is_over {
            self.transactions.finish(CLIENT, out);
        }
    }

    /// What the server says of itself and of the session.
    fn parameter(&mut self, body: &[u8], out: &mut Out<'_>) {
        let mut rest = body;
        let (Some(name), Some(value)) = (text(&mut rest), text(&mut rest)) else { return };
        if name == b"server_version" {
            out.identity(SERVER, Trait::Product, "PostgreSQL", "server_version", 80);
            let version = readable(value, VALUE_BYTES_MAX);
            out.identity(SERVER, Trait::Firmware, &version, "server_version", 80);
            out.identity(SERVER, Trait::Role, "database", "server_version", 80);
        }
        self.transactions
            .put(out, |fields| Transactions::parameter(fields, "response.parameter", name, value));
    }

    /// A statement was carried out. A simple query may hold several, and is over when the server is ready again.
    fn completed(&mut self, tag: Option<Text>, out: &mut Out<'_>) {
        if let Some(tag) = &tag {
            self.transactions.put(out, |fields| fields.put("response.command_completed", tag.clone()));
        }
        while let Some(Waiting::Prepare(_)) = self.waiting.front() {
            self.waiting.pop_front();
        }
        match self.waiting.pop_front() {
            Some(Waiting::Execute(mut statement)) => {
                statement.tag = tag;
                statement.asked.reply = Reply::Done;
                out.request(CLIENT, statement.told(out.wants_details()));
            }
            Some(Waiting::Query(mut statement)) => {
                // The first says what the query's first word did.
                statement.tag = statement.tag.take().or(tag);
                statement.asked.reply = Reply::Done;
                self.waiting.push_front(Waiting::Query(statement));
            }
            Some(other) => self.waiting.push_front(other),
            None => {}
        }
    }

    fn error(&mut self, body: &[u8], out: &mut Out<'_>) {
        let report = parse_report(body);
        self.transactions.error(&report, out);
        let show =
            |letter| report.field(letter).map(|value| readable(value, VALUE_BYTES_MAX)).unwrap_or_default();
        let why = cut(&format_compact!("{} {}", show(b'C'), show(b'M')), VALUE_BYTES_MAX);
        if let Some(login) = self.login.as_mut().filter(|login| login.goes_on()) {
            login.tell(Reply::Refused(why), CLIENT, out);
            return self.transactions.finish(CLIENT, out);
        }
        match self.waiting.pop_front() {
            Some(Waiting::Execute(mut statement)) => {
                statement.asked.reply = Reply::Refused(why);
                out.request(CLIENT, statement.told(out.wants_details()));
            }
            Some(Waiting::Query(mut statement)) => {
                statement.asked.reply = Reply::Refused(why);
                self.waiting.push_front(Waiting::Query(statement));
            }
            // It cannot even be prepared; what was sent along with it is passed over by the server.
            Some(Waiting::Prepare(sql)) => {
                let mut statement = self.statement(&sql, out);
                statement.asked.reply = Reply::Refused(why);
                out.request(CLIENT, statement.told(out.wants_details()));
                while self
                    .waiting
                    .front()
                    .is_some_and(|next| !matches!(next, Waiting::Sync | Waiting::Query(_)))
                {
                    self.waiting.pop_front();
                }
            }
            Some(other) => self.waiting.push_front(other),
            None => {}
        }
    }

    /// The server is ready for the next query: what belonged together is over.
    fn ready(&mut self, out: &mut Out<'_>) {
        let mut statement = None;
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting {
                Waiting::Query(query) => {
                    statement = Some(query);
                    break;
                }
                Waiting::Sync => break,
                Waiting::Execute(statement) => out.request(CLIENT, statement.told(out.wants_details())),
                Waiting::Prepare(_) => {}
            }
        }
        if let Some(statement) = statement {
            self.tell_query(*statement, out);
        }
        (self.copied_in, self.copied_out) = ((0, 0), (0, 0));
        self.transactions.finish(CLIENT, out);
    }

    fn tell_query(&mut self, statement: Statement, out: &mut Out<'_>) {
        let (copied_in, copied_out) = (self.copied_in, self.copied_out);
        self.transactions.put(out, |fields| {
            if let Some(columns) = statement.columns {
                fields.show("response.field_count", columns);
            }
            if statement.rows > 0 {
                fields.show("response.data_rows", statement.rows);
                fields.show("response.data_size", statement.bytes);
            }
            for ((count, bytes), names) in [
                (copied_in, ["request.copy_count", "request.copy_size"]),
                (copied_out, ["response.copy_count", "response.copy_size"]),
            ] {
                if let (1.., [count_name, size_name]) = (count, names) {
                    fields.show(count_name, count);
                    fields.show(size_name, bytes);
                }
            }
        });
        out.message(CLIENT, "postgresql", |fields| {
            if let Some(login) = &self.login {
                fields.put("user", login.user.clone());
                fields.put("database", login.database.clone());
                if let Some(application) = &login.application {
                    fields.put("application_name", application.clone());
                }
            }
            fields.put("frontend", "simple_query");
            fields.put("frontend_arg", statement.sql.clone());
            fields.flag("success", statement.asked.reply == Reply::Done);
            if statement.asked.reply == Reply::Done {
                fields.show("rows", statement.rows);
            }
        });
        out.request(CLIENT, statement.told(out.wants_details()));
    }
}
