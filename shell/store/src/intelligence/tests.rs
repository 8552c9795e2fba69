use super::*;
use serde_json::{Value, json};

const WHITE: &str = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
const STRICT: &str = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";

fn now(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn indicator(number: u32, modified: &str, marking: Option<&str>) -> Value {
    let mut value = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012}"),
        "created": "2026-01-01T00:00:00.000Z", "modified": modified, "pattern_type": "stix",
        "pattern": "[ipv4-addr:value = '203.0.113.7']", "valid_from": "2026-01-01T00:00:00Z", "x_kept": 1.50,
    });
    if let Some(marking) = marking {
        value["object_marking_refs"] = json!([marking]);
    }
    value
}

fn filing(source: &str, audience: Audience) -> Filing {
    Filing {
        source: source.to_owned(),
        collections: vec!["c".to_owned()],
        audience,
        unmarked: Unmarked::default(),
    }
}

fn groups(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn reader(ceiling: Tlp, names: &[&str]) -> Reader {
    Reader { ceiling, groups: groups(names) }
}

async fn seen(store: &Intelligence, reader: &Reader, filter: &Filter) -> Vec<Value> {
    let (mut seen, mut next, mut last) = (Vec::new(), None, None);
    for _ in 0..1_000 {
        let page = store.objects("c", reader, filter, next.as_deref(), 3).await.unwrap();
        if let Some((first, end)) = page.span {
            assert!(last < Some(first) && first <= end, "pages follow one another");
            last = Some(end);
        }
        seen.extend(page.items.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()));
        let told = store.manifest("c", reader, filter, next.as_deref(), 3).await.unwrap();
        assert_eq!((told.items.len(), told.span, &told.next), (page.items.len(), page.span, &page.next));
        next = page.next;
        if next.is_none() {
            return seen;
        }
    }
    panic!("endless pages");
}

#[tokio::test]
async fn each_reader_sees_what_is_theirs_as_if_there_were_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = Intelligence::open(directory.path()).await.unwrap();
    let old = "2026-01-02T00:00:00.000Z";
    let new = "2026-01-03T00:00:00.000Z";
    let for_all = filing("here", Audience::Everybody);
    let for_water = filing("here", Audience::Groups(groups(&["water"])));
    let clear = indicator(1, old, Some(WHITE));
    let newer = indicator(1, new, Some(RED));
    let unmarked = indicator(2, old, None);
    let strict = indicator(3, old, Some(STRICT));
    let water = indicator(4, old, Some(WHITE));
    let observable = json!({"type": "ipv4-addr", "id": "ipv4-addr--00000000-0000-4000-8000-000000000009",
        "value": "203.0.113.9", "object_marking_refs": [WHITE]});
    let all = [&clear, &newer, &unmarked, &strict, &observable];
    let added = store.add(&all, &for_all, now(0)).await.unwrap();
    assert!(added.iter().all(|one| matches!(one, Added::New { differs: false, .. })), "{added:?}");
    store.add(&[&water], &for_water, now(0)).await.unwrap();
    assert_eq!(store.add(&all, &for_all, now(1)).await.unwrap(), vec![Added::Known; 5]);

    let last = Filter::default();
    // The newest version that a reader may see is their newest, and what is red is nobody's.
    assert_eq!(seen(&store, &reader(Tlp::Green, &[]), &last).await, [clear.clone(), observable.clone()]);
    let amber = [clear.clone(), unmarked.clone(), observable.clone()];
    assert_eq!(seen(&store, &reader(Tlp::Amber, &["gas"]), &last).await, amber);
    let all_of_it = [clear.clone(), unmarked.clone(), strict.clone(), observable.clone(), water.clone()];
    let everything = reader(Tlp::Red, &["water"]);
    assert_eq!(seen(&store, &everything, &last).await, all_of_it);
    assert!(store.shows("c", &everything, "indicator--00000000-0000-4000-8000-000000000004").await.unwrap());
    assert!(
        !store
            .shows("c", &reader(Tlp::Red, &[]), "indicator--00000000-0000-4000-8000-000000000004")
            .await
            .unwrap()
    );
    assert_eq!(
        seen(&store, &reader(Tlp::Red, &[]), &Filter { types: vec!["ipv4-addr".into()], ..last.clone() })
            .await,
        [observable]
    );
    // The city itself sees what is red.
    let kept = store.object("indicator--00000000-0000-4000-8000-000000000001").await.unwrap();
    assert_eq!((kept.len(), kept[0].tlp, kept[0].version), (1, Tlp::Red, Some(new.parse().unwrap())));
    assert_eq!(store.since("indicator", None, 10).await.unwrap().len(), 4);

    // Another text of a version is kept beside it, and does not take its place.
    let mut forged = clear.clone();
    forged["pattern"] = json!("[ipv4-addr:value = '192.0.2.1']");
    let outcome = store.add(&[&forged], &filing("mallory", Audience::Everybody), now(-100)).await.unwrap();
    assert!(matches!(outcome[..], [Added::New { differs: true, added }] if added > now(0)), "time goes on");
    assert_eq!(seen(&store, &reader(Tlp::Green, &[]), &last).await[0], clear);
    assert_eq!(store.by_source("mallory", None, 10).await.unwrap().len(), 1);

    // Whoever gave something may take it back, and sees nothing of what is another's.
    let id = "indicator--00000000-0000-4000-8000-000000000001";
    let green = reader(Tlp::Green, &[]);
    assert_eq!(store.withdraw("c", id, &[], Some((&green, "mallory"))).await.unwrap(), 1);
    assert_eq!(store.withdraw("c", id, &[], Some((&green, "mallory"))).await.unwrap(), 0);
    assert_eq!(store.withdraw("c", id, &[], None).await.unwrap(), 2);
    assert_eq!(seen(&store, &green, &last).await.len(), 1);
}

