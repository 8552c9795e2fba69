//! What object identifiers mean: their names, their rows, and what setting them does.

use super::ber::dotted;
use super::message::Value;
use super::{ntcip, utmc};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Target, Text, Verb};
use compact_str::format_compact;

/// Objects side by side: the numbers below which they are, and their names from 1 on; empty for one without a name.
pub(super) struct Branch {
    at: &'static [u32],
    on_set: Verb,
    names: &'static [&'static str],
}

impl Branch {
    pub(super) const fn new(at: &'static [u32], on_set: Verb, names: &'static [&'static str]) -> Branch {
        Branch { at, on_set, names }
    }
}

/// A tree of objects below one root.
struct Tree {
    root: &'static [u32],
    branches: &'static [Branch],
}

const TREES: &[Tree] = &[
    Tree { root: &[1, 3, 6, 1, 2, 1], branches: STANDARD },
    Tree { root: &[1, 3, 6, 1, 4, 1, 1206, 4, 2], branches: ntcip::BRANCHES },
    Tree { root: &[1, 3, 6, 1, 4, 1, 1618, 3, 7, 2], branches: SWARCO },
    Tree { root: &[1, 3, 6, 1, 4, 1, 13267, 3, 2], branches: utmc::BRANCHES },
    Tree { root: &[1, 3, 6, 1, 6, 3], branches: FRAMEWORK },
];

/// Below mib-2: RFC 3418, RFC 2863, RFC 4293, RFC 4133, in order.
#[rustfmt::skip]
const STANDARD: &[Branch] = &[
    Branch::new(&[1], Verb::Configure, &["sysDescr", "sysObjectID", "sysUpTime", "sysContact", "sysName", "sysLocation", "sysServices", "sysORLastChange"]),
    Branch::new(&[1, 9, 1], Verb::Configure, &["sysORIndex", "sysORID", "sysORDescr", "sysORUpTime"]),
    Branch::new(&[2], Verb::Configure, &["ifNumber"]),
    Branch::new(&[2, 2, 1], Verb::Configure, &["ifIndex", "ifDescr", "ifType", "ifMtu", "ifSpeed", "ifPhysAddress", "ifAdminStatus", "ifOperStatus", "ifLastChange", "ifInOctets", "ifInUcastPkts", "ifInNUcastPkts", "ifInDiscards", "ifInErrors", "ifInUnknownProtos", "ifOutOctets", "ifOutUcastPkts", "ifOutNUcastPkts", "ifOutDiscards", "ifOutErrors", "ifOutQLen", "ifSpecific"]),
    Branch::new(&[4], Verb::Configure, &["ipForwarding", "ipDefaultTTL"]),
    Branch::new(&[4, 20, 1], Verb::Configure, &["ipAdEntAddr", "ipAdEntIfIndex", "ipAdEntNetMask", "ipAdEntBcastAddr", "ipAdEntReasmMaxSize"]),
    Branch::new(&[31, 1, 1, 1], Verb::Configure, &["ifName", "ifInMulticastPkts", "ifInBroadcastPkts", "ifOutMulticastPkts", "ifOutBroadcastPkts", "ifHCInOctets", "ifHCInUcastPkts", "ifHCInMulticastPkts", "ifHCInBroadcastPkts", "ifHCOutOctets", "ifHCOutUcastPkts", "ifHCOutMulticastPkts", "ifHCOutBroadcastPkts", "ifLinkUpDownTrapEnable", "ifHighSpeed", "ifPromiscuousMode", "ifConnectorPresent", "ifAlias"]),
    Branch::new(&[47, 1, 1, 1, 1], Verb::Configure, &["entPhysicalIndex", "entPhysicalDescr", "entPhysicalVendorType", "entPhysicalContainedIn", "entPhysicalClass", "entPhysicalParentRelPos", "entPhysicalName", "entPhysicalHardwareRev", "entPhysicalFirmwareRev", "entPhysicalSoftwareRev", "entPhysicalSerialNum", "entPhysicalMfgName", "entPhysicalModelName", "entPhysicalAlias", "entPhysicalAssetID", "entPhysicalIsFRU"]),
];

/// The phase command of Swarco's controllers below 1.3.6.1.4.1.1618.3.7.2.
const SWARCO: &[Branch] = &[Branch::new(&[11], Verb::Operate, &["swarcoUTCTrafftechPhaseCommand"])];

/// Below snmpModules: RFC 3418, RFC 3414, RFC 3584, in order.
#[rustfmt::skip]
const FRAMEWORK: &[Branch] = &[
    Branch::new(&[1, 1, 4], Verb::Configure, &["snmpTrapOID", "", "snmpTrapEnterprise"]),
    Branch::new(&[1, 1, 5], Verb::Configure, &["coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss"]),
    Branch::new(&[15, 1, 1], Verb::Configure, &["usmStatsUnsupportedSecLevels", "usmStatsNotInTimeWindows", "usmStatsUnknownUserNames", "usmStatsUnknownEngineIDs", "usmStatsWrongDigests", "usmStatsDecryptionErrors"]),
    Branch::new(&[15, 1, 2, 2, 1], Verb::Configure, &["usmUserEngineID", "usmUserName", "usmUserSecurityName", "usmUserCloneFrom", "usmUserAuthProtocol", "usmUserAuthKeyChange", "usmUserOwnAuthKeyChange", "usmUserPrivProtocol", "usmUserPrivKeyChange", "usmUserOwnPrivKeyChange", "usmUserPublic", "usmUserStorageType", "usmUserStatus"]),
    Branch::new(&[18, 1], Verb::Configure, &["snmpCommunityTable", "snmpTargetAddrExtTable", "snmpTrapAddress", "snmpTrapCommunity"]),
    Branch::new(&[18, 1, 1, 1], Verb::Configure, &["snmpCommunityIndex", "snmpCommunityName", "snmpCommunitySecurityName", "snmpCommunityContextEngineID", "snmpCommunityContextName", "snmpCommunityTransportTag", "snmpCommunityStorageType", "snmpCommunityStatus"]),
];

/// An object, found by its identifier.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Its name; empty where it is not known.
    pub(super) name: &'static str,
    /// The identifier's numbers.
    arcs: Vec<u32>,
    /// How many of them name the object; the others say which row.
    named: usize,
    /// What setting it does.
    pub(super) on_set: Verb,
}

