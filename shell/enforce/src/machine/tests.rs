//! The machine in a world of its own: a disk, a kernel and a clock that are values. Every step may be the last.

use super::*;
use proptest::prelude::*;

const OLD: &str =
    "table inet bastide {\n\tset quarantine4 {\n\t\ttype ipv4_addr\n\t}\n\tchain old {\n\t}\n}\n";
const NEW: &str =
    "table inet bastide {\n\tset quarantine4 {\n\t\ttype ipv4_addr\n\t}\n\tchain new {\n\t}\n}\n";
const ONLY_LOGS: &str = "table inet bastide {\n\tchain logs {\n\t}\n}\n";

/// What outlasts the process, and the process.
#[derive(Clone, Debug)]
struct World {
    texts: BTreeMap<Digest, String>,
    on_disk: Option<State>,
    /// The text in the kernel and what its quarantine sets hold.
    kernel: (String, BTreeSet<IpAddr>),
    seconds: u64,
    /// How many more acts are carried out before the process dies.
    acts_left: usize,
    /// Acts that do not succeed, by their place.
    fails: BTreeSet<usize>,
    acts: usize,
}

impl World {
    fn new() -> World {
        World {
            texts: BTreeMap::new(),
            on_disk: None,
            kernel: (String::new(), BTreeSet::new()),
            seconds: 1_000,
            acts_left: usize::MAX,
            fails: BTreeSet::new(),
            acts: 0,
        }
    }

    fn now(&self) -> Now {
        // The wall clock is anything.
        let wall = Timestamp::from_second(if self.seconds.is_multiple_of(2) { 0 } else { 4_000_000_000 });
        Now { boot: Duration::from_secs(self.seconds), wall: wall.unwrap() }
    }

    fn live(&self) -> Live {
        let elements: Vec<String> = self.kernel.1.iter().map(ToString::to_string).collect();
        let line = format!("\t\ttype ipv4_addr\n\t\telements = {{ {} }}\n", elements.join(", "));
        let text = if elements.is_empty() {
            self.kernel.0.clone()
        } else {
            self.kernel.0.replace("\t\ttype ipv4_addr\n", &line)
        };
        Live::read(text)
    }

    fn start(&mut self) -> Option<Machine> {
        let (mut machine, step) = Machine::start(self.on_disk.clone(), &self.live(), self.now());
        if let Some(step) = step {
            self.go(&mut machine, step)?;
        }
        Some(machine)
    }

    /// Nothing if the process died meanwhile.
    fn go(&mut self, machine: &mut Machine, mut step: Step) -> Option<Answer> {
        loop {
            match step {
                Step::Say(answer) => return Some(answer),
                Step::Do(act) => {
                    self.acts_left = self.acts_left.checked_sub(1)?;
                    self.acts += 1;
                    let outcome = match self.fails.contains(&self.acts) {
                        true => Err("it broke".to_owned()),
                        false => Ok(self.carry_out(&act, &machine.state().contained())),
                    };
                    step = machine.went(outcome, self.now());
                }
            }
        }
    }

    fn carry_out(&mut self, act: &Act, contained: &BTreeSet<IpAddr>) -> Outcome {
        match act {
            Act::Check { .. } => Outcome::Done,
            Act::Elements { add, remove } => {
                self.kernel.1.extend(add.values().flatten());
                remove.values().flatten().for_each(|address| {
                    self.kernel.1.remove(address);
                });
                Outcome::Done
            }
            Act::Keep { state, texts, needs } => {
                assert!(needs.iter().all(|digest| self.texts.contains_key(digest)));
                self.texts.extend(texts.iter().map(|text| (Digest::of(&[text]), text.to_string())));
                let needed: Vec<Digest> = state.texts().into_iter().cloned().collect();
                needed.iter().for_each(|digest| assert!(self.texts.contains_key(digest), "{digest:?}"));
                self.texts.retain(|digest, _| needed.contains(digest));
                self.on_disk = Some((**state).clone());
                Outcome::Done
            }
            Act::Load(held) => {
                let text = held.as_ref().map_or("", |held| &self.texts[&held.text]);
                let has_set = text.contains("quarantine4");
                self.kernel = (text.to_owned(), if has_set { contained.clone() } else { BTreeSet::new() });
                Outcome::Live(self.live())
            }
            Act::Look { .. } => {
                let settled = self.on_disk.as_ref().and_then(|state| state.settled.as_ref());
                let should_be = settled.map(|digest| self.texts[digest].clone());
                Outcome::Looked { live: self.live(), should_be, texts: None }
            }
        }
    }

