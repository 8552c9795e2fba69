//! The markings of the Traffic Light Protocol, which everybody refers to by the ids that OASIS gave them.

use city::Tlp;

/// Version 2.0 of the protocol, of which every level has an id.
const NEW: [(Tlp, &str); 5] = [
    (Tlp::Clear, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"),
    (Tlp::Green, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
    (Tlp::Amber, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
    (Tlp::AmberStrict, "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"),
    (Tlp::Red, "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"),
];

/// Version 1, as STIX 2.1 has it (§7.2.1.4).
const OLD: [(Tlp, &str); 4] = [
    (Tlp::Clear, "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"),
    (Tlp::Green, "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"),
    (Tlp::Amber, "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"),
    (Tlp::Red, "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
];

/// The level that a marking's id stands for, in version 2.0 or 1.
#[must_use]
pub fn marking_of(id: &str) -> Option<Tlp> {
    NEW.iter().chain(&OLD).find(|(_, known)| *known == id).map(|(tlp, _)| *tlp)
}

/// The id of a level's marking, in version 2.0.
#[must_use]
pub fn marking_id(tlp: Tlp) -> &'static str {
    NEW.iter().find(|(known, _)| *known == tlp).map_or("", |(_, id)| id)
}
