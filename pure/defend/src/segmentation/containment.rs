//! The exact text that contains one address on a device, or releases it again: for whoever keeps the firewall to paste.

use super::{Policy, cisco, juniper, nftables};
use std::net::IpAddr;

/// What kind of device a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Cisco IOS and IOS XE, with the lists of [`cisco::compile`].
    Cisco,
    /// Junos, with the filters of [`juniper::compile`].
    Juniper,
    /// Linux, with the ruleset of [`nftables::compile`] for these settings.
    Nftables(nftables::Settings),
}

impl Device {
    /// What contains an address: nothing passes from it or to it any more, flows that run already included.
    #[must_use]
    pub fn contain(self, policy: &Policy<'_>, address: IpAddr) -> String {
        self.text(policy, address, false)
    }

    /// What releases an address that was contained.
    #[must_use]
    pub fn release(self, policy: &Policy<'_>, address: IpAddr) -> String {
        self.text(policy, address, true)
    }

    fn text(self, policy: &Policy<'_>, address: IpAddr, release: bool) -> String {
        match self {
            Device::Cisco => cisco::contain(policy, address, release),
            Device::Juniper => juniper::contain(address, release),
            Device::Nftables(settings) => {
                let verb = if release { "delete" } else { "add" };
                let digit = if address.is_ipv6() { 6 } else { 4 };
                let families = ["inet"].into_iter().chain(settings.bridge.map(|_| "bridge"));
                let table = nftables::TABLE;
                families
                    .map(|family| {
                        format!("nft '{verb} element {family} {table} quarantine{digit} {{ {address} }}'\n")
                    })
                    .collect()
            }
        }
    }
}