    fn ask(&mut self, machine: &mut Machine, request: Request) -> Option<Answer> {
        let step = machine.ask(request, "ann".into(), self.now());
        self.go(machine, step)
    }

    fn done(&mut self, machine: &mut Machine, request: Request) -> Done {
        match self.ask(machine, request.clone()) {
            Some(Answer::Done(done)) => done,
            other => panic!("{request}: {other:?}"),
        }
    }

    fn refused(&mut self, machine: &mut Machine, request: Request) -> String {
        match self.ask(machine, request.clone()) {
            Some(Answer::Refused(why)) => why,
            other => panic!("{request}: {other:?}"),
        }
    }

    fn tick(&mut self, machine: &mut Machine) -> Option<Answer> {
        let step = machine.tick(self.now())?;
        self.go(machine, step)
    }

    /// Stages, applies and confirms.
    fn put(&mut self, machine: &mut Machine, text: &str) {
        self.done(machine, stage(text));
        self.done(machine, apply(text));
        self.done(machine, confirm(text));
    }

    /// What the machine says should be live is live, to the last element.
    fn is_settled(&mut self, machine: &mut Machine) {
        match self.done(machine, Request::Show { texts: false }) {
            Done::Shown(shown) => assert!(!shown.differs, "{:?}", shown.difference),
            other => panic!("{other:?}"),
        }
    }
}

fn stage(text: &str) -> Request {
    Request::Stage { text: text.into(), observing: None }
}

fn apply(text: &str) -> Request {
    Request::Apply { digest: Digest::of(&[text]), seconds: 30, mode: Mode::Enforce }
}

fn confirm(text: &str) -> Request {
    Request::Confirm { digest: Digest::of(&[text]) }
}

fn contain(address: &str) -> Request {
    Request::Contain { address: address.parse().unwrap(), reason: "odd writes".into() }
}

fn release(address: &str) -> Request {
    Request::Release { address: address.parse().unwrap() }
}

/// A world in which OLD is confirmed.
fn settled() -> (World, Machine) {
    let mut world = World::new();
    let mut machine = world.start().unwrap();
    world.put(&mut machine, OLD);
    assert_eq!(world.kernel.0, OLD);
    (world, machine)
}

#[test]
fn a_change_that_is_confirmed_stays() {
    let (mut world, mut machine) = settled();
    world.put(&mut machine, NEW);
    world.seconds += 100_000;
    assert!(world.tick(&mut machine).is_none());
    assert_eq!(world.kernel.0, NEW);
    world.is_settled(&mut machine);
    // A reboot.
    world.kernel = (String::new(), BTreeSet::new());
    world.start().unwrap();
    assert_eq!(world.kernel.0, NEW);
}

#[test]
fn a_change_that_is_not_confirmed_is_reverted_whatever_the_wall_clock_says() {
    let (mut world, mut machine) = settled();
    world.done(&mut machine, stage(NEW));
    world.done(&mut machine, apply(NEW));
    world.seconds += 29;
    assert!(world.tick(&mut machine).is_none());
    assert_eq!(world.kernel.0, NEW);
    world.seconds += 1;
    let late = world.refused(&mut machine, confirm(NEW));
    assert!(late.contains("too late"), "{late}");
    assert!(matches!(world.tick(&mut machine), Some(Answer::Done(_))));
    assert_eq!(world.kernel.0, OLD);
    assert!(world.refused(&mut machine, confirm(NEW)).contains("nothing waits"));
    world.is_settled(&mut machine);
}

