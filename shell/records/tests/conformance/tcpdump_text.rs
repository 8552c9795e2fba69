//! The facts in what tcpdump prints, in our words. Its layout differs from protocol to protocol, and only what is
//! looked for here is understood.

use std::collections::BTreeSet;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The protocol, as we name it; `ip` for addresses alone.
    pub protocol: &'static str,
    pub kind: &'static str,
    pub value: String,
}

/// The facts of all packets, each once.
pub fn facts(text: &str) -> BTreeSet<Fact> {
    let mut reader = Reader { protocol: "", awaits: None, facts: BTreeSet::new() };
    for line in text.lines() {
        reader.line(line);
    }
    reader.facts
}

struct Reader {
    /// The protocol of the packet that is read.
    protocol: &'static str,
    /// What the next line is.
    awaits: Option<&'static str>,
    facts: BTreeSet<Fact>,
}

/// By what a line shows that a packet is of a protocol; the first that fits.
const MARKS: [(&str, &str); 20] = [
    ("LLDP, length", "lldp"),
    ("CDPv", "cdp"),
    ("STP 802.1", "stp"),
    ("EAP packet (0) v", "eapol"),
    ("EAPOL ", "eapol"),
    ("dhcp6 ", "dhcpv6"),
    ("BOOTP/DHCP", "dhcp"),
    ("RADIUS, length", "radius"),
    ("NTPv", "ntp"),
    ("TFTP, length", "tftp"),
    ("ARP, ", "arp"),
    ("SYSLOG", "syslog"),
    ("HSRPv", "hsrp"),
    ("VRRPv", "vrrp"),
    (": igmp ", "igmp"),
    ("? ", "dns"),
    ("/0/", "dns"),
    ("/1/", "dns"),
    ("/2/", "dns"),
    ("*- ", "dns"),
];

