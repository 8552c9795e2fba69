//! Repositories in a folder: made, filled, restored, damaged, and read by plain restic and back.
#![cfg(test)]

mod support;

use city::RepositoryPlace;
use std::fs;
use support::{City, at, backup_id};
use vault::{Staged, Target, Vault, VaultError};

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

#[test]
fn what_is_left_out_is_not_in_the_snapshot() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    fs::create_dir_all(city.data().join("cache/inner")).unwrap();
    fs::write(city.data().join("cache/inner/a"), "a").unwrap();
    fs::write(city.data().join("notes/keep.tmp"), "a").unwrap();
    let exclude = vec![
        "*.tmp".to_owned(),
        "cache/".to_owned(),
        city.data().join("notes/deep").to_str().unwrap().to_owned(),
    ];
    let staged = Staged::InPlace { roots: vec![city.data()], exclude };
    let made = vault.backup(&backup_id(), &staged, at(1), &()).unwrap();
    let into = city.place("restored");
    vault.restore(&made.id, Target { into: &into, only: None, replace: false }, &()).unwrap();
    fs::remove_dir_all(city.data().join("cache")).unwrap();
    fs::remove_dir_all(city.data().join("notes/deep")).unwrap();
    fs::remove_file(city.data().join("notes/keep.tmp")).unwrap();
    let below = into.join(city.data().strip_prefix("/").unwrap());
    let names =
        |folder| -> Vec<_> { support::tree(folder).iter().map(|entry| entry.name().to_owned()).collect() };
    assert_eq!(names(&below), names(&city.data()));

    let staged = Staged::InPlace { roots: vec![city.data()], exclude: vec!["!x".to_owned()] };
    assert!(matches!(vault.backup(&backup_id(), &staged, at(2), &()), Err(VaultError::Nothing { .. })));
}

#[test]
fn what_was_gathered_lies_at_the_top_and_a_part_of_it_can_be_had() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    let gather = |number: u32| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("dump.sql"), format!("insert {number};\n")).unwrap();
        fs::create_dir(folder.path().join("roles")).unwrap();
        fs::write(folder.path().join("roles/all.sql"), "create role clerk;\n").unwrap();
        Staged::Gathered(folder)
    };
    vault.backup(&backup_id(), &gather(1), at(1), &()).unwrap();
    let made = vault.backup(&backup_id(), &gather(2), at(2), &()).unwrap();
    assert_eq!((made.files, made.new_files, made.gone_files), (2, 0, 0), "{made:?}");
    let into = city.place("restored");
    let only = ["/roles".into()];
    let restored =
        vault.restore(&made.id, Target { into: &into, only: Some(&only), replace: false }, &()).unwrap();
    assert_eq!(restored.files, 1);
    assert_eq!(fs::read_to_string(into.join("roles/all.sql")).unwrap(), "create role clerk;\n");
    let only = ["dump.sql".into()];
    let target = Target { into: &into, only: Some(&only), replace: true };
    vault.restore(&made.id, target, &()).unwrap();
    assert_eq!(fs::read_to_string(into.join("dump.sql")).unwrap(), "insert 2;\n");
    let only = ["nothing".into()];
    let target = Target { into: &into, only: Some(&only), replace: true };
    assert!(matches!(vault.restore(&made.id, target, &()), Err(VaultError::Nothing { .. })));
}

#[test]
fn two_that_work_at_once_do_not_disturb_each_other() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    city.fill(1);
    let made = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let other = Vault::open(&city.folder()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (vault, other, made, city) = (&vault, &other, &made, &city);
            scope.spawn(move || {
                let id = format!("backup-{number}").parse().unwrap();
                other.backup(&id, &city.staged(), at(2), &()).unwrap();
                let into = city.place(&format!("restored-{number}"));
                vault.restore(&made.id, Target { into: &into, only: None, replace: false }, &()).unwrap();
                city.assert_same(&into);
            });
        }
    });
    assert_eq!(vault.snapshots(None).unwrap().len(), 4);
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_login_in_a_url_is_refused_and_not_shown() {
    let city = City::new();
    let url = "https://city:geese@192.0.2.9:8000/city";
    let refused = Vault::open(&city.repository(RepositoryPlace::Rest(url.into()))).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("geese"));
}

#[test]
fn many_files_and_large_ones_go_the_first_time_as_they_always_do() {
    let city = City::new();
    let vault = Vault::init(&city.folder()).unwrap();
    for number in 0..1_200_u32 {
        let folder = city.data().join(format!("{:02}", number % 30));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(number.to_string()), format!("{number},Mill Lane\n")).unwrap();
    }
    // Longer than the longest piece, and as long as the shortest.
    let mut state = 7_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    };
    let large = noise(9 << 20);
    fs::write(city.data().join("05/large"), &large).unwrap();
    fs::write(city.data().join("06/just"), noise(512 << 10)).unwrap();
    let first = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let wanted = (1_202, 1_202, 0);
    assert_eq!((first.files, first.new_files, first.changed_files), wanted, "{first:?}");
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());

    // The large one was cut by its content: with a little more at its beginning, most of it is there already.
    fs::write(city.data().join("05/large"), [b"a little more".as_slice(), &large].concat()).unwrap();
    let second = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    assert_eq!((second.new_files, second.changed_files), (0, 1), "{second:?}");
    assert!(second.added < 8 << 20, "{second:?}");
    let into = city.place("restored");
    vault.restore(&second.id, Target { into: &into, only: None, replace: false }, &()).unwrap();
    city.assert_same(&into);

    // Another backup finds the same pieces in the repository, cut as a second backup of few files cuts them.
    let few = Staged::InPlace { roots: vec![city.data().join("05/large")], exclude: Vec::new() };
    let other = vault.backup(&"other".parse().unwrap(), &few, at(3), &()).unwrap();
    assert!(other.added < 1 << 16, "{other:?}");
}
