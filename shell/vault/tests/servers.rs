//! Repositories on real servers: restic's REST protocol, and S3. What shall stay is tried to be destroyed.
#![cfg(test)]

mod support;

use city::{Repository, RepositoryPlace};
use jiff::SignedDuration;
use support::{
    City, at, backup_id,
    programs::{have, rest_server, restic_must, s3_server},
};
use vault::{Share, Target, Vault, VaultError};

fn rest(city: &City, port: u16) -> Repository {
    city.served(RepositoryPlace::Rest(format!("http://127.0.0.1:{port}/").into()))
}

fn bucket(city: &City, port: u16, bucket: &str, prefix: &str) -> Repository {
    city.served(RepositoryPlace::S3 {
        endpoint: format!("http://127.0.0.1:{port}").into(),
        bucket: bucket.into(),
        prefix: prefix.into(),
    })
}

/// Backs up twice, restores, checks and reads everything back.
fn make_use_of(city: &City, declared: &Repository) -> Vault {
    city.fill(1);
    assert!(matches!(Vault::open(declared), Err(VaultError::Missing { .. })));
    let vault = Vault::init(declared).unwrap();
    assert!(matches!(Vault::init(declared), Err(VaultError::Exists { .. })));
    vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    city.fill(2);
    let made = vault.backup(&backup_id(), &city.staged(), at(2), &()).unwrap();
    let vault = Vault::open(declared).unwrap();
    let into = city.place("restored");
    vault.restore(&made.id, Target { into: &into, only: None, replace: false }, &()).unwrap();
    city.assert_same(&into);
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
    let read = vault.read_back(Share { part: 0, of: 1 }, 7).unwrap();
    assert!(read.packs == read.of && read.packs > 0 && read.damage.is_empty(), "{read:?}");
    vault
}

#[test]
fn a_rest_server_is_a_repository_and_one_that_only_adds_is_seen_to_be_so() {
    let test = "a_rest_server_is_a_repository_and_one_that_only_adds_is_seen_to_be_so";
    if !have(&["restic", "rclone"], test) {
        return;
    }
    let city = City::new();
    let folder = city.place("served");
    let server = rest_server(&folder, false);
    let mut declared = rest(&city, server.port);
    let vault = make_use_of(&city, &declared);
    let tried = vault.prove(at(3));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(false), Some(false)), "{tried:?}");
    assert_eq!((tried.snapshots, tried.newest), (2, Some(at(2))));
    let url = format!("rest:http://city:two%20grey%20geese@127.0.0.1:{}/", server.port);
    restic_must(&city, &url, &["check", "--read-data"]);
    drop(server);

    let server = rest_server(&folder, true);
    declared = Repository { append_only: true, ..rest(&city, server.port) };
    for night in [4, 5] {
        let tried = Vault::tried(&declared, at(night));
        assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(true), Some(true)), "{tried:?}");
    }
    let vault = Vault::open(&declared).unwrap();
    vault.backup(&backup_id(), &city.staged(), at(6), &()).unwrap();
    assert!(matches!(vault.forget(&backup_id(), &[], at(7)), Err(VaultError::AppendOnly { .. })));
    let url = format!("rest:http://city:two%20grey%20geese@127.0.0.1:{}/", server.port);
    // Both nights tried the same probe.
    let list: serde_json::Value =
        serde_json::from_str(&restic_must(&city, &url, &["snapshots", "--json", "--no-lock"])).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 4);
    restic_must(&city, &url, &["check", "--no-lock"]);
    drop(server);
    assert!(matches!(Vault::open(&declared), Err(VaultError::Unreachable { .. })));
}

#[test]
fn a_bucket_is_a_repository_and_one_that_is_locked_is_seen_to_be_so() {
    let test = "a_bucket_is_a_repository_and_one_that_is_locked_is_seen_to_be_so";
    if !have(&["restic"], test) {
        return;
    }
    let Some(server) = s3_server(test) else { return };
    let city = City::new();
    let vault = make_use_of(&city, &bucket(&city, server.port, "plain", "town hall/night"));
    let tried = vault.prove(at(3));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(false), Some(false)), "{tried:?}");
    assert_eq!(tried.locked_until, None);

    let city = City::new();
    let declared = Repository {
        append_only: true,
        locked: Some(SignedDuration::from_hours(30 * 24)),
        ..bucket(&city, server.port, "locked", "")
    };
    let vault = make_use_of(&city, &declared);
    let tried = vault.prove(at(3));
    assert_eq!((tried.refuses_delete, tried.refuses_change), (Some(true), Some(true)), "{tried:?}");
    let left = tried.locked_until.unwrap().duration_since(jiff::Timestamp::now());
    assert!(left > SignedDuration::from_hours(29 * 24), "{left}");
    let url = format!("s3:http://127.0.0.1:{}/locked", server.port);
    restic_must(&city, &url, &["check", "--no-lock"]);
    let refused = Vault::open(&bucket(&city, server.port, "nowhere", ""));
    assert!(matches!(refused, Err(VaultError::Missing { .. })), "{refused:?}");
    let refused = Vault::init(&bucket(&city, server.port, "nowhere", "")).unwrap_err().to_string();
    assert!(refused.contains("no bucket nowhere"), "{refused}");
}
