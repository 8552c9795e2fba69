//! A range: a router and its neighbours in network namespaces of a real kernel, where rules are tried with real packets.
//!
//! The router has one interface for each zone, and routes to everything behind it. On the other side of all of them
//! stands one prober, who sends packets from any address into one interface and sees at which others they come out. So
//! a plan's every pair of zones is tried without a machine for each device.
//!
//! Everything is in two namespaces that are made for the purpose and removed in the end. It takes root, `ip`,
//! `nft`, `conntrack` and `python3`; where they are missing there is no range, and whoever wanted one says so. The router may also be a bridge.

mod town;

pub use town::{Host, SERVICES, Town};

use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// What the prober runs.
const PROBER: &str = include_str!("prober.py");

/// One packet to be tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The router's interface that it is sent into.
    pub into: String,
    /// Its source address.
    pub source: std::net::IpAddr,
    /// Its destination address.
    pub destination: std::net::IpAddr,
    /// Its IP protocol. TCP begins with SYN, SCTP with INIT, ICMP asks for an echo.
    pub protocol: u8,
    /// The source port, or the type of ICMP.
    pub source_port: u16,
    /// The destination port, or the code of ICMP.
    pub destination_port: u16,
}

/// A router with its neighbours.
pub struct Range {
    router: String,
    outside: String,
    prober: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// Distinguishes the ranges of one process.
static COUNT: AtomicU32 = AtomicU32::new(0);

#[derive(Deserialize)]
struct Seen {
    /// For each probe the interface at which it came out, or none.
    out: Vec<Option<String>>,
}

impl Range {
    /// Builds a range with these interfaces of the router; behind each lie some networks. `None` if this machine has not
    /// what that takes.
    #[must_use]
    pub fn new(interfaces: &[(String, Vec<String>)]) -> Option<Range> {
        Range::build(interfaces, false)
    }

    /// Builds a range whose router is a bridge with these ports: what is let pass comes out at every other port.
    #[must_use]
    pub fn bridge(ports: &[String]) -> Option<Range> {
        let ports: Vec<(String, Vec<String>)> = ports.iter().map(|port| (port.clone(), Vec::new())).collect();
        Range::build(&ports, true)
    }

    fn build(interfaces: &[(String, Vec<String>)], bridge: bool) -> Option<Range> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |what: &str| format!("bastide-{}-{number}-{what}", std::process::id());
        let (router, outside) = (name("router"), name("outside"));
        let names: Vec<&str> = interfaces.iter().map(|(name, _)| name.as_str()).collect();
        let made = ip(&["netns", "add", &router]) && ip(&["netns", "add", &outside]);
        let ready = made
            && settle(&outside, &["net.ipv6.conf.default.disable_ipv6=1"])
            && settle(
                &router,
                &[
                    "net.ipv4.ip_forward=1",
                    "net.ipv6.conf.all.forwarding=1",
                    "net.ipv6.conf.default.accept_dad=0",
                    "net.ipv4.conf.all.rp_filter=0",
                    "net.ipv4.conf.default.rp_filter=0",
                    "net.ipv4.conf.all.send_redirects=0",
                    "net.ipv4.conf.default.send_redirects=0",
                ],
            )
            // A kernel without any address takes no address for a gateway.
            && ip(&["-n", &router, "link", "set", "lo", "up"])
            && interfaces.iter().all(|(name, networks)| connect(&router, &outside, name, networks))
            && (!bridge || join(&router, &names));
        let mut child = if ready {
            Command::new("ip")
                .args(["netns", "exec", &outside, "python3", "-c", PROBER])
                .arg(if bridge { "bridged" } else { "routed" })
                .args(&names)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .ok()
        } else {
            None
        };
        let ends = child.as_mut().and_then(|child| Some((child.stdin.take()?, child.stdout.take()?)));
        let Some((prober, (to, from))) = child.zip(ends) else {
            remove(&[&router, &outside]);
            return None;
        };
        let mut range = Range { router, outside, prober, to, from: BufReader::new(from) };
        // Whoever answers is there; a kernel or a Python without packet sockets is told by silence.
        range.probe(&[])?;
        range.load("").ok()?;
        Some(range)
    }