#[tokio::test]
async fn versions_are_chosen_and_none_is_lost_or_repeated_while_others_add() {
    let directory = tempfile::tempdir().unwrap();
    let store = Intelligence::open(directory.path()).await.unwrap();
    let days: Vec<String> = (2..=9).map(|day| format!("2026-01-0{day}T00:00:00.000Z")).collect();
    let versions: Vec<Value> = days.iter().map(|day| indicator(1, day, Some(WHITE))).collect();
    let filing = filing("here", Audience::Everybody);
    for version in versions.iter().rev() {
        store.add(&[version], &filing, now(0)).await.unwrap();
    }
    let reader = reader(Tlp::Clear, &[]);
    let of = |versions: &[VersionMatch]| Filter { versions: versions.to_vec(), ..Filter::default() };
    assert_eq!(seen(&store, &reader, &of(&[VersionMatch::First])).await, versions[..1]);
    assert_eq!(seen(&store, &reader, &of(&[])).await, versions[7..]);
    assert_eq!(seen(&store, &reader, &of(&[VersionMatch::All])).await.len(), 8);
    let at = VersionMatch::At(days[3].parse().unwrap());
    assert_eq!(
        seen(&store, &reader, &of(&[at, VersionMatch::First])).await,
        [versions[3].clone(), versions[0].clone()]
    );
    let after = |after| Filter { added_after: Some(after), ..of(&[VersionMatch::All]) };
    let all = store.manifest("c", &reader, &of(&[VersionMatch::All]), None, 10).await.unwrap();
    assert_eq!(seen(&store, &reader, &after(all.items[4].added)).await.len(), 3);

    let too_deep = (0..70).fold(json!(1), |inner, _| json!([inner]));
    let mut deep = indicator(5, &days[0], None);
    deep["x_deep"] = too_deep;
    let mut large = indicator(6, &days[0], None);
    large["x_large"] = json!("a".repeat(OBJECT_MAX));
    let mut timeless = indicator(7, "yesterday", None);
    timeless["created"] = json!("2026-01-01T00:00:00Z");
    let nameless = json!({"type": "indicator"});
    assert_eq!(
        store.add(&[&deep, &large, &timeless, &nameless], &filing, now(2)).await.unwrap(),
        [Refused::Deep, Refused::Large, Refused::Timeless, Refused::Nameless].map(Added::Refused)
    );

    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for batch in 0..40 {
            let some: Vec<Value> = (0..25)
                .map(|n| indicator(100 + batch * 25 + n, "2026-01-02T00:00:00.000Z", Some(WHITE)))
                .collect();
            let some: Vec<&Value> = some.iter().collect();
            writer.add(&some, &self::filing("here", Audience::Everybody), now(3)).await.unwrap();
        }
    });
    let mut ids = Vec::new();
    let mut filter = Filter { added_after: Some(now(2)), ..Filter::default() };
    while ids.len() < 1_000 {
        let page = store.manifest("c", &reader, &filter, None, 17).await.unwrap();
        ids.extend(page.items.into_iter().map(|entry| entry.id));
        if let Some((_, last)) = page.span {
            filter.added_after = Some(last);
        }
    }
    writing.await.unwrap();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((count, ids.len()), (1_000, 1_000));
}

