//! Real clients and servers behind a firewall: for every pair of hosts and every service, what answers is what the plan
//! allows. Without what that takes, the test is skipped and counted.
#![cfg(test)]

use city::{Flow, Protocol, Transport};
use defend::{
    conduit::{Judgement, judge_unrecognised},
    segmentation::{
        Policy,
        nftables::{Settings, compile},
    },
};
use plan::{SourceFile, check};
use range::{Host, SERVICES, Town};
use std::{
    env, fs,
    io::{self, Write},
};

const PLAN: &str = r#"
[city]
name = "Testwick"
time-zone = "Europe/London"

[[zone]]
id = "office"
name = "Office"
networks = ["192.0.2.0/26"]
interfaces = ["office"]
security-level = 1

[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.64/26"]
interfaces = ["signals"]
security-level = 2

[[zone]]
id = "water"
name = "Pumping"
networks = ["192.0.2.128/26"]
interfaces = ["water"]
security-level = 2

[[zone]]
id = "broker"
name = "Readings"
networks = ["192.0.2.192/26"]
interfaces = ["broker"]
security-level = 1

[[conduit]]
from = "office"
to = "signals"
reason = "The signal server reads controllers"
allow = ["modbus: read", "http: read"]

[[conduit]]
from = "office"
to = "water"
reason = "Telemetry of pumps and the heating of their houses"
allow = ["modbus: read", "bacnet: read"]

[[conduit]]
from = "water"
to = "broker"
reason = "Gauges report"
allow = ["mqtt: publish"]

[[conduit]]
from = "signals"
to = "broker"
reason = "Detectors report"
allow = ["mqtt: publish"]

[[conduit]]
from = "office"
to = "broker"
reason = "The map shows readings"
allow = ["mqtt: any", "http: read"]
"#;

fn skipped(test: &str) {
    let line = format!(
        "1 test skipped: {test} needs root, ip (iproute2), nft (nftables), nginx, mosquitto, mosquitto_pub \
         (mosquitto-clients) and python3 with pymodbus and bacpypes3\n"
    );
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

#[test]
fn what_answers_is_what_the_plan_allows() {
    let host = |name: &str, first: u8| Host {
        name: name.into(),
        address: format!("192.0.2.{}", first + 10),
        router: format!("192.0.2.{}", first + 1),
        prefix: 26,
    };
    let hosts = [host("office", 0), host("signals", 64), host("water", 128), host("broker", 192)];
    let folder = env::temp_dir().join(format!("bastide-town-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let Some(town) = Town::build(&hosts, &folder) else {
        let _ = fs::remove_dir_all(&folder);
        return skipped("what_answers_is_what_the_plan_allows");
    };
    let plan = check(&[SourceFile::new("city.toml", PLAN)]).plan.unwrap();
    let policy = Policy::new(&plan);
    let (mut answered, mut refused) = (0, 0);
    for open in [true, false] {
        // Without rules everybody answers, so that silence afterwards is the firewall's.
        town.load(&if open { String::new() } else { compile(&policy, Settings::default()) }).unwrap();
        for (from, source) in hosts.iter().enumerate() {
            let asked: Vec<(&str, &str)> = hosts
                .iter()
                .filter(|host| *host != source)
                .flat_map(|host| SERVICES.map(|service| (host.address.as_str(), service)))
                .collect();
            let answers = town.ask(from, &asked).unwrap();
            for ((destination, service), answer) in asked.iter().zip(answers) {
                let (transport, port) = match *service {
                    "http" => (Transport::Tcp, 80),
                    "mqtt" => (Transport::Tcp, 1_883),
                    "modbus" => (Transport::Tcp, 502),
                    _ => (Transport::Udp, 47_808),
                };
                let flow = Flow {
                    source: source.address.parse().unwrap(),
                    source_port: 50_000,
                    destination: destination.parse().unwrap(),
                    destination_port: port,
                    transport,
                    protocol: None::<Protocol>,
                };
                let allowed = open || judge_unrecognised(&plan, &flow, false) == Judgement::Allowed;
                assert_eq!(
                    answer, allowed,
                    "{} to {destination}, {service}, without rules: {open}",
                    source.address
                );
                if !open {
                    if answer { answered += 1 } else { refused += 1 }
                }
            }
        }
    }
    drop(town);
    let _ = fs::remove_dir_all(&folder);
    println!("{answered} services answered, {refused} did not");
    assert_eq!((answered, refused), (8, 40));
}
