//! Averbourne, the demo's town, with a day of events made up from its own plan: every conduit is used as declared, and
//! a few things go wrong. The same events every time.

use ::city::{
    Address, Allowance, Asset, Binding, ConnectionState, Conversation, Flow, Identity, Loss, LossKind, Mac,
    Observation, Observed, Protocol, Reply, Request, Target, Trait, Transport, Verb, Weakness, WeaknessKind,
    Witness,
};
use cycle::{City, Event};
use jiff::{SignedDuration, Timestamp};
use plan::{Plan, SourceFile};
use std::{fs, net::IpAddr, path::Path, sync::Arc};

/// The text of Averbourne's plan.
pub fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let entries = ["", "procedures"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    let file = |path: &std::path::PathBuf| {
        // The demo's devices speak every minute; these speak every five.
        let mut text = fs::read_to_string(path).unwrap();
        text = text.replace("learning = \"10m\"", "learning = \"22h\"");
        for short in ["90s", "2m", "3m", "5m"] {
            text = text.replace(&format!(",{short}\n"), ",15m\n");
        }
        SourceFile::new(path.strip_prefix(&root).unwrap().to_str().unwrap(), text)
    };
    paths.iter().map(file).collect()
}

/// The town after a day that ends at `now`, and what history keeps of that day.
pub fn averbourne(now: Timestamp) -> (City, Vec<Event>) {
    let plan = Arc::new(plan::check(&sources()).plan.expect("the demo's plan has no errors"));
    let mut day = Day { plan: plan.clone(), events: Vec::new(), chance: 7 };
    day.quiet(now - SignedDuration::from_hours(23), now);
    day.trouble(now);
    day.events.sort_by_key(Event::time);
    let mut city = City::new(Some(plan));
    let mut effects = Vec::new();
    for event in &day.events {
        city.handle(event, &mut effects);
    }
    city.handle(&Event::Tick(now), &mut effects);
    let kept = |fact: &Observed| matches!(fact, Observed::Conversation(_) | Observed::Request(_));
    day.events.retain(|event| matches!(event, Event::Observed(seen) if kept(&seen.fact)));
    (city, day.events)
}

/// Carries a decision as the one loop would, and says what came of it: nothing is connected that could do it.
pub fn decide(
    city: &mut City,
    decision: &::city::Decision,
    by: &str,
    now: Timestamp,
) -> Result<Box<::city::Response>, String> {
    city.may(decision, by).map_err(str::to_owned)?;
    let mut effects = Vec::new();
    city.handle(&Event::Decided { time: now, by: by.into(), decision: decision.clone() }, &mut effects);
    let decided =
        city.response_about(decision).cloned().ok_or_else(|| "there is no such response".to_owned())?;
    Ok(Box::new(decided))
}

/// Does what a person decided about an incident as the one loop would, and says which to look at then.
pub fn handle(
    city: &mut City,
    incident: u64,
    act: &::city::IncidentAct,
    by: &str,
    now: Timestamp,
) -> Result<u64, String> {
    city.may_see_to(incident, act, Timestamp::now()).map_err(str::to_owned)?;
    let event = Event::Handled { time: now, by: by.into(), incident, act: act.clone() };
    city.handle(&event, &mut Vec::new());
    let latest = city.incidents().next_back().map_or(incident, |latest| latest.number);
    Ok(match act {
        ::city::IncidentAct::Merge { into } => *into,
        ::city::IncidentAct::Split { .. } => latest,
        _ => incident,
    })
}

/// Refuses a habit as the one loop would.
pub fn refuse(
    city: &mut City,
    device: Address,
    habit: defend::Habit,
    by: &str,
    now: Timestamp,
) -> Result<(), String> {
    city.may_refuse(device, habit).map_err(str::to_owned)?;
    city.handle(&Event::Refused { time: now, by: by.into(), device, habit }, &mut Vec::new());
    Ok(())
}

