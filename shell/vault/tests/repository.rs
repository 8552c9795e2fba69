//! Repositories in a folder: made, filled, restored, damaged, and read by plain restic and back.
#![cfg(test)]

mod support;

use std::fs;
use support::{City, at, backup_id};
use vault::{Target, Vault, VaultError};

#[test]
fn what_was_backed_up_comes_back_whole() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    let first = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    assert_eq!((first.files, first.new_files, first.gone_files), (city.files(), city.files(), 0));
    fs::write(city.data().join("ledger.csv"), "changed\n").unwrap();
    fs::remove_file(city.data().join("notes/3.txt")).unwrap();
    let second = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    assert_eq!((second.new_files, second.changed_files, second.gone_files), (0, 1, 1));
    assert!(second.gone[0].ends_with("notes/3.txt"), "{:?}", second.gone);
    assert!(second.added < first.added);

    let snapshots = vault.snapshots(Some(&backup_id())).unwrap();
    assert_eq!(snapshots.iter().map(|s| s.id.clone()).collect::<Vec<_>>(), [first.id, second.id.clone()]);
    let into = city.place("restored");
    let target = Target { into: &into, only: None, replace: false };
    let restored = vault.restore(&second.id, target, &()).unwrap();
    assert_eq!(restored.files + restored.links, city.files());
    city.assert_same(&into);
    assert!(matches!(vault.restore(&second.id, target, &()), Err(VaultError::NotEmpty(_))));
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
}