impl Object {
    pub(super) fn find(arcs: Vec<u32>) -> Object {
        let found = TREES.iter().find_map(|tree| {
            let below = arcs.strip_prefix(tree.root)?;
            // The deepest branch that has a name for it.
            (0..below.len()).rev().find_map(|depth| {
                let (at, rest) = below.split_at_checked(depth)?;
                let place = tree.branches.binary_search_by(|branch| branch.at.cmp(at)).ok()?;
                let branch = tree.branches.get(place)?;
                let number = usize::try_from(*rest.first()?).ok()?.checked_sub(1)?;
                let name = branch.names.get(number).copied().filter(|name| !name.is_empty())?;
                Some((name, tree.root.len() + depth + 1, branch.on_set))
            })
        });
        let (name, named, on_set) = found.unwrap_or(("", arcs.len(), Verb::Write));
        let on_set = ntcip::on_set(name).unwrap_or(on_set);
        Object { name, arcs, named, on_set }
    }

    fn index(&self) -> &[u32] {
        self.arcs.get(self.named..).unwrap_or_default()
    }

    /// The one number that says which row.
    fn row(&self) -> Option<u64> {
        match self.index() {
            [row] => Some(u64::from(*row)),
            _ => None,
        }
    }

    /// Whether the object says what device this is, rather than what it does.
    pub(super) fn is_system(&self) -> bool {
        self.name.starts_with("sys") && self.arcs.starts_with(&[1, 3, 6, 1, 2, 1, 1])
    }

    /// Whether it is in the first row of its table.
    pub(super) fn is_first(&self) -> bool {
        self.row() == Some(1)
    }

    /// Whether its value, or its row, may be a credential.
    fn is_secret(&self) -> bool {
        self.name.starts_with("snmpCommunity")
            || self.name.ends_with("KeyChange")
            || matches!(self.name, "snmpTrapCommunity" | "communityNameAdmin" | "communityNameUser")
    }

