//! Drills and restorations that are killed at any moment: nothing is left running or mounted, what they left on the disk
//! is removed by the next one, the next one succeeds, and the repository is as it was.

use super::*;
use crate::parts::{Postgresql, can_isolate, eventually, good, skipped};
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    thread,
    time::Instant,
};
use vault::{Restoring, restore};

/// What the other process does: `drill` or `restore`, in the town in the variable `TOWN`, whose plan is in `PLAN`.
const WORK: &str = "BASTIDE_DRILLS_WORK";
const TOWN: &str = "BASTIDE_DRILLS_TOWN";
/// How often each is killed; more by `BASTIDE_KILLS`.
const KILLS: u64 = 50;

fn kills() -> u64 {
    std::env::var("BASTIDE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// The other process: this test program once more. It does nothing unless it is told to.
#[test]
fn work_to_be_killed() {
    let (Ok(work), Ok(town)) = (std::env::var(WORK), std::env::var(TOWN)) else { return };
    let town = Path::new(&town);
    let text = fs::read_to_string(town.join("plan.toml")).unwrap();
    let plan = plan::check(&[SourceFile::new("city.toml", text)]).plan.unwrap();
    let service: ServiceId = "telecare".parse().unwrap();
    println!("\nbegin");
    if work == "drill" {
        let scratch = Scratch::new(&town.join("scratch")).unwrap();
        let check_time = Duration::from_secs(120);
        let drilling =
            Drilling { scratch: &scratch, isolation: Isolation::Required, check_time, spoilt: &all_clean };
        assert_eq!(failures(&vault::drill(&plan, &service, &drilling)), []);
    } else {
        let place = town.join("place");
        let restoring = Restoring { to: &place, at: None, overwrite: true, spoilt: &all_clean };
        restore(&plan, &plan.backups_of(&service).collect::<Vec<_>>(), &restoring, &()).unwrap();
    }
    println!("end");
}

/// Starts the other process, and kills it after a time unless it has ended. Gives how long it took if it did.
fn run(town: &Town, work: &str, kill_after: Option<Duration>) -> Option<Duration> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::work_to_be_killed", "--nocapture", "--test-threads=1"])
        .env(WORK, work)
        .env(TOWN, town.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "begin\n" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the other process ended before it began");
    }
    let begin = Instant::now();
    let Some(after) = kill_after else {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return Some(begin.elapsed());
    };
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Whether a process is left that was started in the town, or that lives where the town's folder is mounted.
fn is_left(town: &Town) -> bool {
    let folder = town.folder.path().to_str().unwrap();
    fs::read_dir("/proc").unwrap().flatten().any(|process| {
        ["cmdline", "mountinfo"].iter().any(|file| {
            let text = fs::read(process.path().join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(folder)
        })
    })
}

/// Lets the work be killed at instants of chance, and looks each time for what is left.
fn kill_at_any_moment(town: &Town, work: &str) {
    let whole = run(town, work, None).unwrap();
    // SplitMix64: the instants come again with the seed, as far as two runs of a machine are alike.
    let mut state = 11_u64;
    for kill in 0..kills() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut chance = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        chance = (chance ^ (chance >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        run(town, work, Some(whole.mul_f64(share)));
        // Those in it are killed with it; the kernel takes a moment to clear them away.
        eventually(&format!("nothing is left after kill {kill}"), || !is_left(town));
    }
    run(town, work, None).unwrap();
    assert!(!is_left(town));
    assert_eq!(town.vault("cellar").check().unwrap(), Vec::<String>::new());
    println!("{work}: {} kills within {whole:?}", kills());
}

fn keep_plan(town: &Town, text: &str) {
    let text = format!("{PLAN}{text}").replace("TOWN", town.folder.path().to_str().unwrap());
    fs::write(town.at("plan.toml"), text).unwrap();
}

#[test]
fn a_drill_that_is_killed_leaves_nothing_running_and_can_be_repeated() {
    let test = "a_drill_that_is_killed_leaves_nothing_running_and_can_be_repeated";
    let needs = "postgresql, python3, iproute2, and root or user namespaces";
    let Some(server) = Postgresql::start(PASSWORD) else { return skipped(test, needs) };
    if !can_isolate() || !Path::new("/usr/bin/python3").exists() {
        return skipped(test, needs);
    }
    good(&server.psql("telecare", "CREATE TABLE calls AS SELECT n FROM generate_series(1, 20000) n"));
    good(&server.psql("telecare", "GRANT ALL ON calls TO telecare"));
    let text = format!(
        r#"
[[backup]]
id = "telecare-db"
service = "telecare"
postgresql = "{}"
login = "env:TELECARE_PASSWORD"
to = ["cellar"]
every = "1d"

[[check]]
id = "calls-are-there"
backup = "telecare-db"
query = "select * from calls"
rows = 20000

[[check]]
id = "page-answers"
backup = "telecare-web"
start = ["/usr/bin/python3", "-m", "http.server", "8080", "--directory", "{{place}}TOWN/web"]
page = "http://127.0.0.1:8080/index.html"
"#,
        server.uri()
    );
    let town = Town::new(&text);
    keep_plan(&town, &text);
    town.back_up(time(0));
    kill_at_any_moment(&town, "drill");
    let left = fs::read_dir(town.at("scratch")).unwrap().flatten();
    let left: Vec<_> =
        left.map(|entry| entry.file_name()).filter(|name| name != ".bastide-scratch").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_restoration_that_is_killed_can_be_repeated() {
    let town = Town::new("");
    keep_plan(&town, "");
    for number in 0..400 {
        let text = format!("home {number}: the north pump was greased\n").repeat(200 + number);
        fs::write(town.at(&format!("web/static/{number}.txt")), text).unwrap();
    }
    town.back_up(time(0));
    kill_at_any_moment(&town, "restore");
    let web = town.at("place/telecare-web").join(town.at("web").strip_prefix("/").unwrap());
    for number in 0..400 {
        let name = format!("static/{number}.txt");
        assert_eq!(fs::read(web.join(&name)).unwrap(), fs::read(town.at("web").join(&name)).unwrap());
    }
}
