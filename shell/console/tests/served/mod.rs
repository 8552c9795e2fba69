//! A console that listens as in service, and a plain way to speak to it.

use crate::town;
use argon2::{Argon2, PasswordHasher};
use console::{Ask, Config, FIRST_SIGN_IN, PlanText, Shared, Tls, Watching};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, RwLock},
    time::Duration,
};
use store::{Intelligence, Kind, Limits, Link, NewPerson, Role, Store};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    sync::{mpsc, watch},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A console that listens.
pub struct Served {
    address: SocketAddr,
    store: Store,
    changes: watch::Sender<u64>,
    plan: watch::Sender<Arc<PlanText>>,
    adopted: Arc<Mutex<Vec<String>>>,
    city: Arc<RwLock<cycle::City>>,
    pub now: Timestamp,
    pub intelligence: Intelligence,
    pub watching: watch::Sender<Arc<Watching>>,
    directory: tempfile::TempDir,
}

/// An answer, read to its end.
pub struct Answer {
    /// 0 if what came back was not HTTP.
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0);
        let body = bytes.get(end + 4..).unwrap_or_default();
        let mut answer = Answer { status, head, body: body.to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = dechunked(body);
        }
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, self.text()))
    }
}

fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
    whole
}

/// An open stream of changes.
pub struct Stream {
    stream: TcpStream,
    seen: String,
}

