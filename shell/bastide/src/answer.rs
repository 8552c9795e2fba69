//! `bastide assets`, `findings`, `services` and `responses`: what is known of a city, from its process or its files.

use crate::{
    arguments::Look,
    failure::Verdict,
    show::{self, Column},
    state::{self, Question},
};
use std::io::{self, BufWriter, Write};

/// Answers a question in the format asked for.
pub(crate) fn run(look: &Look, question: &Question) -> anyhow::Result<Verdict> {
    let columns: &[Column] = match question {
        Question::Assets => &show::ASSETS,
        Question::Findings => &show::FINDINGS,
        Question::Incidents => &show::INCIDENTS,
        Question::Services => &show::SERVICES,
        Question::Responses => &show::RESPONSES,
    };
    let answer = state::ask(&look.state.directory(), question)?;
    let mut out = BufWriter::new(io::stdout().lock());
    show::rows(&mut out, &answer, columns, look.format)?;
    out.flush()?;
    Ok(Verdict::Good)
}