impl Reader {
    fn line(&mut self, line: &str) {
        let is_packet = line.starts_with(' ')
            && line.trim_start().starts_with(|c: char| c.is_ascii_digit())
            && line.contains(':');
        let begins = is_packet && !line.starts_with('\t');
        if begins {
            self.protocol = "";
            self.awaits = None;
        }
        let is_broken = line.contains("(invalid)") || line.contains("[|");
        if self.protocol.is_empty() && !is_broken {
            let fits = |mark: &&(&str, &'static str)| line.contains(mark.0);
            self.protocol = MARKS.iter().find(fits).map_or("", |(_, protocol)| *protocol);
        }
        self.addresses(line);
        if is_broken {
            return;
        }
        match self.protocol {
            "lldp" => self.lldp(line),
            "cdp" => self.cdp(line),
            "stp" => self.stp(line),
            "eapol" => self.eapol(line),
            "dhcpv6" => self.dhcpv6(line),
            "dhcp" => self.dhcp(line),
            "radius" => self.radius(line),
            "dns" => self.dns(line),
            "ntp" => self.ntp(line),
            "tftp" => self.tftp(line),
            "arp" => self.arp(line),
            "hsrp" => self.hsrp(line),
            "vrrp" => self.vrrp(line),
            "igmp" => self.igmp(line),
            _ => {}
        }
    }

    fn put(&mut self, kind: &'static str, value: &str) {
        let value = value.trim().trim_end_matches([',', ')']);
        if !value.is_empty() {
            self.facts.insert(Fact { protocol: self.protocol, kind, value: value.into() });
        }
    }

    /// Words of the peer's list, in ours.
    fn put_words(&mut self, kind: &'static str, list: &str, words: &[(&str, &str)]) {
        for word in list.split(',').map(str::trim) {
            if let Some((_, ours)) = words.iter().find(|(theirs, _)| *theirs == word) {
                self.put(kind, ours);
            }
        }
    }

    /// Who speaks to whom over IP.
    fn addresses(&mut self, line: &str) {
        let Some((before, behind)) = line.split_once(" > ") else { return };
        let source = before.rsplit(' ').next().and_then(address);
        let destination =
            behind.split([' ', ',']).next().and_then(|text| address(text.trim_end_matches(':')));
        if let (Some(source), Some(destination)) = (source, destination) {
            let value = format!("{source} > {destination}");
            self.facts.insert(Fact { protocol: "ip", kind: "ends", value });
        }
    }

    fn lldp(&mut self, line: &str) {
        const CAPABILITIES: [(&str, &str); 8] = [
            ("Other", "other"),
            ("Repeater", "repeater"),
            ("Bridge", "bridge"),
            ("WLAN AP", "access point"),
            ("Router", "router"),
            ("Telephone", "telephone"),
            ("Docsis", "cable modem"),
            ("Station Only", "station"),
        ];
        const INVENTORY: [&str; 7] = [
            "Hardware revision",
            "Firmware revision",
            "Software revision",
            "Serial number",
            "Manufacturer name",
            "Model name",
            "Asset ID",
        ];
        let text = line.trim();
        if let Some(kind) = self.awaits.take() {
            self.put(kind, text);
        } else if let Some(rest) = text.strip_prefix("Subtype ") {
            self.put("identifier", last(rest));
        } else if text.starts_with("Port Description TLV") || text.starts_with("System Name TLV") {
            self.put("name", last(text));
        } else if text.starts_with("System Description TLV") {
            self.awaits = Some("description");
        } else if text.starts_with("Time to Live TLV") {
            self.put("ttl", between(text, "TTL ", "s").unwrap_or_default());
        } else if text.starts_with("System  Capabilities") || text.starts_with("Enabled Capabilities") {
            self.put_words("capabilities", between(text, "[", "]").unwrap_or_default(), &CAPABILITIES);
        } else if text.starts_with("Management Address length") && text.contains(" AFI IPv") {
            self.put("management", last(text));
        } else if let Some(url) = text.strip_prefix("MUD-URL=") {
            self.put("url", url);
        } else if let Some((_, rest)) = text.split_once("vlan name: ") {
            self.put("vlan", rest);
        } else if let Some((_, rest)) = text.split_once("port vlan id (PVID): ") {
            self.put("vlan", &format!("port-vlan {rest}"));
        } else if let Some(rest) = INVENTORY.iter().find_map(|name| text.strip_prefix(name)) {
            if !rest.contains("Subtype") {
                self.put("inventory", rest);
            }
        } else if text.starts_with("Organization specific TLV") {
            let family = [("0x0080c2", "part 802.1"), ("0x00120f", "part 802.3"), ("0x0012bb", "part MED")];
            let family = family.iter().chain(&[("0x000ecf", "part PROFINET"), ("0x00005e", "part IANA")]);
            if let Some((_, ours)) = family.clone().find(|(number, _)| text.contains(number)) {
                self.put("part", ours);
            }
        }
    }

    fn cdp(&mut self, line: &str) {
        const CAPABILITIES: [(&str, &str); 8] = [
            ("Router", "router"),
            ("TB Bridge", "transparent bridge"),
            ("SR Bridge", "source-route bridge"),
            ("L2 Switch", "switch"),
            ("L3 capable", "host"),
            ("IGMP snooping", "IGMP filter"),
            ("L1 capable", "repeater"),
            ("IP Phone", "telephone"),
        ];
        let text = line.trim();
        if let Some(version) = between(text, "CDPv", ",") {
            self.put("version", &format!("version {version}"));
            self.put("ttl", between(text, "ttl: ", "s").unwrap_or_default());
        } else if text.starts_with("Version String") {
            self.awaits = Some("software");
        } else if let Some(kind) = self.awaits.take() {
            self.put(kind, text);
        } else if let Some((_, value)) = text.split_once("bytes: '") {
            self.put("name", value.trim_end_matches('\''));
        } else if text.contains("IPv4 (1) ") || text.contains("IPv6 (2) ") {
            for piece in text.split("IPv").skip(1) {
                self.put("address", piece.split(' ').nth(2).unwrap_or_default());
            }
        } else if text.starts_with("Capability") {
            self.put_words("capabilities", last(text), &CAPABILITIES);
        } else if text.starts_with("Native VLAN ID") {
            self.put("vlan", &format!("native-vlan {}", last(text)));
        } else if text.starts_with("Duplex") {
            self.put("duplex", &format!("duplex {}", last(text)));
        }
    }

    fn stp(&mut self, line: &str) {
        const FLAGS: [(&str, &str); 6] = [
            ("Topology change", "topology change"),
            ("Proposal", "proposal"),
            ("Learn", "learning"),
            ("Forward", "forwarding"),
            ("Agreement", "agreement"),
            ("Topology change ACK", "topology change acknowledged"),
        ];
        const KINDS: [(&str, &str); 4] = [
            ("802.1d, Config", "spanning-tree"),
            ("802.1w", "rapid-tree"),
            ("802.1s", "multiple-trees"),
            ("Topology Change", "topology-change-notification"),
        ];
        if let Some((_, rest)) = line.split_once(" STP ") {
            let kind = KINDS.iter().find(|(theirs, _)| rest.contains(theirs));
            self.put("kind", kind.map_or("", |(_, ours)| ours));
        }
        // Flags of single trees come with a number.
        if !line.contains("MSTI") {
            self.put_words("flags", between(line, "Flags [", "]").unwrap_or_default(), &FLAGS);
        }
        for mark in ["bridge-id ", "root-id "] {
            if let Some(value) = between(&format!("{line},"), mark, ",") {
                // A port's number comes behind the bridge's.
                let parts: Vec<&str> = value.split('.').collect();
                self.put("bridge", &parts.iter().take(2).copied().collect::<Vec<_>>().join("."));
                self.put("port", parts.get(2).unwrap_or(&""));
            }
        }
        for (mark, kind) in [("MCID Name ", "region"), ("digest ", "digest"), ("port-id ", "port")] {
            self.put(kind, between(&format!("{line},"), mark, ",").unwrap_or_default());
        }
        if let Some(role) = between(&format!("{line},"), "port-role ", ",") {
            self.put("role", &role.to_lowercase());
        }
    }

    fn eapol(&mut self, line: &str) {
        const KINDS: [(&str, &str); 3] =
            [("EAPOL start", "start"), ("EAPOL logoff", "logoff"), ("EAPOL key", "key")];
        for (theirs, ours) in KINDS {
            if line.contains(theirs) {
                self.put("kind", ours);
            }
        }
        self.eap(line);
    }

    fn eap(&mut self, line: &str) {
        const METHODS: [(&str, &str); 8] = [
            ("MD5-challenge (4)", "eap-md5"),
            ("GTC (6)", "eap-gtc"),
            ("TLS (13)", "eap-tls"),
            ("LEAP (17)", "eap-leap"),
            ("SIM (18)", "eap-sim"),
            ("TTLS (21)", "eap-ttls"),
            ("AKA (23)", "eap-aka"),
            ("FAST (43)", "eap-fast"),
        ];
        if let Some((_, name)) = line.split_once("Identity: ") {
            self.put("name", name);
        }
        if line.contains("Response (2)") || line.trim_start().starts_with("Type ") {
            for (theirs, ours) in METHODS {
                if line.contains(theirs) {
                    self.put("method", ours);
                }
            }
        }
    }

    fn dhcpv6(&mut self, line: &str) {
        let Some((_, message)) = line.split_once("dhcp6 ") else { return };
        let Some((kind, rest)) = message.split_once(' ') else { return };
        self.put(
            "kind",
            match kind {
                "inf-req" => "information-request",
                "relay-fwd" | "relay-reply" => "relay",
                kind => kind,
            },
        );
        self.put("id", &format!("id {:0>6}", between(rest, "xid=", " ").unwrap_or_default()));
        for piece in rest.split(['(', ')']).map(str::trim).filter(|piece| !piece.is_empty()) {
            let mut words = piece.split(' ');
            let name = words.next().unwrap_or_default();
            let words: Vec<&str> = words.collect();
            match name {
                "client-ID" | "server-ID" => self.put("identifier", &duid(words.last().unwrap_or(&""))),
                "IA_ADDR" | "IA_PD_prefix" => self.put("lease", words.first().unwrap_or(&"")),
                "DNS-server" | "SNTP-servers" | "SIP-servers-address" => {
                    words.iter().for_each(|word| self.put("server", word));
                }
                "NTP-server" => {
                    let servers = words.iter().filter(|word| !word.starts_with("subopt"));
                    servers.for_each(|word| self.put("server", &dotless(word)));
                    let first = words.iter().filter_map(|word| word.split_once("subopt:"));
                    first.for_each(|(_, word)| self.put("server", word.get(2..).unwrap_or_default()));
                }
                "SIP-servers-domain" | "DNS-search-list" | "Client-FQDN" | "AFTR-Name" => {
                    words.iter().for_each(|word| self.put("name", &dotless(word)));
                }
                "SZTP-redirect" => {
                    words.iter().flat_map(|word| word.split(',')).for_each(|url| self.put("url", url));
                }
                "Bootfile-URL" | "Manufacturer-Usage-Description-URL" | "MUD-URL" => {
                    self.put("url", words.first().unwrap_or(&""));
                }
                "user-class" => self.put("class", words.first().unwrap_or(&"")),
                "vendor-class" | "vendor-specific-info" => {
                    self.put("enterprise", words.get(1).unwrap_or(&""))
                }
                name => {
                    for mark in ["linkaddr=", "peeraddr="] {
                        self.put("relay", name.strip_prefix(mark).unwrap_or_default());
                        words
                            .iter()
                            .for_each(|word| self.put("relay", word.strip_prefix(mark).unwrap_or_default()));
                    }
                }
            }
        }
    }

    fn dhcp(&mut self, line: &str) {
        let text = line.trim();
        for mark in ["Client-Ethernet-Address ", "Your-IP ", "Client-IP ", "Server-IP ", "Gateway-IP "] {
            self.put("address", text.strip_prefix(mark).unwrap_or_default());
        }
        if let Some((_, id)) = text.split_once("xid 0x") {
            let id = id.split([',', ' ']).next().unwrap_or_default();
            self.put("id", &format!("{id:0>8}"));
        }
        if text.starts_with("DHCP-Message (53)") {
            let kind = last(text).to_lowercase();
            let kind = match kind.as_str() {
                "leaseactive" => "lease-active",
                "leasequery" => "lease-query",
                "leaseunassigned" => "lease-unassigned",
                "leaseunknown" => "lease-unknown",
                "nack" => "nak",
                kind => kind,
            };
            self.put("kind", kind);
        }
        for (mark, kind) in [
            ("Requested-IP (50)", "address"),
            ("Server-ID (54)", "address"),
            ("Default-Gateway (3)", "address"),
            ("Domain-Name-Server (6)", "address"),
            ("NTP (42)", "address"),
            ("Subnet-Mask (1)", "address"),
            ("Lease-Time (51)", "time"),
            ("Hostname (12)", "name"),
            ("Domain-Name (15)", "name"),
            ("Vendor-Class (60)", "class"),
            ("instance#", "class"),
            ("MSG (56)", "words"),
            ("TFTP-Server-Address (150)", "address"),
            ("MUD-URL (161)", "url"),
            // One of the list behind `SZTP-Redirect`.
            ("length ", "url"),
        ] {
            if text.starts_with(mark) && text.contains(": ") {
                let value = between(text, "\"", "\"").unwrap_or_else(|| last(text));
                value.split(',').for_each(|value| self.put(kind, value));
            }
        }
    }

    fn radius(&mut self, line: &str) {
        let text = line.trim();
        if let Some((kind, _)) = text.split_once(" (").filter(|_| text.contains(", Authenticator: ")) {
            // Replies are outcomes of what was asked.
            if kind.ends_with("-Request") {
                self.put("kind", &kind.to_lowercase());
            }
        }
        for mark in [
            "User-Name Attribute",
            "NAS-IP-Address Attribute",
            "NAS-IPv6-Address Attribute",
            "Called-Station-Id Attribute",
            "Calling-Station-Id Attribute",
            "NAS-Identifier",
        ] {
            if text.starts_with(mark) {
                self.put("name", text.split_once("Value: ").map_or("", |(_, value)| value));
            }
        }
        self.eap(line);
    }

    fn dns(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair {
                [kind, name] if kind.ends_with('?') && kind.len() > 1 => {
                    self.put("type", kind.trim_end_matches('?'));
                    self.put("name", &dotless(name));
                }
                ["A" | "AAAA" | "CNAME" | "NS" | "PTR", value] => {
                    self.put("answer", &dotless(value.trim_end_matches(',')));
                }
                _ => {}
            }
        }
    }

