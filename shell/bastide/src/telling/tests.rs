//! Telling real programs: rsyslogd, a mail server, a page that takes webhooks.

use super::{Telling, line::host_and_port, queue::Queue};
use city::{Address, Finding, FindingKey, Reason, Rule, Severity};
use plan::{Plan, SourceFile};
use records::notice::Notice;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server of others, killed when the test lets go of it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says that a test cannot be made here.
fn skip(why: &str) {
    let line = format!("1 test of telling skipped: {why}\n");
    print!("{line}");
    if let Some(path) = std::env::var_os("BASTIDE_SKIPPED") {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
    }
}

fn has(programme: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .chain([PathBuf::from("/usr/sbin")])
            .any(|folder| folder.join(programme).is_file())
    })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate for this machine, and its key, in PEM.
fn certify(folder: &Path) -> bool {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-subj", "/CN=siem.example", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success())
}

/// A plan that names these receivers.
fn plan(receivers: &str) -> Plan {
    let text = format!("[city]\nname = \"Averbourne\"\ntime-zone = \"Europe/London\"\n{receivers}");
    let checked = plan::check(&[SourceFile::new("city.toml", text)]);
    checked.plan.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

fn finding(number: u64) -> Finding {
    let time = "2026-03-02T08:15:00Z".parse().unwrap();
    let subject: Address = "192.0.2.9".parse().unwrap();
    Finding {
        number,
        key: FindingKey { rule: Rule::VerbNotAllowed, subject, distinction: number.to_string().into() },
        title: format!("Pump \"3\" at 192.0.2.9 was told to write [{number}]").into(),
        severity: Severity::High,
        reasons: vec![Reason { time, text: "the level was set to 17".into() }],
        remedy: "Cut 192.0.2.9 off".into(),
        asset: Some("pump-3".parse().unwrap()),
        zone: None,
        services: vec!["drainage".parse().unwrap()],
        peer: Some("198.51.100.7".parse().unwrap()),
        techniques: vec!["T0855".into()],
        outcomes: Vec::new(),
        count: 1,
        first: time,
        last: time,
    }
}

/// Waits until a file has so many lines, and returns them.
fn lines(path: &Path, count: usize) -> Vec<String> {
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() >= count {
            return lines;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{} of {count}: {text}", lines.len());
        thread::sleep(Duration::from_millis(50));
    }
}

/// The numbers of the findings that a receiver's lines tell of.
fn numbers(lines: &[String]) -> Vec<u64> {
    let number = |line: &String| -> Option<u64> {
        let value: Value = serde_json::from_str(line).unwrap();
        let number = value.get("number").or(value.pointer("/bastide@32473/number"))?.clone();
        number.as_u64().or_else(|| number.as_str()?.parse().ok())
    };
    lines.iter().filter_map(number).collect()
}

/// Waits until nothing waits any more.
fn wait_until_told(state: &Path, id: &str) {
    let began = Instant::now();
    while fs::read_dir(state.join("telling").join(id)).unwrap().count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(50));
    }
}

fn rsyslogd(folder: &Path, ports: [u16; 2]) -> Server {
    let at = folder.display();
    let [tcp, udp] = ports;
    let text = format!(
        r#"global(workDirectory="{at}" defaultNetstreamDriverCAFile="{at}/cert.pem" defaultNetstreamDriverCertFile="{at}/cert.pem" defaultNetstreamDriverKeyFile="{at}/key.pem")
module(load="mmpstrucdata")
module(load="imudp")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="out" type="list") {{ property(name="$!rfc5424-sd") constant(value="\n") }}
template(name="words" type="list") {{ property(name="syslogpriority-text") constant(value=" ") property(name="syslogfacility-text") constant(value=" ") property(name="app-name") constant(value=" ") property(name="msgid") constant(value=" ") property(name="timereported" dateFormat="rfc3339" date.inUTC="on") constant(value=" ") property(name="msg") constant(value="\n") }}
ruleset(name="in") {{ action(type="mmpstrucdata") action(type="omfile" file="{at}/out.log" template="out") action(type="omfile" file="{at}/words.log" template="words") }}
input(type="imtcp" port="{tcp}" ruleset="in")
input(type="imudp" port="{udp}" address="127.0.0.1" ruleset="in")
"#
    );
    fs::write(folder.join("rsyslog.conf"), text).unwrap();
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-f"]).arg(folder.join("rsyslog.conf")).arg("-i").arg(folder.join("pid"));
    let server = Server(command.stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", tcp)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "rsyslogd does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    server
}

