//! A town of hosts in namespaces of their own, each with real servers and real clients, and a router between them.

use crate::{ip, remove};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

const SERVERS: &str = include_str!("servers.py");
const CLIENTS: &str = include_str!("clients.py");

/// The services of every host: nginx, mosquitto, pymodbus and bacpypes3.
pub const SERVICES: [&str; 4] = ["http", "mqtt", "modbus", "bacnet"];

/// A host: its name, its address, and its router's address, with the prefix length of their network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name, which is that of its namespace and of the router's interface too.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The router's address in its network.
    pub router: String,
    /// The network's prefix length.
    pub prefix: u8,
}

/// Hosts with servers and a router between.
pub struct Town {
    router: String,
    hosts: Vec<Host>,
    spaces: Vec<String>,
    servers: Vec<Child>,
}

impl Town {
    /// Builds a town; servers put their files into a folder. `None` if this machine has not what that takes: root, `ip`,
    /// `nft`, `python3` with pymodbus and bacpypes3, nginx, mosquitto and its clients.
    #[must_use]
    pub fn build(hosts: &[Host], folder: &Path) -> Option<Town> {
        let name = |what: &str| format!("bastide-{}-town-{what}", std::process::id());
        let spaces: Vec<String> = hosts.iter().map(|host| name(&host.name)).collect();
        let mut town = Town { router: name("router"), hosts: hosts.to_vec(), spaces, servers: Vec::new() };
        (town.has_programmes() && town.connect() && town.serve(folder)).then_some(town)
    }

    fn has_programmes(&self) -> bool {
        let has = |program: &str, arguments: &[&str]| {
            Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        has("nginx", &["-v"])
            && has("sh", &["-c", "command -v mosquitto && command -v mosquitto_pub && command -v nft"])
            && has("python3", &["-c", "import pymodbus, bacpypes3"])
    }

    fn connect(&self) -> bool {
        let up = |space: &str, name: &str| ip(&["-n", space, "link", "set", name, "up"]);
        let built = ip(&["netns", "add", &self.router]) && up(&self.router, "lo");
        built
            && self.hosts.iter().zip(&self.spaces).all(|(host, space)| {
                let Host { name, address, router, prefix } = host;
                let cable = [
                    "link",
                    "add",
                    name,
                    "netns",
                    &self.router,
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "eth0",
                    "netns",
                    space,
                ];
                ip(&["netns", "add", space])
                    && ip(&cable)
                    && ip(&["-n", &self.router, "address", "add", &format!("{router}/{prefix}"), "dev", name])
                    && ip(&["-n", space, "address", "add", &format!("{address}/{prefix}"), "dev", "eth0"])
                    && up(&self.router, name)
                    && up(space, "lo")
                    && up(space, "eth0")
                    && ip(&["-n", space, "route", "add", "default", "via", router])
            })
            && ip(&["netns", "exec", &self.router, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])
    }

    fn serve(&mut self, folder: &Path) -> bool {
        let mut waiting = Vec::new();
        for (host, space) in self.hosts.iter().zip(&self.spaces) {
            let child = Command::new("ip")
                .args(["netns", "exec", space, "python3", "-c", SERVERS])
                .arg(format!("{}/{}", host.address, host.prefix))
                .arg(folder)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            let Ok(mut child) = child else { return false };
            waiting.extend(child.stdout.take());
            self.servers.push(child);
        }
        waiting.into_iter().all(|stdout| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).is_ok() && line.trim() == "ready"
        })
    }

    /// Puts a ruleset in the place of all that the router has.
    ///
    /// # Errors
    ///
    /// What `nft` says of it.
    pub fn load(&self, ruleset: &str) -> Result<(), String> {
        let mut nft = Command::new("ip")
            .args(["netns", "exec", &self.router, "nft", "-f", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        if let Some(mut stdin) = nft.stdin.take() {
            let _ = stdin.write_all(format!("flush ruleset\n{ruleset}").as_bytes());
        }
        let output = nft.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Asks, from one host, services of addresses, all at the same time; says which answered. `None` if the clients could
    /// not be run.
    #[must_use]
    pub fn ask(&self, from: usize, asked: &[(&str, &str)]) -> Option<Vec<bool>> {
        let pairs = serde_json::to_string(asked).ok()?;
        let space = self.spaces.get(from)?;
        let output = Command::new("ip")
            .args(["netns", "exec", space, "python3", "-c", CLIENTS])
            .arg(pairs)
            .output()
            .ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        for server in &self.servers {
            // Whoever started the others stops them.
            let _ = Command::new("kill").arg(server.id().to_string()).output();
        }
        for server in &mut self.servers {
            let _ = server.wait();
        }
        let spaces: Vec<&str> =
            self.spaces.iter().map(String::as_str).chain([self.router.as_str()]).collect();
        remove(&spaces);
    }
}
