//! `bastide enforcer`: the process that holds the firewall.

use super::Enforcer;
use crate::failure::{Verdict, say, warn};
use enforce::Settings;

/// Runs it without end, or settles what one that was stopped left pending.
pub(crate) fn run(command: &Enforcer) -> anyhow::Result<Verdict> {
    let settings = Settings {
        state: command.state.clone(),
        socket: command.socket.clone(),
        nft: command.nft.clone(),
        tell: |line| warn(line),
    };
    if command.settle {
        say(enforce::settle(&settings)?);
        return Ok(Verdict::Good);
    }
    match enforce::run(&settings)? {}
}