#[test]
fn rsyslogd_reads_what_it_is_told_by_tls_and_misses_nothing_while_it_is_away() {
    let folder = tempfile::tempdir().unwrap();
    if !has("rsyslogd") || !certify(folder.path()) {
        return skip("there is no rsyslogd or openssl here");
    }
    let at = folder.path();
    let ports = [free_port(), UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()];
    let plan = plan(&format!(
        "[[notify]]\nid = \"siem\"\nname = \"The SIEM\"\nto = \"syslog:tls://localhost:{}\"\nauthority = \"{}\"\ndetail = true\n\
         [[notify]]\nid = \"datagrams\"\nname = \"The other\"\nto = \"syslog:udp://127.0.0.1:{}\"\n",
        ports[0],
        at.join("cert.pem").display(),
        ports[1],
    ));
    let mut server = rsyslogd(at, ports);
    let mut telling = Telling::begin(at, Some(&plan)).unwrap();
    telling.finding(&finding(1), false, 10);
    let told = lines(&at.join("out.log"), 2);
    let with_detail = told.iter().find(|line| line.contains("192.0.2.9")).unwrap();
    let data: Value = serde_json::from_str(with_detail).unwrap();
    let data = &data["bastide@32473"];
    assert_eq!(data["title"], "Pump \"3\" at 192.0.2.9 was told to write [1]");
    assert_eq!(
        (&data["id"], &data["subject"], &data["rule"]),
        (&"finding-1-10".into(), &"192.0.2.9".into(), &"verb-not-allowed".into())
    );
    let without = told.iter().find(|line| *line != with_detail).unwrap();
    assert!(without.contains("at an address was told") && !without.contains("198.51.100.7"), "{without}");
    let words = lines(&at.join("words.log"), 2).concat();
    assert!(
        words.contains("err 13 bastide finding 2026-03-02T08:15:00.000000Z")
            || words.contains("err audit bastide finding"),
        "{words}"
    );
    assert!(
        words.contains("High: Pump \"3\" at an address was told to write [1]; it bears on drainage"),
        "{words}"
    );
    // It is away; then this process is, too.
    let _ = server.0.kill();
    let _ = server.0.wait();
    drop(server);
    let before = lines(&at.join("out.log"), 2).len();
    (2..40).for_each(|number| telling.finding(&finding(number), false, 10 + number));
    drop(telling);
    let _server = rsyslogd(at, ports);
    let mut telling = Telling::begin(at, Some(&plan)).unwrap();
    telling.finding(&finding(40), false, 60);
    wait_until_told(at, "siem");
    let count = lines(&at.join("out.log"), before + 39).len();
    thread::sleep(Duration::from_millis(300));
    let all = lines(&at.join("out.log"), count);
    let by_tls: Vec<String> = all.into_iter().filter(|line| line.contains("192.0.2.9")).collect();
    let mut told = numbers(&by_tls);
    told.dedup();
    assert_eq!(told, (1..=40).collect::<Vec<_>>(), "each, and in order");
    assert!(telling.losses().is_empty());
}

/// Takes mail by STARTTLS from who logs in, and prints each as JSON.
const MAIL_SERVER: &str = r#"
import email, email.policy, json, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
folder, port, wait = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
class Box:
    left = wait
    async def handle_DATA(self, server, session, envelope):
        if Box.left > 0:
            Box.left -= 1
            return "451 try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with open(folder + "/mail.log", "a") as out:
            out.write(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                "login": session.authenticated, "subject": mail["subject"], "id": mail["message-id"], "text": mail.get_content()}) + "\n")
        return "250 kept"
def login(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"city" and data.password == b"hunter2", handled=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
Controller(Box(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, authenticator=login,
    auth_required=True).start()
print("ready", flush=True)
time.sleep(600)
"#;

/// Takes what is posted with the right signature, after it has refused twice, and writes it down.
const PAGE: &str = r#"
import hashlib, hmac, http.server, json, sys
folder, port = sys.argv[1], int(sys.argv[2])
class Page(http.server.BaseHTTPRequestHandler):
    left = 2
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        good = "sha256=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
        if self.path == "/elsewhere":
            self.send_response(307); self.send_header("location", "/"); self.send_header("content-length", "0"); self.end_headers(); return
        status = 200 if hmac.compare_digest(good, self.headers.get("bastide-signature", "")) else 403
        if Page.left > 0:
            Page.left -= 1
            status = 503
        if status == 200:
            with open(folder + "/page.log", "a") as out:
                out.write(json.dumps({"header": self.headers["bastide-id"], **json.loads(body)}) + "\n")
        self.send_response(status); self.send_header("content-length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", port), Page)
print("ready", flush=True)
server.serve_forever()
"#;

/// Runs a script that says when it is ready; none if it cannot run here.
fn script(text: &str, arguments: &[&str]) -> Option<Server> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let mut command = Command::new("python3");
    if std::env::var_os("PYTHONPATH").is_none() {
        command.env("PYTHONPATH", root);
    }
    let child = command.arg("-c").arg(text).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Server(child.spawn().ok()?);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take()?).read_line(&mut line).ok()?;
    (line == "ready\n").then_some(server)
}

