//! The conduit matrix: what ran from each zone to each other.

use ::city::{Conversation, Flow, Protocol, Request, VerbSet, ZoneId};
use defend::conduit::{self, Judgement};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// From which zone to which. `None` stands for places in no zone.
pub type Ends = (Option<ZoneId>, Option<ZoneId>);

/// One cell of the conduit matrix: what ran from one zone to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Conversations that a conduit allows, or may allow once they say what they are.
    pub allowed: u64,
    /// Conversations that no conduit allows.
    pub outside: u64,
    /// Bytes of payload, both ways.
    pub bytes: u64,
    /// The verbs seen, by protocol.
    pub verbs: BTreeMap<Option<Protocol>, VerbSet>,
}

/// What ran between zones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Matrix {
    cells: BTreeMap<Ends, Cell>,
}

impl Matrix {
    pub(crate) fn cells(&self) -> impl ExactSizeIterator<Item = (&Ends, &Cell)> {
        self.cells.iter()
    }

    pub(crate) fn opened(&mut self, plan: &Plan, flow: &Flow, judgement: Option<Judgement>) {
        let Some(cell) = self.cell(plan, flow) else { return };
        match judgement {
            Some(Judgement::Outside) => cell.outside += 1,
            _ => cell.allowed += 1,
        }
    }

    /// A flow that was allowed until now turned out to be of a protocol, or of none.
    pub(crate) fn settled(&mut self, plan: &Plan, flow: &Flow, judgement: Option<Judgement>) {
        let unnamed = Flow { protocol: None, ..*flow };
        let was_open = conduit::judge(plan, &unnamed) == Judgement::Unsettled;
        let Some(cell) = self.cell(plan, flow) else { return };
        if was_open && judgement == Some(Judgement::Outside) {
            cell.allowed = cell.allowed.saturating_sub(1);
            cell.outside += 1;
        }
        cell.verbs.entry(flow.protocol).or_default();
    }

    pub(crate) fn ended(&mut self, plan: &Plan, conversation: &Conversation) {
        if let Some(cell) = self.cell(plan, &conversation.flow) {
            cell.bytes += conversation.bytes_in + conversation.bytes_out;
        }
    }

    pub(crate) fn requested(&mut self, plan: &Plan, request: &Request) {
        if let Some(cell) = self.cell(plan, &request.conversation()) {
            cell.verbs.entry(request.flow.protocol).or_default().insert(request.verb);
        }
    }

    /// The cell of a flow; none for what is sent to a group, which crosses no zone.
    fn cell(&mut self, plan: &Plan, flow: &Flow) -> Option<&mut Cell> {
        if !flow.source.is_station() || !flow.destination.is_station() {
            return None;
        }
        let id = |address| conduit::zone_of(plan, address).map(|zone| zone.id.clone());
        // At most one cell for each pair of zones, so the plan bounds the table.
        Some(self.cells.entry((id(flow.source), id(flow.destination))).or_default())
    }
}