    /// Its identifier, without the row where that may be a credential.
    pub(super) fn identifier(&self) -> Text {
        let named = if self.name.starts_with("snmpCommunity") { self.named } else { self.arcs.len() };
        dotted(self.arcs.get(..named).unwrap_or_default())
    }

    pub(super) fn target(&self) -> Target {
        if self.name.is_empty() {
            return Target::named(dotted(&self.arcs));
        }
        let kind = Text::const_new(self.name);
        if self.name.starts_with("snmpCommunity") {
            return Target { kind, ..Target::default() };
        }
        if self.name.starts_with("utc")
            && let Some(site) = utmc::site(self.index())
        {
            return Target { kind, name: site, ..Target::default() };
        }
        match (self.index(), self.row()) {
            ([] | [0], _) => Target { kind, ..Target::default() },
            (_, Some(row)) => Target::numbered(kind, row, row),
            (index, None) => Target { kind, name: dotted(index), ..Target::default() },
        }
    }

    /// A value of it in words; none where there is none.
    pub(super) fn value(&self, value: &Value<'_>) -> Option<Text> {
        if self.is_secret() {
            return Some(Text::const_new("(hidden)"));
        }
        Some(match value {
            Value::Unspecified => return None,
            Value::Integer(number) => self.number(u64::try_from(*number).ok(), format_compact!("{number}")),
            Value::Unsigned(number) => self.number(Some(*number), format_compact!("{number}")),
            Value::Octets(octets) => self.octets(octets),
            Value::Oid(oid) => {
                let object = Object::find(oid.arcs());
                if object.name.is_empty() {
                    dotted(&object.arcs)
                } else {
                    format_compact!("{}", object.target())
                }
            }
            Value::Address([a, b, c, d]) => format_compact!("{a}.{b}.{c}.{d}"),
            Value::Ticks(ticks) => format_compact!("{}.{:02} s", ticks / 100, ticks % 100),
            Value::Opaque(bytes) => format_compact!("{} bytes", bytes.len()),
            Value::NoSuchObject => Text::const_new("no-such-object"),
            Value::NoSuchInstance => Text::const_new("no-such-instance"),
            Value::EndOfView => Text::const_new("end-of-mib-view"),
        })
    }

    /// A number, with what it says where it is a set of bits or a code.
    fn number(&self, number: Option<u64>, text: Text) -> Text {
        let Some(number) = number else { return text };
        if let Some(first) = self.row().and_then(|row| ntcip::first_of_group(self.name, row))
            && number < 256
        {
            let members = (0..8).filter(|bit| number >> bit & 1 == 1).map(|bit| first + bit);
            let members = listed(members, VALUE_BYTES_MAX);
            return format_compact!(
                "{text} ({})",
                if members.is_empty() { "none" } else { members.as_str() }
            );
        }
        let word = match (self.name, number) {
            ("systemPatternControl" | "coordPatternStatus" | "coordOperationalMode", 254) => "free",
            ("systemPatternControl" | "coordPatternStatus" | "coordOperationalMode", 255) => "flash",
            ("systemPatternControl", 0) => "standby",
            ("utcType2OperationMode", 1) => "standalone",
            ("utcType2OperationMode", 2) => "monitor",
            ("utcType2OperationMode", 3) => "utc control",
            _ => return text,
        };
        format_compact!("{text} ({word})")
    }

    fn octets(&self, octets: &[u8]) -> Text {
        if let Some(bits) = utmc::bits(self.name, octets) {
            return bits;
        }
        if self.name.is_empty() && self.arcs.starts_with(&[1, 3, 6, 1, 4, 1]) {
            // A maker's own object may be a password for all that is known.
            return format_compact!("{} bytes", octets.len());
        }
        let is_text = octets.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        if is_text { readable(octets, VALUE_BYTES_MAX) } else { hexadecimal(octets, VALUE_BYTES_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_stands_in_order() {
        assert!(TREES.is_sorted_by_key(|tree| tree.root));
        for tree in TREES {
            assert!(tree.branches.is_sorted_by_key(|branch| branch.at), "{:?}", tree.root);
        }
    }
}