#[tokio::test]
async fn what_is_set_aside_is_kept_and_not_acted_on_until_that_is_undone() {
    let directory = tempfile::tempdir().unwrap();
    let store = Intelligence::open(directory.path()).await.unwrap();
    let (old, new) = ("2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z");
    let poisoned = indicator(1, new, None);
    let objects = [indicator(1, old, None), indicator(2, old, None), indicator(3, old, None)];
    store
        .add(&objects.iter().collect::<Vec<_>>(), &filing("agency", Audience::Everybody), now(0))
        .await
        .unwrap();
    store.add(&[&poisoned], &filing("mallory", Audience::Everybody), now(1)).await.unwrap();
    let acted_on = async || {
        let kept = store.since("indicator", None, 10).await.unwrap();
        kept.into_iter()
            .map(|kept| (kept.id.chars().last().unwrap().to_string(), kept.source))
            .collect::<Vec<_>>()
    };
    let pair = |id: &str, source: &str| (id.to_owned(), source.to_owned());
    let all = [pair("2", "agency"), pair("3", "agency"), pair("1", "mallory")];
    assert_eq!(acted_on().await, all);

    let why = SetAside { at: now(2), by: "Rowan".into(), reason: "It lists everybody".into() };
    let mallory = Which::Source("mallory");
    assert!(store.set_aside(mallory, Some(&why)).await.unwrap());
    assert!(!store.set_aside(mallory, Some(&why)).await.unwrap(), "it is so already");
    assert_eq!(store.is_set_aside(mallory).await.unwrap(), Some(Some(why.clone())));
    // What another told before counts again: a later version of it is no way to take it out.
    assert_eq!(acted_on().await, [pair("1", "agency"), pair("2", "agency"), pair("3", "agency")]);
    let third = &objects[2]["id"].as_str().unwrap();
    assert!(store.set_aside(Which::Object(third), Some(&why)).await.unwrap());
    assert_eq!(acted_on().await, [pair("1", "agency"), pair("2", "agency")]);
    // Everything is kept, also what is told again.
    store.add(&[&poisoned], &filing("mallory", Audience::Everybody), now(3)).await.unwrap();
    let kept = store.all(Some("indicator"), None, None, 10).await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.set_aside).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(store.all(None, Some("mallory"), None, 10).await.unwrap().len(), 1);
    assert_eq!(acted_on().await.len(), 2);

    assert!(store.set_aside(mallory, None).await.unwrap() && !store.set_aside(mallory, None).await.unwrap());
    assert!(store.set_aside(Which::Object(third), None).await.unwrap());
    assert_eq!(acted_on().await, all);
    for unknown in [Which::Source("nobody"), Which::Object("indicator--x")] {
        assert!(!store.set_aside(unknown, Some(&why)).await.unwrap());
        assert_eq!(store.is_set_aside(unknown).await.unwrap(), None);
    }
    assert!(
        store.set_aside(mallory, Some(&SetAside { reason: String::new(), ..why.clone() })).await.is_err()
    );

    // What is no sign of a source is replaced when it is said anew; and each decision is told from the one before.
    let mut decided = vec![store.decided().await.unwrap()];
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    for some in [values(&["good.example", "192.0.2.1", "192.0.2.1"]), values(&["better.example"])] {
        let then = now(10 + decided.len() as i64);
        store.put_allowed("agency", &some, then).await.unwrap();
        decided.push(store.decided().await.unwrap());
    }
    store.put_allowed("nobody", &values(&["x"]), now(20)).await.unwrap();
    assert_eq!(store.allowed().await.unwrap(), [("agency".to_owned(), "better.example".to_owned())]);
    store.set_aside(Which::Source("agency"), Some(&SetAside { at: now(13), ..why.clone() })).await.unwrap();
    decided.push(store.decided().await.unwrap());
    store.set_aside(Which::Source("agency"), None).await.unwrap();
    assert!(decided.windows(2).all(|pair| pair[0] != pair[1]), "{decided:?}");
    assert_eq!(store.decided().await.unwrap(), decided[2]);

    store.note_taken("agency", "MISP", now(4)).await.unwrap();
    let sources = store.sources().await.unwrap();
    let [agency, mallory] = &sources[..] else { panic!("{sources:?}") };
    assert_eq!((agency.name.as_str(), agency.objects, agency.taken), ("agency", 3, Some(now(4))));
    assert_eq!(
        (mallory.added, mallory.form.as_ref(), mallory.set_aside.as_ref()),
        (Some(now(1)), None, None)
    );
}

