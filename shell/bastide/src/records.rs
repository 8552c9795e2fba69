//! `bastide records`: what captures hold, for other tools.

use crate::{
    arguments::Records,
    failure::Verdict,
    reading::{Purpose, Reading},
    record,
};
use std::io::{self, BufWriter, Write};

/// Prints every record of the captures, in the order in which each was complete.
pub(crate) fn run(command: &Records) -> anyhow::Result<Verdict> {
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let reading = Reading::open(&command.input.captures, Purpose::Records)?.with_progress();
    reading.read(
        |_| (),
        |observations| {
            for observation in observations.iter() {
                let kind = record::kind_of(observation);
                let wanted = kind.is_some_and(|kind| command.kind.is_empty() || command.kind.contains(&kind));
                if wanted {
                    record::write(&mut out, observation)?;
                }
            }
            Ok(())
        },
    )?;
    out.flush()?;
    Ok(Verdict::Good)
}
