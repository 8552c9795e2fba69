//! The firewall beside the loop: responses are carried out there, and what it has is looked at again and again.

use crate::engine::{Containing, Message};
use city::{Firewall, FirewallMode, Response, ResponseState, Text, Unequal};
use cycle::City;
use defend::segmentation::{Counterexample, Policy, Question, prove};
use enforce::{Client, Mode, Shown};
use plan::Plan;
use ruleset::{Did, Ruleset};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How often the firewall is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// How many orders may wait.
const ORDERS_MAX: usize = 64;

/// The name under which the enforcer knows Bastide.
const WHO: &str = "bastide";

/// A device to be cut off or connected again.
struct Order {
    response: u64,
    target: std::net::IpAddr,
    contain: bool,
    reason: String,
}

/// Begins to look at the firewall behind a socket. What is returned carries responses out there.
pub(crate) fn begin(
    socket: PathBuf,
    city: Arc<RwLock<City>>,
    messages: SyncSender<Message>,
) -> anyhow::Result<Containing> {
    let (sender, orders) = sync_channel::<Order>(ORDERS_MAX);
    let answers = messages.clone();
    thread::Builder::new()
        .name("firewall".into())
        .spawn(move || Watch { socket, city, messages, last: None, compared: None }.run(&orders))?;
    Ok(Box::new(move |response| {
        let order = Order {
            response: response.number,
            target: response.target,
            contain: response.state == ResponseState::Ordered,
            reason: reason(response),
        };
        if sender.try_send(order).is_err() {
            let why = Text::const_new("too many orders wait for the firewall");
            // The loop itself calls this, so that waiting for it would be waiting for oneself.
            let _ = answers.try_send(Message::Answered(response.number, Some(why)));
        }
    }))
}