    fn ntp(&mut self, line: &str) {
        const WORDS: [(&str, &str); 5] = [
            (", Client,", "time"),
            ("OpCode=1", "read-status"),
            ("OpCode=2", "read-variables"),
            ("OpCode=3", "write-variables"),
            ("OpCode=4", "read-clock-variables"),
        ];
        let ours = WORDS.iter().filter(|(theirs, _)| line.contains(theirs));
        ours.for_each(|(_, ours)| self.put("kind", ours));
    }

    fn tftp(&mut self, line: &str) {
        if let Some(name) = between(line, "\"", "\"") {
            self.put("file", name);
        }
    }

    fn hsrp(&mut self, line: &str) {
        if let Some((_, rest)) = line.split_once("HSRPv") {
            self.put("kind", between(rest, "-", " ").unwrap_or_default());
        }
        for (mark, word) in [("state=", ""), ("group=", "group "), ("addr=", ""), ("priority=", "priority ")]
        {
            if let Some(value) = between(line, mark, " ") {
                self.put("standing", &format!("{word}{value}"));
            }
        }
    }

    fn vrrp(&mut self, line: &str) {
        for (mark, word) in [("vrid ", "router "), ("prio ", "priority ")] {
            if let Some(value) = between(line, mark, ",") {
                self.put("standing", &format!("{word}{value}"));
            }
        }
        if let Some((_, list)) = line.split_once("addrs") {
            let list = last(list).split(' ').next().unwrap_or_default();
            list.split(',').for_each(|address| self.put("address", address));
        }
    }