/// Hunts as the process would: there is one thing to be found.
pub fn hunt(
    city: &mut City,
    by: &str,
    asked: &console::HuntAsked,
    now: Timestamp,
) -> Result<Box<console::HuntFound>, String> {
    let (laptop, pump) = (IpAddr::from([192, 0, 2, 94]), IpAddr::from([192, 0, 2, 162]));
    let hunted = ::city::Hunted {
        hunt: asked.name.clone().unwrap_or_else(|| asked.pattern.clone()).into(),
        by: by.into(),
        technique: None,
        from: now - SignedDuration::from_hours(24),
        until: now,
        searched: 12_000,
        found: 3,
        subject: Some(pump.into()),
    };
    let fact = Observed::Hunted(Box::new(hunted.clone()));
    let seen = Observation { time: now, sensor: "bastide".into(), fact };
    city.handle(&Event::Observed(seen), &mut Vec::new());
    let hit = console::HuntHit {
        first: now - SignedDuration::from_mins(90),
        last: now - SignedDuration::from_mins(80),
        rows: 3,
        source: Some(laptop.into()),
        destination: Some(pump.into()),
        port: Some(502),
        protocol: Some("modbus"),
        what: "write",
        function: "write-single-register".into(),
        target: "holding-register 40".into(),
        value: Some("<b>7</b>".into()),
    };
    Ok(Box::new(console::HuntFound { hunted, hits: vec![hit], beyond: 0, unsought: Vec::new() }))
}

/// Tells of a firewall that does nearly what the plan says.
pub fn look_at_firewall(city: &mut City, now: Timestamp) {
    let firewall = ::city::Firewall {
        mode: ::city::FirewallMode::Enforcing,
        pending: true,
        drift: vec!["+ tcp dport 23 accept comment \"for the contractor\"".into()],
        contained: vec![IpAddr::from([192, 0, 2, 94])],
        unequal: vec![::city::Unequal {
            passes: true,
            path: "Council offices to Traffic signals".into(),
            packet: "tcp 192.0.2.40:40000 to 192.0.2.71:23, a new connection".into(),
            rule: "line 9 (chain forward): tcp dport 23 accept comment \"for the contractor\"".into(),
            conduits: Vec::new(),
        }],
        ..::city::Firewall::default()
    };
    city.handle(&Event::Firewall { time: now, firewall: Box::new(firewall) }, &mut Vec::new());
}

/// Says what came of an order.
pub fn answer(city: &mut City, response: u64, failure: Option<&str>, now: Timestamp) {
    let event = Event::Answered { time: now, response, failure: failure.map(Into::into) };
    city.handle(&event, &mut Vec::new());
}

struct Day {
    plan: Arc<Plan>,
    events: Vec<Event>,
    chance: u64,
}

