//! Refusing what was learned of an asset.

use crate::{
    config::Ask,
    door::{Fields, Right, Visitor},
    pages::responses::{DECISION, reason_of},
    refusal::Refusal,
    state::State,
    view::{self, BaselineList},
    words,
};
use ::city::Address;
use axum::{
    extract::{Path, State as Reached},
    response::{IntoResponse, Redirect, Response},
};
use defend::Habit;
use tokio::sync::oneshot;

pub(crate) async fn refuse(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(key): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let address = Some(fields.text("address")).filter(|text| !text.is_empty());
    refuse_as(&state, &visitor, &key, address, fields.text("habit"), fields.text("reason")).await?;
    Ok(Redirect::to(&format!("/assets/{key}")).into_response())
}

/// Refuses a habit of an asset's device, so that it counts as never learned.
pub(crate) async fn refuse_as(
    state: &State,
    visitor: &Visitor,
    key: &str,
    address: Option<&str>,
    habit: &str,
    reason: &str,
) -> Result<(), Refusal> {
    visitor.must(Right::Act)?;
    let reason = reason_of(visitor, reason)?;
    let device = device(state, key, address)?;
    let habit: Habit = habit.parse().map_err(|why| Refusal::Unfit(sentence(why)))?;
    let (answer, answered) = oneshot::channel();
    let ask = Ask::Refuse { by: visitor.holder.clone(), device, habit, reason, answer };
    let busy = "Bastide is busy or stopping. Try again in a moment.";
    state.asks().try_send(ask).map_err(|_| Refusal::Unavailable(busy))?;
    let answered = tokio::time::timeout(DECISION, answered).await.map_err(|_| Refusal::Unavailable(busy))?;
    let answered = answered.map_err(|_| Refusal::Unavailable(busy))?;
    answered.map_err(|why| Refusal::Conflict(sentence(&why)))
}

/// The address of an asset of which something was learned; it must be named where there are several.
fn device(state: &State, key: &str, address: Option<&str>) -> Result<Address, Refusal> {
    let BaselineList { baselines } = view::baselines(&state.city(), key).ok_or_else(|| unknown(key))?;
    let mut fitting =
        baselines.iter().filter(|baseline| address.is_none_or(|address| baseline.address == address.trim()));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => {
            one.address.parse().map_err(|_| Refusal::Unfit("That address cannot be read.".to_owned()))
        }
        (Some(_), Some(_)) => {
            Err(Refusal::Unfit("The asset has several addresses; name the one that is meant.".to_owned()))
        }
        (None, _) => Err(Refusal::Conflict("Nothing was learned of that device.".to_owned())),
    }
}

fn sentence(why: &str) -> String {
    words::capital(&format!("{}.", why.trim_end_matches('.')))
}

pub(crate) fn unknown(key: &str) -> Refusal {
    Refusal::NotFound(format!("No asset `{key}` is declared or was seen."))
}