#[test]
fn a_mail_server_is_told_by_tls_with_a_login_and_again_until_it_takes_the_mail() {
    let folder = tempfile::tempdir().unwrap();
    let (at, port) = (folder.path(), free_port());
    let made = certify(at);
    let Some(_server) =
        script(MAIL_SERVER, &[&at.display().to_string(), &port.to_string(), "1"]).filter(|_| made)
    else {
        return skip("there is no aiosmtpd or openssl here");
    };
    fs::write(at.join("login"), "city:hunter2\n").unwrap();
    Command::new("chmod").arg("600").arg(at.join("login")).status().unwrap();
    let plan = plan(&format!(
        "[[notify]]\nid = \"duty\"\nname = \"The duty officer\"\nto = \"mail:duty@council.example?via=smtp://localhost:{port}\"\n\
         login = \"file:{0}/login\"\nauthority = \"{0}/cert.pem\"\nseverity = \"high\"\n",
        at.display()
    ));
    let mut telling = Telling::begin(at, Some(&plan)).unwrap();
    telling.finding(&Finding { severity: Severity::Medium, ..finding(6) }, false, 1);
    telling.finding(&finding(7), false, 2);
    let mails = lines(&at.join("mail.log"), 1);
    let mail: Value = serde_json::from_str(&mails[0]).unwrap();
    assert_eq!(
        (&mail["from"], &mail["to"][0]),
        (&"bastide@council.example".into(), &"duty@council.example".into())
    );
    assert_eq!((&mail["tls"], &mail["login"]), (&true.into(), &true.into()));
    assert_eq!(mail["subject"], "[Averbourne, high] Pump \"3\" at an address was told to write [7]");
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.starts_with("High: Pump \"3\" at an address was told to write [7]; it bears on drainage.\n\nWhat to do: Cut an address off\n"),
        "{text}"
    );
    assert!(text.contains("First seen: 2 March 2026, 08:15 GMT\n") && !text.contains("17"), "{text}");
    wait_until_told(at, "duty");
    assert_eq!(lines(&at.join("mail.log"), 1).len(), 1, "what matters less is not told");
}

#[test]
fn a_webhook_is_signed_told_again_and_not_followed_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (at, port) = (folder.path(), free_port());
    let Some(_server) = script(PAGE, &[&at.display().to_string(), &port.to_string()]) else {
        return skip("there is no python3 here");
    };
    fs::write(at.join("token"), "shared").unwrap();
    Command::new("chmod").arg("600").arg(at.join("token")).status().unwrap();
    let receiver = |path: &str| {
        plan(&format!(
            "[[notify]]\nid = \"desk\"\nname = \"The desk\"\nto = \"webhook:http://127.0.0.1:{port}/{path}\"\ntoken = \"file:{}/token\"\n",
            at.display()
        ))
    };
    let mut telling = Telling::begin(at, Some(&receiver("elsewhere"))).unwrap();
    (1..4).for_each(|number| telling.finding(&finding(number), false, number));
    thread::sleep(Duration::from_millis(800));
    assert!(!at.join("page.log").exists());
    // Another plan says where it really is; what waited is told there.
    telling.adopt(Some(&receiver(""))).unwrap();
    telling.finding(&finding(4), true, 4);
    let told = lines(&at.join("page.log"), 4);
    assert_eq!(numbers(&told), [1, 2, 3, 4]);
    let last: Value = serde_json::from_str(&told[3]).unwrap();
    assert_eq!((&last["header"], &last["state"]), (&"finding-4-4".into(), &"graver".into()));
    assert_eq!(last["reasons"], Value::Array(Vec::new()), "no detail unless the plan says so");
    wait_until_told(at, "desk");
}

#[test]
fn a_full_queue_gives_up_its_oldest_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("[[notify]]\nid = \"siem\"\nname = \"x\"\nto = \"file:/dev/null\"\n");
    let to = plan.notify().next().unwrap();
    let mut queue = Queue::open(folder.path()).unwrap();
    for number in 1..=10_002 {
        queue.put(&Notice::of_finding(to, "x", &finding(number), false, number).unwrap()).unwrap();
    }
    assert_eq!((queue.lost(), queue.lost()), (2, 0));
    fs::write(folder.path().join("new"), "cut sho").unwrap();
    let queue = Queue::open(folder.path()).unwrap();
    let oldest: Vec<u64> = queue.oldest(2).iter().map(|(_, notice)| notice.number).collect();
    assert_eq!(oldest, [3, 4]);
    assert_eq!(host_and_port("[2001:db8::1]:1514", 514), ("2001:db8::1", 1514));
    assert_eq!(host_and_port("siem.example", 514), ("siem.example", 514));
}
