//! Data connections: how much went through them, and of what kind.

use crate::content::{self, File, START_MAX};
use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::flow::Ends;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// A data connection. Its content is passed over; that it is counted costs something only where logs are wanted.
#[derive(Default)]
pub(super) struct Data {
    files: Ends<Option<File>>,
}

impl Dialogue for Data {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if !out.wants_logs() {
            return Progress::Skip(REST);
        }
        let now = out.time;
        let file = self.files.of_mut(side).get_or_insert_with(|| {
            let mime = content::mime(bytes.get(..START_MAX).unwrap_or(bytes));
            // The command's own row has the type too, and is told before the connection is over.
            out.message(side, "ftp_data", |fields| {
                if let Some(mime) = mime {
                    fields.put("mime_type", mime);
                }
            });
            let span = (now, now);
            File {
                source: "FTP_DATA",
                mime,
                filename: None,
                span,
                seen: 0,
                declared: None,
                missed: 0,
                part: None,
            }
        });
        file.seen += bytes.len() as u64;
        file.span.1 = now;
        Progress::Used(bytes.len())
    }

    fn gap(&mut self, side: Side, missing: u64, _out: &mut Out<'_>) {
        if let Some(file) = self.files.of_mut(side) {
            file.missed = file.missed.saturating_add(missing);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        for side in [Side::Source, Side::Destination] {
            if let Some(file) = self.files.of_mut(side).take() {
                file.tell(side, out);
            }
        }
    }
}
