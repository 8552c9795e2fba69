//! A response as it is sealed.

use ::city::Response;
use serde::{Deserialize, Serialize};

/// A response, each time that it came further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseRecord {
    /// Its number in the city, from 1.
    pub number: u64,
    /// The address that is cut off.
    pub target: String,
    /// The declared asset there.
    pub asset: Option<String>,
    /// What people call the device.
    pub name: String,
    /// The findings that it answers.
    pub findings: Vec<u64>,
    /// What it costs, in plain words.
    pub consequences: Vec<String>,
    /// The part of the plan that says to act without asking.
    pub standing: Option<String>,
    /// How far it has come.
    pub state: String,
    /// Who brought it here, by name; none if Bastide did by itself.
    pub by: Option<String>,
    /// What was said of it.
    pub step: String,
}

impl From<&Response> for ResponseRecord {
    fn from(response: &Response) -> ResponseRecord {
        let step = response.steps.last();
        ResponseRecord {
            number: response.number,
            target: response.target.to_string(),
            asset: response.asset.as_ref().map(ToString::to_string),
            name: response.name.to_string(),
            findings: response.findings.clone(),
            consequences: response.consequences.iter().map(|cost| cost.text.to_string()).collect(),
            standing: response.standing.as_ref().map(ToString::to_string),
            state: response.state.as_str().to_owned(),
            by: step.and_then(|step| step.by.as_ref()).map(ToString::to_string),
            step: step.map_or_else(String::new, |step| step.text.to_string()),
        }
    }
}
