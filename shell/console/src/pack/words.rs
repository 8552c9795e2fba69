//! The words that a reader may not know.

/// Each word of the pack that is not everyday, with what it means.
pub(super) const GLOSSARY: [(&str, &str); 14] = [
    ("Asset", "A device or system that the city has: a controller, a camera, a server."),
    ("Backup", "A copy of data, made on a schedule, from which it can be brought back."),
    (
        "Conduit",
        "An allowed way from one zone of the network to another. What is in no conduit is forbidden.",
    ),
    ("Crew", "People who work together and can do so many things at once."),
    (
        "Critical path",
        "The steps of which each waits for the one before it. A delay of one of them delays the whole.",
    ),
    (
        "Drill",
        "A backup restored to a place of its own and checked, to show that it can be done and how long it takes.",
    ),
    ("Fallback", "What a service or its people do while it has no network."),
    ("MTPD", "Maximum tolerable period of disruption: after it, the harm is not acceptable."),
    ("Repository", "Where backups lie, encrypted. Without its key nobody can read it."),
    (
        "restic",
        "A free program that makes and restores backups. It reads the city’s repositories without Bastide.",
    ),
    ("RPO", "Recovery point objective: how much of the latest data may be lost, as a length of time."),
    ("RTO", "Recovery time objective: by when a service should run again."),
    ("Snapshot", "What one backup saw at one time. A repository holds many of them."),
    ("Zone", "A part of the network whose devices need the same protection."),
];
