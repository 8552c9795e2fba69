//! `bastide defend …`, `contain` and `release`: requests to the enforcer.

use super::{Ask, FirewallCommand, status};
use crate::{
    arguments::Format,
    failure::{Verdict, warn},
    table::printable,
};
use anyhow::{Context, bail};
use defend::segmentation::{
    Policy,
    nftables::{Settings, compile},
};
use enforce::{Client, ClientError, Digest, Done, Mode, Request, To};
use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    net::IpAddr,
    path::Path,
};

/// The longest text of rules that is read: longer than what the enforcer, or a proof, takes.
const TEXT_MAX: u64 = 256 << 20;

/// Runs one of the commands of `bastide defend`.
pub(crate) fn run(command: &FirewallCommand) -> anyhow::Result<Verdict> {
    match command {
        FirewallCommand::Status { ask, live, staged } => status::run(ask, *live, *staged),
        FirewallCommand::Stage { file, observing, city, ask } => {
            let (text, observing) = match (file, city) {
                (Some(file), _) => (read(file)?, observing.as_deref().map(read).transpose()?),
                (None, Some(city)) => compiled(city)?,
                (None, None) => bail!("give a file of rules, or the folder of a plan with --city"),
            };
            if [Some(&text), observing.as_ref()]
                .into_iter()
                .flatten()
                .any(|text| text.len() > enforce::TEXT_MAX)
            {
                bail!("the rules have more than the {} bytes that the enforcer takes", enforce::TEXT_MAX);
            }
            let (text, observing) = (text.into(), observing.map(Into::into));
            ask.put(Request::Stage { text, observing }, Some("put it in force with `bastide defend apply`"))
        }
        FirewallCommand::Apply { confirm_within, observe, city, digest, ask } => {
            let digest = match city {
                Some(city) => {
                    let (text, observing) = compiled(city)?;
                    Some(ask.connect()?.stage(&text, observing.as_deref())?)
                }
                None => ask.digest(digest.as_deref(), |shown| {
                    shown.staged.as_ref().map(|staged| staged.digest.clone())
                })?,
            };
            let digest = digest.context(
                "nothing is staged; name a plan with --city, or let `bastide defend stage FILE` come first",
            )?;
            let mode = if *observe { Mode::Observe } else { Mode::Enforce };
            let next = "if all is well, keep it with `bastide defend confirm`";
            ask.put(Request::Apply { digest, seconds: *confirm_within, mode }, Some(next))
        }
        FirewallCommand::Confirm { digest, ask } => {
            let pending =
                |shown: &enforce::Shown| shown.pending.as_ref().map(|pending| pending.held.digest.clone());
            let digest = ask.digest(digest.as_deref(), |shown| pending(shown))?;
            let Some(digest) = digest else {
                warn("nothing waits for a confirmation; a change that is not confirmed in time is reverted");
                return Ok(Verdict::Bad);
            };
            ask.put(Request::Confirm { digest }, None)
        }
        FirewallCommand::Revert { to, ask } => {
            let to = match to {
                None => To::Previous,
                Some(0) => To::Nothing,
                Some(number) => To::Number(*number),
            };
            ask.put(Request::Revert { to }, None)
        }
    }
}

/// Puts an address into quarantine.
pub(crate) fn contain(ask: &Ask, address: IpAddr, reason: &str) -> anyhow::Result<Verdict> {
    ask.put(Request::Contain { address, reason: reason.to_owned() }, None)
}

/// Lets an address out of quarantine.
pub(crate) fn release(ask: &Ask, address: IpAddr) -> anyhow::Result<Verdict> {
    ask.put(Request::Release { address }, None)
}

impl Ask {
    /// A connection to the enforcer.
    pub(super) fn connect(&self) -> anyhow::Result<Client> {
        let client = Client::connect(&self.socket, &self.who());
        client.context("`systemctl start bastide-enforcer` starts it; its socket is for its group")
    }

    fn who(&self) -> String {
        let signed_in = || ["SUDO_USER", "LOGNAME", "USER"].iter().find_map(|name| env::var(name).ok());
        let who = self.who.clone().or_else(signed_in).filter(|who| !who.is_empty());
        who.unwrap_or_else(|| format!("user {}", rustix::process::geteuid().as_raw()))
    }

    /// The digest given, or the one that the enforcer has.
    fn digest(
        &self,
        given: Option<&str>,
        pick: impl FnOnce(&enforce::Shown) -> Option<Digest>,
    ) -> anyhow::Result<Option<Digest>> {
        match given {
            None => Ok(pick(&self.connect()?.show(false)?)),
            Some(given) => match Digest::try_from(given.to_owned()) {
                Ok(digest) => Ok(Some(digest)),
                Err(why) => bail!("`{}` is no digest: {why}", printable(given)),
            },
        }
    }

    /// Makes a request, and prints what was done.
    fn put(&self, request: Request, next: Option<&str>) -> anyhow::Result<Verdict> {
        let done = match self.connect()?.ask(request) {
            Err(ClientError::Refused(why)) => {
                warn(format_args!("refused: {why}"));
                return Ok(Verdict::Bad);
            }
            other => other?,
        };
        let mut out = io::stdout().lock();
        match self.format {
            Format::Table => {
                writeln!(out, "{}.", printable(&sentence(&done)))?;
                if let Some(next) = next {
                    warn(next);
                }
            }
            Format::Json | Format::Csv => {
                serde_json::to_writer_pretty(&mut out, &done)?;
                writeln!(out)?;
            }
        }
        Ok(Verdict::Good)
    }
}

/// What was done, with a capital letter.
fn sentence(done: &Done) -> String {
    let said = done.to_string();
    let mut letters = said.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The rules of a plan: those that refuse, and those that only log.
fn compiled(city: &Path) -> anyhow::Result<(String, Option<String>)> {
    let plan = crate::plan::read_plan(city)?;
    let policy = Policy::new(&plan);
    for gap in &policy.gaps {
        warn(gap);
    }
    let text = |observe| compile(&policy, Settings { observe, bridge: None });
    Ok((text(false), Some(text(true))))
}

/// Reads rules from a file or, where it is `-`, from standard input. What is longer than anything that is taken is cut
/// behind that, and refused by whoever takes it.
pub(crate) fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(TEXT_MAX).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(TEXT_MAX).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read the rules in `{}`", file.display()))?;
    Ok(text)
}