#[test]
fn the_first_rules_of_all_are_reverted_to_none() {
    let mut world = World::new();
    let mut machine = world.start().unwrap();
    world.done(&mut machine, stage(NEW));
    world.done(&mut machine, apply(NEW));
    world.done(&mut machine, Request::Revert { to: To::Previous });
    assert_eq!(world.kernel.0, "");
    world.is_settled(&mut machine);
    assert!(world.refused(&mut machine, Request::Revert { to: To::Previous }).contains("nothing to revert"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (mut world, mut machine) = settled();
    let before = world.on_disk.clone();
    assert!(world.refused(&mut machine, apply(NEW)).contains("not what is staged"));
    let digest = Digest::of(&[OLD]);
    for (seconds, mode, why) in
        [(0, Mode::Enforce, "seconds"), (30, Mode::Observe, "observing"), (86_401, Mode::Enforce, "seconds")]
    {
        let request = Request::Apply { digest: digest.clone(), seconds, mode };
        assert!(world.refused(&mut machine, request).contains(why));
    }
    assert!(world.refused(&mut machine, stage("flush ruleset")).contains("flush"));
    assert!(world.refused(&mut machine, Request::Revert { to: To::Number(9) }).contains("no state 9"));
    for address in ["0.0.0.0", "127.0.0.1", "::1", "224.0.0.1", "255.255.255.255", "ff02::1", "::"] {
        assert!(world.refused(&mut machine, contain(address)).contains("no device"), "{address}");
    }
    assert_eq!(world.on_disk, before);
    world.done(&mut machine, apply(OLD));
    assert!(world.refused(&mut machine, apply(OLD)).contains("waits"));
    assert!(world.refused(&mut machine, confirm(NEW)).contains("what waits"));
    assert!(world.refused(&mut machine, Request::Revert { to: To::Nothing }).contains("waits"));
}

#[test]
fn rules_that_only_log_are_another_text_of_the_same_change() {
    let (mut world, mut machine) = settled();
    let request = Request::Stage { text: NEW.into(), observing: Some(ONLY_LOGS.into()) };
    let Done::Staged(staged) = world.done(&mut machine, request) else { panic!() };
    assert_eq!(staged.digest, Digest::of(&[NEW, ONLY_LOGS]));
    let apply = |mode| Request::Apply { digest: staged.digest.clone(), seconds: 30, mode };
    world.done(&mut machine, apply(Mode::Observe));
    assert_eq!(world.kernel.0, ONLY_LOGS);
    world.done(&mut machine, Request::Confirm { digest: staged.digest.clone() });
    world.done(&mut machine, apply(Mode::Enforce));
    assert_eq!(world.kernel.0, NEW);
}

#[test]
fn any_earlier_state_can_be_returned_to() {
    let (mut world, mut machine) = settled();
    world.put(&mut machine, NEW);
    world.put(&mut machine, ONLY_LOGS);
    for (to, text) in [(To::Previous, NEW), (To::Number(1), OLD), (To::Nothing, ""), (To::Previous, OLD)] {
        world.done(&mut machine, Request::Revert { to });
        assert_eq!(world.kernel.0, text, "{to:?}");
        world.is_settled(&mut machine);
    }
    let history = &machine.state().history;
    let numbers: Vec<_> = history.iter().map(|kept| (kept.number, kept.reverted_to)).collect();
    assert_eq!(
        numbers,
        [(1, None), (2, None), (3, None), (4, Some(2)), (5, Some(1)), (6, None), (7, Some(5))]
    );
}

#[test]
fn the_history_is_bounded_and_its_texts_go_with_it() {
    let (mut world, mut machine) = settled();
    for n in 0..HISTORY_MAX + 5 {
        world.put(&mut machine, &format!("table inet bastide {{\n\tchain c{n} {{\n\t}}\n}}\n"));
    }
    assert_eq!(machine.state().history.len(), HISTORY_MAX);
    assert!(world.texts.len() <= HISTORY_MAX + 1);
    assert!(world.refused(&mut machine, Request::Revert { to: To::Number(1) }).contains("no state 1"));
}

#[test]
fn quarantine_outlasts_changes_reverts_and_reboots() {
    let (mut world, mut machine) = settled();
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    world.done(&mut machine, contain("192.0.2.7"));
    let held = BTreeSet::from([address]);
    assert_eq!(world.kernel.1, held);
    world.done(&mut machine, stage(NEW));
    world.done(&mut machine, apply(NEW));
    assert_eq!(world.kernel, (NEW.to_owned(), held.clone()));
    world.done(&mut machine, contain("192.0.2.8"));
    world.done(&mut machine, release("192.0.2.7"));
    world.done(&mut machine, Request::Revert { to: To::Previous });
    let held = BTreeSet::from(["192.0.2.8".parse().unwrap()]);
    assert_eq!(world.kernel, (OLD.to_owned(), held.clone()));
    world.kernel = (String::new(), BTreeSet::new());
    let mut machine = world.start().unwrap();
    assert_eq!(world.kernel, (OLD.to_owned(), held));
    world.is_settled(&mut machine);
    let Done::Released { was_contained, .. } = world.done(&mut machine, release("192.0.2.99")) else {
        panic!()
    };
    assert!(!was_contained);
    // Written as IPv6, it is the same device.
    world.done(&mut machine, release("::ffff:192.0.2.8"));
    assert!(world.kernel.1.is_empty());
}

#[test]
fn an_address_is_kept_for_rules_that_are_yet_to_come() {
    let mut world = World::new();
    let mut machine = world.start().unwrap();
    let Done::Contained { sets, mode, .. } = world.done(&mut machine, contain("192.0.2.7")) else { panic!() };
    assert_eq!((sets, mode), (Vec::new(), None));
    world.put(&mut machine, OLD);
    assert_eq!(world.kernel.1.len(), 1);
    let Done::Contained { sets, .. } = world.done(&mut machine, contain("2001:db8::7")) else { panic!() };
    assert!(sets.is_empty(), "the rules have no set for IPv6");
}

#[test]
fn rules_found_at_the_first_start_are_those_to_return_to() {
    let (mut world, mut machine) = settled();
    world.done(&mut machine, contain("192.0.2.7"));
    (world.on_disk, world.texts) = (None, BTreeMap::new());
    let mut machine = world.start().unwrap();
    world.is_settled(&mut machine);
    world.done(&mut machine, stage(NEW));
    world.done(&mut machine, apply(NEW));
    world.done(&mut machine, Request::Revert { to: To::Previous });
    assert_eq!(world.kernel.0, OLD);
    assert_eq!(world.kernel.1.len(), 1);
}

#[test]
fn what_someone_else_changed_is_shown_and_left_alone() {
    let (mut world, mut machine) = settled();
    world.kernel.0 = OLD.replace("chain old", "chain mine");
    let Done::Shown(shown) = world.done(&mut machine, Request::Show { texts: false }) else { panic!() };
    assert_eq!(shown.difference, ["- chain old {", "+ chain mine {"]);
    world.start().unwrap();
    assert!(world.kernel.0.contains("chain mine"));
}

#[test]
fn a_kernel_that_takes_nothing_more_is_asked_again_until_it_does() {
    let (mut world, mut machine) = settled();
    world.done(&mut machine, stage(NEW));
    // Written; not loaded; not put back either.
    world.fails = BTreeSet::from([world.acts + 2, world.acts + 3]);
    let answer = world.ask(&mut machine, apply(NEW));
    let Some(Answer::Failed(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("tried again"), "{why}");
    assert!(world.refused(&mut machine, confirm(NEW)).contains("too late"));
    assert!(world.tick(&mut machine).is_none());
    world.seconds += RETRY.as_secs();
    assert!(matches!(world.tick(&mut machine), Some(Answer::Done(_))));
    assert!(machine.due().is_none());
    assert_eq!(world.kernel.0, OLD);
    world.is_settled(&mut machine);
}

#[test]
fn a_request_that_breaks_at_any_step_leaves_the_old_rules() {
    for request in [apply(NEW), Request::Revert { to: To::Nothing }, contain("192.0.2.7"), stage(ONLY_LOGS)] {
        for step in 1..=4 {
            let (mut world, mut machine) = settled();
            world.done(&mut machine, stage(NEW));
            world.fails = BTreeSet::from([world.acts + step]);
            match world.ask(&mut machine, request.clone()) {
                Some(Answer::Done(_)) => {}
                Some(_) => {
                    assert_eq!(world.kernel.0, OLD, "{request} broken at step {step}");
                    assert!(machine.state().pending.is_none());
                }
                None => panic!(),
            }
        }
    }
}

/// What may happen, with how many acts the process has left to live.
#[derive(Clone, Debug)]
enum Happens {
    Asked(Request),
    Dies { after: usize },
    Reboots,
    TimePasses(u64),
}

fn happening() -> impl Strategy<Value = Happens> {
    let text = || prop_oneof![Just(OLD), Just(NEW), Just(ONLY_LOGS)];
    let address = || prop_oneof![Just("192.0.2.7"), Just("192.0.2.8"), Just("2001:db8::7")];
    let to = prop_oneof![Just(To::Nothing), Just(To::Previous), (0..5_u32).prop_map(To::Number)];
    let request = prop_oneof![
        text().prop_map(stage),
        text().prop_map(apply),
        text().prop_map(confirm),
        address().prop_map(contain),
        address().prop_map(release),
        to.prop_map(|to| Request::Revert { to }),
    ];
    prop_oneof![
        8 => request.prop_map(Happens::Asked),
        3 => (0..6_usize).prop_map(|after| Happens::Dies { after }),
        1 => Just(Happens::Reboots),
        1 => (1..40_u64).prop_map(Happens::TimePasses),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The process may die before any act. What is in the kernel is then what was to be there before or after, and the
    /// next start settles: what is confirmed is live with the whole quarantine, and nothing is pending.
    #[test]
    fn whatever_happens_the_next_start_settles(happens in proptest::collection::vec(happening(), 1..60)) {
        let mut world = World::new();
        let mut machine = world.start().unwrap();
        for what in happens {
            let before = machine.state().history.clone();
            let may_change = matches!(what, Happens::Asked(Request::Confirm { .. } | Request::Revert { .. }));
            let mut dead = false;
            match what {
                Happens::Asked(request) => dead = world.ask(&mut machine, request).is_none(),
                Happens::Dies { after } => world.acts_left = after,
                Happens::Reboots => {
                    world.kernel = (String::new(), BTreeSet::new());
                    world.seconds = 0;
                    dead = true;
                }
                Happens::TimePasses(seconds) => {
                    world.seconds += seconds;
                    dead = machine.due().is_some_and(|due| due <= world.now().boot) && world.tick(&mut machine).is_none();
                }
            }
            if dead {
                // It may die again while it settles.
                let live = world.live().rules;
                let whole: Vec<String> = ["", OLD, NEW, ONLY_LOGS].iter().map(|text| (*text).to_owned()).collect();
                prop_assert!(whole.contains(&live), "half of something is live: {live}");
                world.acts_left = 1;
                if let Some(started) = world.start() {
                    machine = started;
                } else {
                    world.acts_left = usize::MAX;
                    machine = world.start().unwrap();
                }
                world.acts_left = usize::MAX;
                let state = machine.state();
                prop_assert!(state.pending.is_none());
                prop_assert!(may_change || state.history == before, "confirmed by a death");
                let expected = state.confirmed().map_or("", |held| &world.texts[&held.text]);
                prop_assert_eq!(&world.kernel.0, expected);
            }
            prop_assert_eq!(world.on_disk.as_ref(), Some(machine.state()));
            if world.acts_left == usize::MAX {
                world.is_settled(&mut machine);
            }
        }
    }
}