impl Day {
    fn roll(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator: any will do that is the same every time.
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) as usize % below.max(1)
    }

    fn see(&mut self, time: Timestamp, fact: Observed) {
        self.events.push(Event::Observed(Observation { time, sensor: "mirror-1".into(), fact }));
    }

    fn quiet(&mut self, from: Timestamp, until: Timestamp) {
        let plan = self.plan.clone();
        let silent = ["Old Bridge", "Elm Court"];
        let heard = |asset: &&Asset| !silent.iter().any(|name| asset.name.contains(name));
        let assets: Vec<&Asset> =
            plan.assets().filter(heard).filter(|asset| !asset.addresses.is_empty()).collect();
        for asset in &assets {
            self.introduce(asset, from);
        }
        let mut time = from;
        while time < until {
            for conduit in plan.conduits() {
                let hour = time.as_second() % 86_400 / 3_600;
                if self.roll(if (7..19).contains(&hour) { 2 } else { 6 }) > 0 {
                    continue;
                }
                let ends = |zone: &::city::ZoneId| {
                    assets.iter().filter(|asset| asset.zone == *zone).collect::<Vec<_>>()
                };
                let (sources, destinations) = (ends(&conduit.from), ends(&conduit.to));
                let (Some(source), Some(destination)) = (
                    sources.get(self.roll(sources.len())).copied(),
                    destinations.get(self.roll(destinations.len())).copied(),
                ) else {
                    continue;
                };
                let which = self.roll(conduit.allow.len());
                let second = self.roll(280) as i64;
                self.as_allowed(
                    time + SignedDuration::from_secs(second),
                    source,
                    destination,
                    &conduit.allow[which],
                );
            }
            for asset in &assets {
                // Every device is heard within any time the plan gives it.
                self.arp(time + SignedDuration::from_secs(1), asset);
            }
            time += SignedDuration::from_mins(5);
        }
    }

    fn arp(&mut self, time: Timestamp, asset: &Asset) {
        let (Some(address), Some(mac)) = (asset.addresses.first(), asset.macs.first()) else { return };
        self.see(time, Observed::Binding(Binding { address: *address, mac: *mac, protocol: Protocol::Arp }));
    }

    fn introduce(&mut self, asset: &Asset, time: Timestamp) {
        self.arp(time, asset);
        let address = Address::Ip(asset.addresses[0]);
        let role = asset.role.as_deref().unwrap_or_default();
        let (protocol, field) = match role {
            "controller" => (Protocol::Modbus, "read-device-identification"),
            "gateway" => (Protocol::Dhcp, "option 60"),
            _ => (Protocol::Http, "Server"),
        };
        let mut say = |about, value: &str, confidence| {
            self.see(
                time,
                Observed::Identity(Identity {
                    address,
                    about,
                    value: value.into(),
                    witness: Witness { protocol, field: field.into() },
                    confidence,
                }),
            );
        };
        if let Some(product) = &asset.product {
            say(Trait::Vendor, product.split(' ').next().unwrap_or_default(), 90);
            say(Trait::Product, product, 90);
        }
        if let Some(firmware) = &asset.firmware {
            say(Trait::Firmware, firmware, 90);
        }
        say(Trait::Name, asset.id.as_str(), 50);
    }

    fn as_allowed(&mut self, time: Timestamp, source: &Asset, destination: &Asset, allow: &Allowance) {
        let (source, destination) = (source.addresses[0], destination.addresses[0]);
        match allow {
            Allowance::Requests { protocol, verbs, target, .. } => {
                let verbs: Vec<Verb> = protocol.verbs().iter().filter(|verb| verbs.contains(*verb)).collect();
                let verb = verbs[self.roll(verbs.len())];
                let target = target.as_ref().map_or_else(Target::default, |pattern| Target {
                    unit: pattern.unit,
                    kind: pattern.kind.clone().unwrap_or_default(),
                    numbers: pattern.numbers.map(|range| (range.first, range.first)),
                    name: pattern.name.clone().unwrap_or_default().replace('*', "1").as_str().into(),
                });
                self.talk(time, source, destination, *protocol, verb, target);
            }
            Allowance::Ports(ports) => {
                let flow = Flow {
                    source: source.into(),
                    source_port: 40_000 + self.roll(20_000) as u16,
                    destination: destination.into(),
                    destination_port: ports.numbers.first as u16,
                    transport: ports.transport,
                    protocol: None,
                };
                self.converse(time, flow, 2_400);
            }
            Allowance::Packets { .. } => {}
        }
    }

    fn talk(
        &mut self,
        time: Timestamp,
        source: IpAddr,
        destination: IpAddr,
        protocol: Protocol,
        verb: Verb,
        target: Target,
    ) {
        let transport = match protocol {
            Protocol::Icmp => Transport::Icmp,
            Protocol::Bacnet | Protocol::Dns | Protocol::Dhcp | Protocol::Mdns => Transport::Udp,
            _ => Transport::Tcp,
        };
        let port = protocol.usual_ports().first().map_or(0, |(_, port)| *port);
        let flow = Flow {
            source: source.into(),
            source_port: if transport == Transport::Icmp { 8 } else { 40_000 + self.roll(20_000) as u16 },
            destination: destination.into(),
            destination_port: port,
            transport,
            protocol: None,
        };
        self.see(time, Observed::Opened(flow));
        let flow = Flow { protocol: Some(protocol), ..flow };
        self.see(time, Observed::Recognised(flow));
        let function = format!("{verb}-request").into();
        let request = Request {
            flow,
            back: false,
            verb,
            function,
            target,
            value: None,
            reply: Reply::Done,
            details: Vec::new(),
        };
        self.see(time, Observed::Request(Box::new(request)));
        self.end(time, flow, 640);
    }

    fn converse(&mut self, time: Timestamp, flow: Flow, bytes: u64) {
        self.see(time, Observed::Opened(flow));
        self.end(time, flow, bytes);
    }

    fn end(&mut self, time: Timestamp, flow: Flow, bytes: u64) {
        let conversation = Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: time,
            duration: SignedDuration::from_secs(2),
            packets_out: 6,
            packets_in: 5,
            bytes_out: bytes / 3,
            bytes_in: bytes,
            ip_bytes_out: bytes / 3 + 240,
            ip_bytes_in: bytes + 200,
            missed_bytes: 0,
            details: Vec::new(),
            history: "ShADadFf".into(),
            state: ConnectionState::Sf,
            ended: true,
        };
        self.see(time + SignedDuration::from_secs(2), Observed::Conversation(Box::new(conversation)));
    }

    /// A rogue laptop that scans, a write from the wrong place, a leaked password, a claimed address, a lossy mirror.
    fn trouble(&mut self, now: Timestamp) {
        let plan = self.plan.clone();
        let at = |minutes: i64| now - SignedDuration::from_mins(minutes);
        let in_zone = |zone: &str| {
            let here =
                |asset: &&Asset| asset.zone.as_str() == zone && !asset.id.as_str().starts_with("gateway");
            plan.assets().filter(here).cloned().collect::<Vec<_>>()
        };
        let (signals, water, office, cctv) =
            (in_zone("signals"), in_zone("water"), in_zone("office"), in_zone("cctv"));
        // A laptop that nobody knows, on a controller's cabinet switch.
        let laptop: IpAddr = "192.0.2.94".parse().unwrap();
        let mac = Mac([0x02, 0, 0x5e, 0, 0x53, 0xfe]);
        self.see(at(96), Observed::Binding(Binding { address: laptop, mac, protocol: Protocol::Arp }));
        self.see(
            at(95),
            Observed::Identity(Identity {
                address: laptop.into(),
                about: Trait::Name,
                // A name is whatever a device says, and this one would rather be markup.
                value: "<img src=x onerror=alert(1)>".into(),
                witness: Witness { protocol: Protocol::Dhcp, field: "option 12".into() },
                confidence: 50,
            }),
        );
        for (index, asset) in signals.iter().cycle().take(60).enumerate() {
            let target = asset.addresses[0];
            let flow = Flow {
                source: laptop.into(),
                source_port: 50_000 + index as u16,
                destination: target.into(),
                destination_port: [22, 23, 80, 502, 8080, 161][index % 6],
                transport: Transport::Tcp,
                protocol: None,
            };
            self.converse(at(90) + SignedDuration::from_secs(index as i64), flow, 0);
        }
        // An office desk that sets a pump.
        if let (Some(desk), Some(pump)) = (office.last(), water.first()) {
            let target = Target { unit: Some(1), ..Target::numbered("holding-register", 40, 40) };
            for minutes in [41, 39, 38] {
                self.talk(
                    at(minutes),
                    desk.addresses[0],
                    pump.addresses[0],
                    Protocol::Modbus,
                    Verb::Write,
                    target.clone(),
                );
            }
            self.see(
                at(38),
                Observed::Weakness(Weakness {
                    address: pump.addresses[0].into(),
                    port: 502,
                    protocol: Protocol::Modbus,
                    kind: WeaknessKind::UnauthenticatedControl,
                    detail: "write-single-register".into(),
                    peer: Some(desk.addresses[0].into()),
                }),
            );
        }
        // A camera whose password crosses the wire.
        if let (Some(camera), Some(desk)) = (cctv.first(), office.first()) {
            self.see(
                at(150),
                Observed::Weakness(Weakness {
                    address: camera.addresses[0].into(),
                    port: 80,
                    protocol: Protocol::Http,
                    kind: WeaknessKind::CleartextCredentials,
                    detail: "user name admin".into(),
                    peer: Some(desk.addresses[0].into()),
                }),
            );
        }
        // A second device that claims a controller's address.
        if let Some(asset) = signals.get(2) {
            let binding = Binding { address: asset.addresses[0], mac, protocol: Protocol::Arp };
            self.see(at(12), Observed::Binding(binding));
        }
        self.see(
            at(200),
            Observed::Loss(Loss {
                kind: LossKind::Dropped,
                count: 312,
                detail: "frames, at mirror-1; give the mirror port a faster link".into(),
            }),
        );
    }
}