impl Stream {
    pub async fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 1024];
        while !self.seen.contains(text) {
            let read = timeout(PATIENCE, self.stream.read(&mut buffer)).await.expect("told in time").unwrap();
            assert!(read > 0, "the stream ended; so far: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
}

impl Served {
    /// A console on loopback, with a socket.
    pub async fn new() -> Served {
        Served::listening("127.0.0.1:0", None).await.unwrap()
    }

    /// A console at an address; the files of its certificate and key are those of `tests/tls`.
    pub async fn listening(address: &str, tls: Option<(&str, &str)>) -> Result<Served, String> {
        let now: Timestamp = "2026-11-23T14:05:00Z".parse().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let (mut store, _) = Store::open(&path, Kind::Demo, "town", Limits::default()).await.unwrap();
        let (city, events) = day(now);
        // Half of the day is in history's own files, half still in the journal.
        for half in events.chunks(events.len().div_ceil(2)) {
            store.compact().unwrap();
            for event in half {
                store.journal.append(event).unwrap();
            }
            store.journal.sync().unwrap();
        }
        let (changes, changed) = watch::channel(1);
        let (plan_text, plan) = watch::channel(Arc::new(PlanText::of(&town::sources())));
        let (watching, watched) = watch::channel(Arc::default());
        let intelligence = Intelligence::open(&path).await.unwrap();
        let (asks, mut asked) = mpsc::channel(4);
        let adopted = Arc::new(Mutex::new(Vec::new()));
        let carried = adopted.clone();
        let deciding = city.clone();
        tokio::spawn(async move {
            while let Some(ask) = asked.recv().await {
                match ask {
                    Ask::AdoptPlan { by, answer } => {
                        carried.lock().unwrap().push(by);
                        let _ = answer.send(Ok("0123".to_owned()));
                    }
                    Ask::Decide { by, decision, answer } => {
                        let decided = town::decide(&mut deciding.write().unwrap(), &decision, &by, now);
                        let _ = answer.send(decided);
                    }
                    Ask::Handle { by, incident, act, answer } => {
                        let handled = town::handle(&mut deciding.write().unwrap(), incident, &act, &by, now);
                        let _ = answer.send(handled);
                    }
                    Ask::Shared { answer } => {
                        let key = "bastide.exchange+00000000+A".to_owned();
                        let _ = answer.send(Ok(console::view::SharedList { key, shares: Vec::new() }));
                    }
                    Ask::Hunt { by, asked, answer } => {
                        let _ = answer.send(town::hunt(&mut deciding.write().unwrap(), &by, &asked, now));
                    }
                    Ask::Share { .. } | Ask::SetAside { .. } | Ask::Withdraw { .. } => {}
                    Ask::Told { observation, answer } => {
                        let event = cycle::Event::Observed(*observation);
                        deciding.write().unwrap().handle(&event, &mut Vec::new());
                        let _ = answer.send(Ok(()));
                    }
                    Ask::Refuse { by, device, habit, answer, .. } => {
                        let refused = town::refuse(&mut deciding.write().unwrap(), device, habit, &by, now);
                        let _ = answer.send(refused);
                    }
                }
            }
        });
        let shared = Shared {
            city: city.clone(),
            people: store.people.clone(),
            log: store.log.clone(),
            history: store.history.clone(),
            packets: store.packets.clone(),
            runs: store::Runs::of(store.directory()),
            intelligence: intelligence.clone(),
            watching: watched,
            directory: store.directory().to_path_buf(),
            changes: changed,
            plan,
            asks,
        };
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
        let config = Config {
            listen: vec![address.parse().unwrap()],
            tls: tls
                .map(|(certificate, key)| Tls { certificate: files.join(certificate), key: files.join(key) }),
            names: if tls.is_some() { vec!["console.averbourne.example".to_owned()] } else { Vec::new() },
            socket: Some(directory.path().join("socket")),
            city_name: "Averbourne".to_owned(),
            time_zone: "Europe/London".to_owned(),
            source: String::new(),
            enforced_by: None,
        };
        let console = console::open(config, shared).await.map_err(|cause| cause.to_string())?;
        let address = console.addresses()[0];
        tokio::spawn(console.run(std::future::pending()));
        let plan = plan_text;
        Ok(Served { address, store, changes, plan, adopted, city, now, intelligence, watching, directory })
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    pub fn same_origin(&self) -> String {
        format!("Origin: http://{}\r\n", self.address)
    }

    pub fn change(&self, number: u64) {
        self.changes.send(number).unwrap();
    }

    /// Tells what the firewall has.
    pub fn firewall(&self, firewall: ::city::Firewall) {
        self.happen(&cycle::Event::Firewall { time: self.now, firewall: Box::new(firewall) });
    }

    /// Something happens in the city.
    pub fn happen(&self, event: &cycle::Event) {
        self.city.write().unwrap().handle(event, &mut Vec::new());
    }

    /// Tells of a firewall that does nearly what the plan says.
    pub fn firewall_as_in_the_example(&self) {
        town::look_at_firewall(&mut self.city.write().unwrap(), self.now);
    }

    /// Seals the plan as it is compared with.
    pub async fn adopt(&self) {
        let file = |file: &plan::SourceFile| store::PlanFile {
            name: file.path().to_owned(),
            text: file.text().to_owned(),
        };
        let record = store::PlanRecord::new(town::sources().iter().map(file).collect(), None, "Ada".into());
        self.store.log.seal(self.now, vec![store::Record::Plan(record)]).await.unwrap();
    }

    /// Tells a fact at the end of the day.
    pub fn see(&self, fact: ::city::Observed) {
        let seen = ::city::Observation { time: self.now, sensor: "mirror-1".into(), fact };
        self.happen(&cycle::Event::Observed(seen));
    }

    /// Carries a person's decision about a response.
    pub fn decide(&self, decision: &::city::Decision) {
        town::decide(&mut self.city.write().unwrap(), decision, "Ada", self.now).unwrap();
    }

    /// Looks at the city.
    pub fn look<T>(&self, look: impl FnOnce(&cycle::City) -> T) -> T {
        look(&self.city.read().unwrap())
    }

    /// Seals records as the one loop would.
    pub async fn seal(&self, records: Vec<store::Record>) {
        self.store.log.seal(self.now, records).await.unwrap();
    }

    /// Changes the text in the plan's folder.
    pub fn write_plan(&self, edit: impl Fn(&str) -> String) {
        let edited = |file: &plan::SourceFile| plan::SourceFile::new(file.path(), edit(file.text()));
        let files: Vec<_> = town::sources().iter().map(edited).collect();
        self.plan.send_replace(Arc::new(PlanText::of(&files)));
    }

    /// Says what came of an order.
    pub fn answer(&self, response: u64, failure: Option<&str>) {
        town::answer(&mut self.city.write().unwrap(), response, failure, self.now);
    }

    pub fn adopted(&self) -> Vec<String> {
        self.adopted.lock().unwrap().clone()
    }

    /// Everything in the sealed log.
    pub async fn log(&self) -> String {
        let records = self.store.log.latest(None, 1_000).await.unwrap();
        records.iter().map(|record| format!("{}\n", record.body)).collect()
    }

    pub fn keep_packets(&self, finding: u64) {
        let now = Timestamp::now();
        let frame = wire::Frame { time: now, link: wire::LinkType(1), bytes: &[0; 60], length: 60 };
        self.store.packets.keep(finding, now, [frame]).unwrap();
    }

    pub async fn id(&self, name: &str) -> i64 {
        self.store.people.by_name(name).await.unwrap().unwrap().id.0
    }

    /// Adds a person with a passphrase, and signs them in: the line of their cookie.
    pub async fn person(&self, name: &str, role: Role, opens_packets: bool) -> String {
        static HASH: OnceLock<String> = OnceLock::new();
        let new = NewPerson { name: name.to_owned(), role, opens_packets, wall_screen: false };
        let person = self.store.people.create(&new, Timestamp::now()).await.unwrap();
        let hash = HASH.get_or_init(|| {
            Argon2::default()
                .hash_password_with_salt(b"four words that fit", b"0123456789abcdef")
                .unwrap()
                .to_string()
        });
        self.store.people.set_passphrase(person.id, hash).await.unwrap();
        let answer = self.sign_in(name, "four words that fit", "/").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        format!("Cookie: {}\r\n", answer.header("set-cookie").unwrap().split(';').next().unwrap())
    }

    pub async fn first_link(&self) -> String {
        let link = Link { purpose: FIRST_SIGN_IN.to_owned(), person: None };
        let expires = Timestamp::now() + SignedDuration::from_hours(1);
        format!("/welcome/{}", self.store.people.create_link(&link, expires).await.unwrap().reveal())
    }

    /// The secret of a form that is shown before anyone signed in, and the line of the cookie that goes with it.
    pub async fn form(&self, path: &str) -> (String, String) {
        let answer = self.get(path, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        (hidden(&answer.text(), "form"), format!("Cookie: {cookie}\r\n"))
    }

    /// The secret that forms of a signed-in person must return.
    pub async fn csrf(&self, cookie: &str) -> String {
        hidden(&self.get("/", cookie).await.text(), "csrf")
    }

    pub async fn sign_in(&self, name: &str, passphrase: &str, to: &str) -> Answer {
        let (form, cookie) = self.form("/sign-in").await;
        let words = |text: &str| text.replace(' ', "+");
        let body = format!("form={form}&name={}&passphrase={}&to={to}", words(name), words(passphrase));
        self.post("/sign-in", &format!("{}{cookie}", self.same_origin()), &body).await
    }

    pub async fn get(&self, path: &str, head: &str) -> Answer {
        if path == "/events" && !head.is_empty() {
            let mut stream = self.stream(path, head).await;
            stream.wait_for("\r\n\r\n").await;
            return Answer::read(stream.seen.as_bytes());
        }
        self.send("GET", path, head, "").await
    }

    pub async fn post(&self, path: &str, head: &str, body: &str) -> Answer {
        let head = format!("{head}Content-Type: application/x-www-form-urlencoded\r\n");
        self.send("POST", path, &head, body).await
    }

    pub async fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        self.raw(&request(&self.host(), method, path, head, body)).await
    }

    pub async fn raw(&self, text: &str) -> Answer {
        exchange(TcpStream::connect(self.address).await.unwrap(), text).await
    }

    pub async fn get_locally(&self, path: &str) -> Answer {
        self.send_locally("GET", path, "").await
    }

    pub async fn send_locally(&self, method: &str, path: &str, body: &str) -> Answer {
        let head = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let stream = UnixStream::connect(self.socket()).await.unwrap();
        exchange(stream, &request("localhost", method, path, head, body)).await
    }

    pub async fn stream(&self, path: &str, head: &str) -> Stream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request(&self.host(), "GET", path, head, "").as_bytes()).await.unwrap();
        Stream { stream, seen: String::new() }
    }

    pub async fn get_by_tls(&self, name: &str, path: &str) -> Answer {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/certificate.pem");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let certified = ServerName::try_from("console.averbourne.example").unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = connector.connect(certified, stream).await.unwrap();
        exchange(stream, &request(name, "GET", path, "", "")).await
    }
}

type Day = (cycle::City, Vec<cycle::Event>);

/// The town is folded once; each test has its own.
fn day(now: Timestamp) -> (Arc<RwLock<cycle::City>>, &'static [cycle::Event]) {
    static DAY: OnceLock<Day> = OnceLock::new();
    let (city, events) = DAY.get_or_init(|| town::averbourne(now));
    (Arc::new(RwLock::new(city.clone())), events)
}

fn hidden(page: &str, name: &str) -> String {
    let from = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a form with its secret");
    from.split('"').next().unwrap().to_owned()
}

fn request(host: &str, method: &str, path: &str, head: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{head}{length}Connection: close\r\n\r\n{body}")
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> Answer {
    // A refusal may come, and the connection end, before everything was sent.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer in time");
    Answer::read(&bytes)
}
