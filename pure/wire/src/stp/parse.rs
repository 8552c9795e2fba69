//! From bytes to units.

use super::message::{Bridge, Flags, Instance, Kind, Region, Tree, Unit};
use crate::cursor::Cursor;
use city::{Address, Mac};

/// Trees in one unit (IEEE 802.1Q clause 14.4.1).
const TREES_MAX: usize = 64;
/// Bytes of a region before its trees, and of each tree (figure 14-1).
const REGION: usize = 64;
const TREE: usize = 16;

/// Opens a unit. `None` if it is none, if it is cut off before its end (clause 14.4), or if no bridge can have the
/// addresses in it.
pub(crate) fn parse_unit(bytes: &[u8], is_ciscos: bool) -> Option<Unit<'_>> {
    let mut cursor = Cursor::new(bytes);
    if cursor.u16()? != 0 {
        return None;
    }
    let (version, kind) = (cursor.u8()?, cursor.u8()?);
    let kind = match (version, kind) {
        (_, 0x80) => return Some(Unit::Notification),
        (_, 0) => Kind::Plain,
        (2, 2) => Kind::Rapid,
        (3.., 2) => Kind::Multiple,
        _ => return None,
    };
    let flags = cursor.u8()?;
    let root = bridge(&mut cursor)?;
    let cost = cursor.u32()?;
    let bridge = bridge(&mut cursor)?;
    let port = cursor.u16()?;
    let times = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    // Of STP's flags only the first and the last mean anything (clause 14.4).
    let flags = if kind == Kind::Plain { flags & (Flags::CHANGE | Flags::ACKNOWLEDGED) } else { flags };
    let flags = Flags(flags);
    let mut tree = Tree { kind, flags, root, cost, bridge, port, times, vlan: None, region: None };
    if kind != Kind::Plain {
        // The length of what version 1 added, which is nothing.
        cursor.u8()?;
    }
    if kind == Kind::Multiple {
        match region(&mut cursor, bridge) {
            Some((region, speaks)) => {
                tree.bridge = speaks;
                tree.region = Some(region);
            }
            // What is too short for a region is one of the rapid tree (clause 14.4 e).
            None => tree.kind = Kind::Rapid,
        }
    }
    let could_be = |bridge: Bridge| Address::Mac(bridge.mac).is_station();
    if !could_be(tree.root) || !could_be(tree.bridge) {
        return None;
    }
    if is_ciscos {
        tree.vlan = vlan(cursor.rest());
    }
    Some(Unit::Tree(Box::new(tree)))
}

fn bridge(cursor: &mut Cursor<'_>) -> Option<Bridge> {
    Some(Bridge { priority: cursor.u16()?, mac: Mac(cursor.array()?) })
}

/// The region, and the bridge that speaks: the place of a bridge before is the region's root.
fn region<'a>(cursor: &mut Cursor<'a>, root: Bridge) -> Option<(Region<'a>, Bridge)> {
    let length = usize::from(cursor.u16()?);
    let count = length.checked_sub(REGION)? / TREE;
    let _format = cursor.u8()?;
    let name = cursor.take(32)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let (revision, digest) = (cursor.u16()?, cursor.take(16)?);
    let cost = cursor.u32()?;
    let speaks = bridge(cursor)?;
    let hops = cursor.u8()?;
    let mut trees = Vec::new();
    for _ in 0..count.min(TREES_MAX) {
        let flags = Flags(cursor.u8()?);
        let root = bridge(cursor)?;
        let cost = cursor.u32()?;
        let _priorities_and_hops: [u8; 3] = cursor.array()?;
        trees.push(Instance { flags, root, cost });
    }
    Some((Region { name, revision, digest, root, cost, hops, trees }, speaks))
}

/// The VLAN that Cisco adds behind the unit and padding: a type of 0, a length of 2.
fn vlan(rest: &[u8]) -> Option<u16> {
    let added = rest.iter().position(|byte| *byte != 0)?.checked_sub(3)?;
    match rest.get(added..) {
        Some([0, 0, 0, 2, high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}