    fn igmp(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once(": igmp ") else { return };
        match rest.split(' ').collect::<Vec<_>>()[..] {
            ["query", ..] => self.put("kind", "query"),
            [_, "report", group, ..] if group.starts_with(|c: char| c.is_ascii_digit()) => {
                self.put("group", group)
            }
            ["leave", group, ..] => self.put("group", group),
            _ => {}
        }
    }

    fn arp(&mut self, line: &str) {
        if let Some((_, rest)) = line.split_once("Request who-has ") {
            let words: Vec<&str> = rest.split([' ', ',']).collect();
            self.put("wanted", words.first().unwrap_or(&""));
        }
        if let Some((before, behind)) = line.split_once(" is-at ") {
            self.put("address", before.rsplit(' ').next().unwrap_or_default());
            self.put("mac", behind.split([' ', ',']).next().unwrap_or_default());
        }
    }
}

/// What is behind the last colon with a space.
fn last(text: &str) -> &str {
    text.rsplit_once(": ").map_or("", |(_, value)| value)
}

/// What is between two marks.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(value, _)| value)
}

/// A name without the dot that ends it.
fn dotless(name: &str) -> String {
    let name = name.trim_end_matches(',');
    name.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(name).into()
}

/// The last bytes of an identifier that is written in hexadecimal: a MAC address, or text.
fn duid(hexadecimal: &str) -> String {
    let pairs: Vec<&str> =
        (0..hexadecimal.len() / 2).filter_map(|at| hexadecimal.get(2 * at..2 * at + 2)).collect();
    if pairs.len() == 6 {
        return pairs.join(":");
    }
    let bytes = pairs.iter().filter_map(|pair| u8::from_str_radix(pair, 16).ok());
    let text: String = bytes.map(char::from).collect();
    if text.chars().all(|c| c.is_ascii_graphic()) { text } else { hexadecimal.into() }
}