/// Why a device is cut off, in one line for the firewall's own log.
fn reason(response: &Response) -> String {
    let last = response.steps.last();
    let by = last.and_then(|step| step.by.as_deref()).unwrap_or("the plan");
    let text = format!("response {}, by {by}", response.number);
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

struct Watch {
    socket: PathBuf,
    city: Arc<RwLock<City>>,
    messages: SyncSender<Message>,
    /// What was told last.
    last: Option<Firewall>,
    /// What came of the last comparison with a plan, and of what.
    compared: Option<Compared>,
}

struct Compared {
    live: String,
    contained: Vec<std::net::IpAddr>,
    plan: Option<Arc<Plan>>,
    unequal: Vec<Unequal>,
    uncompared: Option<Text>,
}

impl Watch {
    /// Until the loop is gone.
    fn run(mut self, orders: &Receiver<Order>) {
        let mut looked: Option<Instant> = None;
        loop {
            let patience =
                looked.map_or(Duration::ZERO, |looked| LOOK_EVERY.saturating_sub(looked.elapsed()));
            match orders.recv_timeout(patience) {
                Ok(order) => {
                    let failure = carry(&self.socket, &order).err();
                    if self.messages.send(Message::Answered(order.response, failure)).is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    looked = Some(Instant::now());
                    let firewall = self.look();
                    if self.last.as_ref() != Some(&firewall) {
                        self.last = Some(firewall.clone());
                        if self.messages.send(Message::Firewall(Box::new(firewall))).is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }

    fn look(&mut self) -> Firewall {
        let shown = Client::connect(&self.socket, WHO).and_then(|mut client| client.show(true));
        match shown {
            Ok(shown) => self.tell(shown),
            Err(error) => Firewall {
                unreachable: Some(error.to_string().into()),
                ..self.last.clone().unwrap_or_default()
            },
        }
    }

    fn tell(&mut self, shown: Shown) -> Firewall {
        let held = shown.pending.as_ref().map(|pending| &pending.held).or(shown.confirmed.as_ref());
        let mode = match held.map(|held| held.mode) {
            None => FirewallMode::Open,
            Some(Mode::Observe) => FirewallMode::Observing,
            Some(Mode::Enforce) => FirewallMode::Enforcing,
        };
        let contained: Vec<_> = shown.quarantine.iter().map(|contained| contained.address).collect();
        let live = shown.texts.map(|texts| texts.live).unwrap_or_default();
        let plan = self.city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
        let same = |before: &Compared| {
            let plans = match (&before.plan, &plan) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now),
                (before, now) => before.is_none() && now.is_none(),
            };
            plans && before.live == live && before.contained == contained
        };
        if !self.compared.as_ref().is_some_and(same) {
            let (unequal, uncompared) = match (mode, &plan) {
                (FirewallMode::Enforcing, Some(plan)) => match compare(plan, &live, &contained) {
                    Ok(unequal) => (unequal, None),
                    Err(why) => (Vec::new(), Some(why)),
                },
                (FirewallMode::Enforcing, None) => (Vec::new(), Some(Text::const_new("there is no plan"))),
                _ => (Vec::new(), Some(Text::const_new("nothing is enforced"))),
            };
            self.compared = Some(Compared { live, contained: contained.clone(), plan, unequal, uncompared });
        }
        let (unequal, uncompared) = self
            .compared
            .as_ref()
            .map(|compared| (compared.unequal.clone(), compared.uncompared.clone()))
            .unwrap_or_default();
        Firewall {
            mode,
            unreachable: None,
            pending: shown.pending.is_some(),
            drift: shown.difference.iter().take(Firewall::LINES_MAX).map(Text::from).collect(),
            unequal,
            uncompared,
            contained,
        }
    }
}

fn carry(socket: &Path, order: &Order) -> Result<(), Text> {
    let mut client = Client::connect(socket, WHO).map_err(|error| Text::from(error.to_string()))?;
    let outcome = if order.contain {
        client.contain(order.target, &order.reason)
    } else {
        client.release(order.target)
    };
    match outcome {
        Ok(enforce::Done::Contained { sets, .. }) if sets.is_empty() => Err(Text::const_new(
            "the firewall has no rules of the plan yet, so that nothing refuses its packets",
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// Where a live ruleset differs from a plan, in words.
fn compare(plan: &Plan, live: &str, contained: &[std::net::IpAddr]) -> Result<Vec<Unequal>, Text> {
    let mut ruleset = Ruleset::parse(live).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Text::from(format!("the live rules could not be read: {first}"))
    })?;
    let policy = Policy::new(plan);
    let question = Question { quarantined: contained.to_vec(), ..Question::default() };
    let proof = prove(&policy, &mut ruleset, &question).map_err(|error| Text::from(error.to_string()))?;
    let told = proof.differences.iter().take(Firewall::LINES_MAX);
    Ok(told.map(|difference| unequal(plan, &ruleset, difference)).collect())
}

/// A difference in words.
pub(crate) fn unequal(plan: &Plan, ruleset: &Ruleset, difference: &Counterexample) -> Unequal {
    let name = |zone: Option<&city::ZoneId>| {
        let zone = zone.and_then(|id| plan.zone(id));
        zone.map_or("outside every zone", |zone| zone.name.as_str())
    };
    let rule = difference.trace.decision().map_or_else(
        || "no rule".to_owned(),
        |step| match &step.did {
            Did::Policy(verdict) => format!("the policy of chain {}: {verdict:?}", step.chain).to_lowercase(),
            _ => format!("line {} (chain {}): {}", step.place.line, step.chain, step.text),
        },
    );
    let conduits = difference.conduits.iter().map(|id| match plan.place_of(id) {
        Some((file, line)) => Text::from(format!("conduit {id} ({file}:{line})")),
        None => Text::from(format!("conduit {id}")),
    });
    Unequal {
        passes: difference.passes,
        path: format!("{} to {}", name(difference.from.as_ref()), name(difference.to.as_ref())).into(),
        packet: ruleset.show(&difference.packet).to_string().into(),
        rule: rule.into(),
        conduits: conduits.collect(),
    }
}
