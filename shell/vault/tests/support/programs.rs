//! Real programs to work with: plain restic, servers, and what they need.

use super::{City, skipped};
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Whether there are such programs; if not, the test is counted as skipped.
pub fn have(programs: &[&str], test: &str) -> bool {
    let missing: Vec<&&str> =
        programs.iter().filter(|name| Command::new(name).arg("--help").output().is_err()).collect();
    if let Some(name) = missing.first() {
        skipped(&format!("{test} needs {name}"));
    }
    missing.is_empty()
}

/// Plain restic, at work in a repository.
pub fn restic<A: AsRef<OsStr>>(city: &City, repository: &str, arguments: &[A]) -> Output {
    Command::new("restic")
        .args(["--no-cache", "--quiet", "--repo", repository, "--password-file"])
        .arg(city.key_file())
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", "city")
        .env("AWS_SECRET_ACCESS_KEY", "two grey geese")
        .output()
        .unwrap()
}

/// As [`restic`], and it must end well.
pub fn restic_must<A: AsRef<OsStr>>(city: &City, repository: &str, arguments: &[A]) -> String {
    let output = restic(city, repository, arguments);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "restic: {words}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server that ends with the test.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine's loopback that nobody uses now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(mut command: Command, port: u16) -> Server {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut server = Server { child, port };
    let begin = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(40), "the server does not answer");
        if server.child.try_wait().unwrap().is_some() {
            let mut words = String::new();
            server.child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
            panic!("the server ended: {words}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // What it goes on to say is read, so that it never waits for a reader.
    let words = server.child.stderr.take().unwrap();
    std::thread::spawn(move || BufReader::new(words).lines().for_each(drop));
    server
}

/// A server for restic's REST protocol, over a folder.
pub fn rest_server(folder: &Path, append_only: bool) -> Server {
    let port = free_port();
    let mut command = Command::new("rclone");
    command.args(["serve", "restic", "--addr", &format!("127.0.0.1:{port}")]);
    command.args(["--user", "city", "--pass", "two grey geese"]);
    if append_only {
        command.arg("--append-only");
    }
    command.arg(folder).env("RCLONE_CONFIG", "/dev/null");
    serve(command, port)
}

/// An S3 server that enforces object lock, with a bucket for each name: `plain` without, `locked` with it.
pub fn s3_server(test: &str) -> Option<Server> {
    let found = Command::new("python3").args(["-c", "import moto.server, boto3"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        skipped(&format!("{test} needs python3 with moto[server] and boto3 from PyPI"));
        return None;
    }
    let port = free_port();
    let mut command = Command::new("python3");
    command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
    let server = serve(command, port);
    let make = format!(
        "import boto3\n\
         s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:{port}', region_name='us-east-1',\n\
             aws_access_key_id='city', aws_secret_access_key='two grey geese')\n\
         s3.create_bucket(Bucket='plain')\n\
         s3.create_bucket(Bucket='locked', ObjectLockEnabledForBucket=True)\n\
         s3.put_object_lock_configuration(Bucket='locked', ObjectLockConfiguration={{\n\
             'ObjectLockEnabled': 'Enabled',\n\
             'Rule': {{'DefaultRetention': {{'Mode': 'COMPLIANCE', 'Days': 30}}}}}})\n"
    );
    let made = Command::new("python3").args(["-c", &make]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(server)
}