#[tokio::test]
async fn a_file_of_an_older_release_is_brought_up_by_whoever_opens_it() {
    let directory = tempfile::tempdir().unwrap();
    // Where there is none, a reader finds nothing and makes nothing.
    let none = Intelligence::open_read_only(directory.path()).await.unwrap();
    assert_eq!((none.count().await.unwrap(), none.sources().await.unwrap()), (0, Vec::new()));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    assert!(Intelligence::open_read_only(&directory.path().join("nowhere")).await.is_err());
    let old = Layout { file: LAYOUT.file, steps: &LAYOUT.steps[..1] };
    database::open(directory.path(), &old).await.unwrap().close().await;
    let store = Intelligence::open_read_only(directory.path()).await.unwrap();
    assert_eq!(store.sources().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_told_last_comes_first_and_what_is_passed_over_costs_no_more_than_a_page() {
    let directory = tempfile::tempdir().unwrap();
    let store = Intelligence::open(directory.path()).await.unwrap();
    let (old, new) = ("2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z");
    let of = |source| filing(source, Audience::Everybody);
    let first: Vec<Value> = (0..4).map(|number| indicator(number, old, Some(WHITE))).collect();
    store.add(&first.iter().collect::<Vec<_>>(), &of("agency"), now(0)).await.unwrap();
    // One was replaced by a version that is for few.
    store.add(&[&indicator(3, new, Some(RED))], &of("agency"), now(1)).await.unwrap();
    let many: Vec<Value> = (100..6_000).map(|number| indicator(number, old, Some(RED))).collect();
    store.add(&many.iter().collect::<Vec<_>>(), &of("flood"), now(2)).await.unwrap();

    let walk = async |source: Option<&str>, narrowest, limit| {
        let (mut seen, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = store.latest("indicator", source, narrowest, before, limit).await.unwrap();
            assert!(
                page.objects.len() <= limit
                    && page.before.is_none_or(|time| Some(time) < before.or(Some(Timestamp::MAX)))
            );
            seen.extend(page.objects);
            pages += 1;
            before = page.before;
            if before.is_none() {
                return (seen, pages);
            }
        }
    };
    let ids = |seen: &[Kept]| seen.iter().map(|kept| kept.id.clone()).collect::<Vec<_>>();
    let theirs: Vec<String> =
        [2, 1, 0].map(|number| format!("indicator--00000000-0000-4000-8000-{number:012}")).into();
    let (seen, pages) = walk(None, Tlp::AmberStrict, 50).await;
    assert_eq!(
        (ids(&seen), pages),
        (theirs.clone(), 2),
        "a page of what is not theirs is empty, and another follows"
    );
    assert_eq!(ids(&walk(Some("agency"), Tlp::AmberStrict, 2).await.0), theirs);
    assert!(walk(Some("nobody"), Tlp::Red, 2).await.0.is_empty());
    let (all, _) = walk(None, Tlp::Red, 1_000).await;
    assert_eq!(all.len(), 5_904);
    assert!(all.windows(2).all(|two| two[0].added > two[1].added), "the latest first, and none twice");
    assert_eq!(all.last().unwrap().id, theirs[2]);
}
