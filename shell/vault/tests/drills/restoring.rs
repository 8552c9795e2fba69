//! The real thing.

use super::*;
use city::Backup;
use vault::{RestoreError, Restoring, plan_restore, restore};

fn backups(plan: &Plan) -> Vec<&Backup> {
    plan.backups_of(&"telecare".parse().unwrap()).collect()
}

#[test]
fn a_service_is_restored_as_it_was_at_a_time_and_nothing_is_overwritten_untold() {
    let town = Town::new("");
    town.back_up(time(0));
    fs::write(town.at("web/index.html"), "<p>Changed</p>\n").unwrap();
    fs::write(town.at("web/new.html"), "<p>New</p>\n").unwrap();
    town.back_up(time(3600));
    let place = town.at("place");
    let restoring = Restoring { to: &place, at: Some(time(3599)), overwrite: false, spoilt: &all_clean };
    let web = place.join("telecare-web").join(town.at("web").strip_prefix("/").unwrap());

    let looked = plan_restore(&town.plan, &backups(&town.plan), &restoring).unwrap();
    assert!(!place.exists(), "a dry run writes nothing");
    assert_eq!((looked[0].snapshot.time, looked[0].files, looked[0].occupied), (time(0), 2, false));
    assert_eq!(looked[0].bytes, (24 + 31) as u64);
    assert_eq!(looked[0].into, place.join("telecare-web"));

    let done = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap();
    assert_eq!((done[0].1.files, done[0].1.bytes), (2, 55));
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Telecare answers</p>\n");

    let restoring = Restoring { at: None, ..restoring };
    fs::write(web.join("kept.txt"), "somebody's own").unwrap();
    let looked = plan_restore(&town.plan, &backups(&town.plan), &restoring).unwrap();
    assert_eq!((looked[0].occupied, looked[0].overwrites, looked[0].files), (true, 2, 3));
    assert!(looked[0].overwritten.iter().any(|path| path.ends_with("web/index.html")), "{looked:?}");
    let error = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap_err();
    assert!(matches!(error, RestoreError::Occupied { overwrites: 2, .. }), "{error}");
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Telecare answers</p>\n");

    let restoring = Restoring { overwrite: true, ..restoring };
    restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap();
    assert_eq!(fs::read_to_string(web.join("index.html")).unwrap(), "<p>Changed</p>\n");
    assert_eq!(fs::read_to_string(web.join("kept.txt")).unwrap(), "somebody's own");
}

#[test]
fn without_a_snapshot_it_says_which_repository_lacks_what() {
    let town = Town::new("");
    town.back_up(time(3600));
    let place = town.at("place");
    let restoring = Restoring { to: &place, at: Some(time(0)), overwrite: false, spoilt: &all_clean };
    let error = restore(&town.plan, &backups(&town.plan), &restoring, &()).unwrap_err().to_string();
    assert!(
        error.contains("cellar: all its snapshots are newer; shelf: all its snapshots are newer"),
        "{error}"
    );
    assert!(!place.exists());
}