    /// Puts a ruleset in the place of all that the router has, and forgets every connection.
    ///
    /// # Errors
    ///
    /// What `nft` says of it.
    pub fn load(&self, ruleset: &str) -> Result<(), String> {
        self.nft(&["-f", "-"], &format!("flush ruleset\n{ruleset}"))?;
        self.run(&["conntrack", "-F"], "").map(drop)
    }

    /// The ruleset as the kernel has it, as `nft` lists it.
    ///
    /// # Errors
    ///
    /// What `nft` says.
    pub fn list(&self) -> Result<String, String> {
        self.nft(&["-s", "list", "ruleset"], "")
    }

    /// Runs `nft` at the router.
    ///
    /// # Errors
    ///
    /// What `nft` says.
    pub fn nft(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        self.run(&[&["nft"], arguments].concat(), input)
    }

    /// Runs a programme at the router, gives it an input and returns its output.
    ///
    /// # Errors
    ///
    /// What it says on standard error, if it fails.
    pub fn run(&self, command: &[&str], input: &str) -> Result<String, String> {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.router])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            // A programme that fails at once may not read to the end; its own words say more.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The router's namespace, by name.
    #[must_use]
    pub fn router(&self) -> &str {
        &self.router
    }

    /// Sends packets and says at which interface each came out. `None` if the prober is gone.
    pub fn probe(&mut self, probes: &[Probe]) -> Option<Vec<Option<String>>> {
        let line = serde_json::to_string(probes).ok()?;
        self.to.write_all(line.as_bytes()).ok()?;
        self.to.write_all(b"\n").ok()?;
        self.to.flush().ok()?;
        let mut answer = String::new();
        // A bound against an answer that does not end.
        self.from.by_ref().take(1 << 26).read_line(&mut answer).ok()?;
        Some(serde_json::from_str::<Seen>(&answer).ok()?.out)
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        let _ = self.prober.kill();
        let _ = self.prober.wait();
        remove(&[&self.router, &self.outside]);
    }
}

/// A cable between the router and the prober, and the routes behind it.
fn connect(router: &str, outside: &str, name: &str, networks: &[String]) -> bool {
    // The prober's addresses for every router, and the router's for the prober; `prober.py` has them too.
    const PROBER: &str = "02:00:5e:00:53:fe";
    const ROUTER: &str = "02:00:5e:00:53:aa";
    let inside = |arguments: &[&str]| ip(&[&["-n", router], arguments].concat());
    let cable =
        ip(&["link", "add", name, "netns", router, "type", "veth", "peer", "name", name, "netns", outside])
            && inside(&["link", "set", name, "address", ROUTER])
            && inside(&["link", "set", name, "up"])
            && ip(&["-n", outside, "link", "set", name, "up"])
            && inside(&["neigh", "replace", "192.0.0.2", "lladdr", PROBER, "dev", name, "nud", "permanent"])
            && inside(&["neigh", "replace", "fe80::2", "lladdr", PROBER, "dev", name, "nud", "permanent"]);
    cable
        && networks.iter().all(|network| {
            let v6 = network.contains(':');
            let via = if v6 { "fe80::2" } else { "192.0.0.2" };
            let family = if v6 { "-6" } else { "-4" };
            inside(&[family, "route", "add", network, "via", via, "dev", name, "onlink"])
        })
}

/// Joins the router's interfaces to a bridge. The prober's address is at no port, so that its frames go to all.
fn join(router: &str, ports: &[&str]) -> bool {
    let inside = |arguments: &[&str]| ip(&[&["-n", router], arguments].concat());
    inside(&["link", "add", "switch", "type", "bridge"])
        && inside(&["link", "set", "switch", "up"])
        && ports.iter().all(|port| inside(&["link", "set", port, "master", "switch"]))
}

fn settle(namespace: &str, settings: &[&str]) -> bool {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, "sysctl", "-q", "-w"]).args(settings);
    command.output().is_ok_and(|output| output.status.success())
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

fn remove(namespaces: &[&str]) {
    for namespace in namespaces {
        ip(&["netns", "del", namespace]);
    }
}
