//! The tables of a plan but for those of recovery.

use super::{Field, KEYS_MAX, List, Optional, Reading, Required, Table, field::Found};
use crate::{
    source::Span,
    value::{Lasting, SecurityLevel, ZoneName},
};
use city::{
    Allowance, AssetId, ConduitId, ContactId, CrewId, FeedId, Impact, Mac, ResponseId, Rule, ServiceId,
    Severity, SiteId, SupplierId, Text, ZoneId,
};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::net::IpAddr;

tables! {
    /// What is said once of the whole city.
    CityTable "city" "a city" {
        /// The city's name.
        name "name": Required<Text>,
        /// The IANA time zone in which people see times.
        time_zone "time-zone": Required<ZoneName>,
        /// For how long a new device's behaviour is learned rather than judged; 7d if not given.
        learning "learning": Optional<SignedDuration>,
        /// After how long without a sign a device counts as silent; 1h if not given.
        silence "silence": Optional<Lasting>,
    }

    /// An essential public function, such as signal control or telecare.
    ServiceTable "service" "a service" {
        /// By what other tables refer to it.
        id "id": Required<ServiceId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The contact who answers for it.
        owner "owner": Optional<ContactId>,
        /// How much it hurts when it fails: low, medium, high or critical.
        impact "impact": Required<Impact>,
        /// The services it cannot run without.
        needs "needs": List<ServiceId>,
        /// What it does without its network, in plain words: "junctions fall back to fixed time".
        fallback "fallback": Optional<Text>,
        /// Whether it must run: no response cuts it off unless a second person agrees; false if not given.
        must_run "must-run": Optional<bool>,
        /// Recovery time objective: by when it should run again.
        rto "rto": Optional<Lasting>,
        /// Recovery point objective: how much recent data may be lost.
        rpo "rpo": Optional<SignedDuration>,
        /// Maximum tolerable period of disruption (ISO 22301), after which the harm is not acceptable.
        mtpd "mtpd": Optional<Lasting>,
    }

    /// A group of assets with common security needs (IEC 62443-3-2).
    ZoneTable "zone" "a zone" {
        /// By what other tables refer to it.
        id "id": Required<ZoneId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The networks it spans; no two zones overlap.
        networks "networks": List<IpNet>,
        /// The security level aimed at (IEC 62443-3-3), 0 to 4; 0 if not given for a zone outside.
        security_level "security-level": Optional<SecurityLevel>,
        /// Whether it is not the city's: the internet, a supplier. One such zone may lack networks and is everywhere else.
        outside "outside": Optional<bool>,
        /// The interfaces of the enforcing firewall behind which it lies, such as vlan20.
        interfaces "interfaces": List<Text>,
        /// Where its equipment stands, unless an asset says otherwise.
        site "site": Optional<SiteId>,
    }

    /// An allowed path from one zone to another (IEC 62443-3-2). Replies are part of it.
    ConduitTable "conduit" "a conduit" {
        /// By what it is shown; from both ends and a number if not given.
        id "id": Optional<ConduitId>,
        /// The zone that begins.
        from "from": Required<ZoneId>,
        /// The zone that is spoken to.
        to "to": Required<ZoneId>,
        /// Those of the first zone that may begin; all of it if not given.
        from_assets "from-assets": List<AssetId>,
        /// Those of the second zone that may be spoken to; all of it if not given.
        to_assets "to-assets": List<AssetId>,
        /// Why it exists, in plain words.
        reason "reason": Required<Text>,
        /// What is allowed: protocols with verbs, perhaps on a port, or ports.
        allow "allow": List<Allowance>,
    }

    /// A device or system.
    AssetTable "asset" "an asset" {
        /// By what other tables refer to it.
        id "id": Required<AssetId>,
        /// Its name for people; the id if not given.
        name "name": Optional<Text>,
        /// The zone it stands in.
        zone "zone": Required<ZoneId>,
        /// Its IP addresses, each in the zone's networks.
        addresses "addresses": List<IpAddr>,
        /// Its MAC addresses.
        macs "macs": List<Mac>,
        /// The services it supports.
        services "services": List<ServiceId>,
        /// Who makes or runs it.
        supplier "supplier": Optional<SupplierId>,
        /// What it is: the maker's product and model.
        product "product": Optional<Text>,
        /// The firmware it should run.
        firmware "firmware": Optional<Text>,
        /// What it does: controller, server, workstation.
        role "role": Optional<Text>,
        /// After how long without a sign it counts as silent, if not the city's default.
        silence "silence": Optional<Lasting>,
        /// Where it stands, if not where its zone does.
        site "site": Optional<SiteId>,
        /// How long it takes to have another in its place, ready for what is restored to it.
        replace "replace": Optional<SignedDuration>,
        /// The crew that puts it back.
        crew "crew": Optional<CrewId>,
    }

    /// A spreadsheet (CSV) of assets.
    InventoryTable "inventory" "an inventory" {
        /// The file, relative to this one.
        file "file": Required<Text>,
    }

    /// Who makes, supplies or runs something.
    SupplierTable "supplier" "a supplier" {
        /// By what other tables refer to it.
        id "id": Required<SupplierId>,
        /// Its name.
        name "name": Required<Text>,
        /// The contact to call there.
        contact "contact": Optional<ContactId>,
    }

    /// A stream of readings to the digital twin.
    FeedTable "feed" "a feed" {
        /// By what other tables refer to it.
        id "id": Required<FeedId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The asset it comes from.
        asset "asset": Required<AssetId>,
        /// The topic or path under which it is published.
        topic "topic": Required<Text>,
        /// The unit of its readings (UCUM), such as m or Cel.
        unit "unit": Required<Text>,
        /// The least value that is physically possible.
        minimum "minimum": Optional<f64>,
        /// The greatest value that is physically possible.
        maximum "maximum": Optional<f64>,
    }

    /// What shall be done by itself when something is found: whoever did it is contained. Everything else waits for a
    /// person.
    ResponseTable "response" "a response" {
        /// By what it is shown.
        id "id": Required<ResponseId>,
        /// The rules whose findings it answers, such as verb-not-allowed.
        rules "rules": List<Rule>,
        /// The zones that something was done to; all if not given.
        zones "zones": List<ZoneId>,
        /// The least severity that it answers: notice, low, medium, high or critical; high if not given.
        severity "severity": Optional<Severity>,
        /// Why it is right to act without asking, in plain words.
        reason "reason": Required<Text>,
    }

    /// Someone to tell, or to ask.
    ContactTable "contact" "a contact" {
        /// By what other tables refer to it.
        id "id": Required<ContactId>,
        /// The name of the person, team or organisation.
        name "name": Required<Text>,
        /// What they answer for.
        role "role": Required<Text>,
        /// Telephone number.
        telephone "telephone": Optional<Text>,
        /// Mail address.
        mail "mail": Optional<Text>,
    }
}
