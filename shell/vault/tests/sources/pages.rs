//! Pages, over HTTP.

use super::*;
use crate::parts::{Process, eventually, free_port, program, skipped};
use std::{
    fs,
    net::TcpStream,
    process::{Command, Stdio},
};

/// A device that shows its configuration to those who sign in, and other pages to everybody.
const DEVICE: &str = r#"
import base64, http.server, sys
wanted = "Basic " + base64.b64encode(b"backup:blue heron").decode()
class Device(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        signed_in = self.headers.get("Authorization") == wanted
        answers = {"/config": (200, b"hostname gate-1\n") if signed_in else (401, b"sign in"),
                   "/empty": (200, b""), "/large": (200, b"x" * 300000), "/elsewhere": (302, b"")}
        status, body = answers.get(self.path, (404, b"none"))
        self.send_response(status)
        if status == 302: self.send_header("Location", "/sign-in")
        if self.path == "/large": self.send_header("Content-Length", "900000")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Device).serve_forever()
"#;

#[test]
fn a_page_is_fetched_and_everything_but_a_success_is_no_backup() {
    if program("python3").is_none() {
        return skipped("a_page_is_fetched_and_everything_but_a_success_is_no_backup", "python3");
    }
    let port = free_port();
    let mut device = Command::new("setpriv");
    device.args(["--pdeathsig", "KILL", "--", "python3", "-c", DEVICE, &port.to_string()]);
    let _device = Process(device.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    eventually("the device listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let mut desk = Desk::new();
    let page =
        |path: &str| backup("gate", Source::Http(format!("http://127.0.0.1:{port}{path}").into()), None);
    let login = Some("backup:blue heron");
    let staged = desk.stage(&page("/config"), login).unwrap();
    assert_eq!(fs::read_to_string(folder(&staged).join("gate.out")).unwrap(), "hostname gate-1\n");
    let why = |path: &str, login| desk.stage(&page(path), login).unwrap_err().to_string();
    assert!(why("/config", None).contains("401") && why("/config", None).contains("login"));
    let wrong = why("/config", Some("backup:grey heron"));
    assert!(wrong.contains("401") && !wrong.contains("heron"), "{wrong}");
    assert!(why("/none", login).contains("it answered 404"));
    assert!(why("/elsewhere", login).contains("it sends us elsewhere"));
    assert!(why("/empty", login).contains("it is empty"));
    let broken = why("/large", login);
    assert!(broken.contains("broke off"), "{broken}");
    desk.bounds.bytes = 100_000;
    let large = desk.stage(&page("/large"), login).unwrap_err().to_string();
    assert!(large.contains("more than 100000 bytes"), "{large}");
    let nobody = Source::Http(format!("http://127.0.0.1:{}/", free_port()).into());
    let refused = desk.stage(&backup("gate", nobody, None), login).unwrap_err().to_string();
    assert!(refused.contains("refused"), "{refused}");
    let inside = Source::Http("http://backup:heron@192.0.2.7/config".into());
    let refused = desk.stage(&backup("gate", inside, None), None).unwrap_err().to_string();
    assert!(refused.contains("login") && !refused.contains("heron"), "{refused}");
}
