//! Plain restic reads what Bastide wrote, without it, and Bastide reads what plain restic wrote.
#![cfg(test)]

mod support;

use std::fs;
use support::{
    City, at, backup_id,
    programs::{have, restic_must},
};
use vault::{Target, Vault};

#[test]
fn plain_restic_lists_checks_and_restores_what_we_wrote() {
    if !have(&["restic"], "plain_restic_lists_checks_and_restores_what_we_wrote") {
        return;
    }
    let city = City::new();
    let declared = city.folder();
    let vault = Vault::init(&declared).unwrap();
    city.fill(1);
    vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    city.fill(2);
    let made = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    // A probe is one more snapshot to restic, and no trouble.
    assert_eq!(vault.prove(at(3)).refuses_delete, Some(false));
    let repository = declared.at.to_string();
    let list = restic_must(&city, &repository, &["snapshots", "--json", "--tag", "telecare-files"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[1]["id"], *made.id);
    assert_eq!(list[1]["hostname"], "bastide");
    assert_eq!(list[1]["tags"][0], "telecare-files");
    assert!(list[1]["time"].as_str().unwrap().starts_with("2026-10-03T02:00:00"));
    restic_must(&city, &repository, &["check", "--read-data"]);
    let into = city.place("by-restic");
    restic_must(&city, &repository, &["restore", &made.id, "--target", into.to_str().unwrap()]);
    city.assert_same(&into);
}

#[test]
fn what_plain_restic_wrote_is_listed_restored_and_added_to() {
    if !have(&["restic"], "what_plain_restic_wrote_is_listed_restored_and_added_to") {
        return;
    }
    for version in ["1", "2"] {
        let city = City::new();
        city.fill(1);
        let declared = city.folder();
        let repository = declared.at.to_string();
        restic_must(&city, &repository, &["init", "--repository-version", version]);
        restic_must(&city, &repository, &["backup", "--host", "townhall", city.data().to_str().unwrap()]);
        let vault = Vault::open(&declared).unwrap();
        let snapshots = vault.snapshots(None).unwrap();
        assert_eq!(snapshots.len(), 1);
        assert_eq!((snapshots[0].backup.clone(), snapshots[0].host.as_str()), (None, "townhall"));
        let into = city.place("restored");
        let target = Target { into: &into, only: None, replace: false };
        vault.restore(&snapshots[0].id, target, &()).unwrap();
        city.assert_same(&into);
        assert_eq!(vault.check().unwrap(), Vec::<String>::new());

        // The same files are not sent again.
        let made = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
        assert!(made.added < 100_000, "{made:?}");
        restic_must(&city, &repository, &["check", "--read-data"]);
        fs::remove_dir_all(&into).unwrap();
    }
}