/// An IP address without the port that tcpdump puts behind a dot.
fn address(text: &str) -> Option<String> {
    let is_ip = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    if is_ip(text) {
        return Some(text.into());
    }
    let (ip, _) = text.rsplit_once('.')?;
    is_ip(ip).then(|| ip.into())
}

#[test]
fn facts_are_taken_out_of_the_text() {
    let text = "    1  2020-01-01 00:00:00.000000 LLDP, length 60\n\
        \tChassis ID TLV (1), length 7\n\
        \t  Subtype MAC address (4): 00:00:5e:00:53:01\n\
        \tSystem Name TLV (5), length 6: pump-7\n\
        \t  Enabled Capabilities [Bridge, Router] (0x0014)\n\
        \x20   2  2020-01-01 00:00:01.000000 IP 192.0.2.1.500 > 192.0.2.2.53: 1+ A? example.com. (29)\n";
    let found: Vec<String> = facts(text)
        .into_iter()
        .map(|fact| format!("{} {} {}", fact.protocol, fact.kind, fact.value))
        .collect();
    assert_eq!(
        found,
        [
            "dns name example.com",
            "dns type A",
            "ip ends 192.0.2.1 > 192.0.2.2",
            "lldp capabilities bridge",
            "lldp capabilities router",
            "lldp identifier 00:00:5e:00:53:01",
            "lldp name pump-7",
        ]
    );
}
