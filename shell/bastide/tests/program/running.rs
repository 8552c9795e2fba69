//! For tests of the program: it runs, it is read from, it is killed.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// The program, with a standard input that is at its end.
pub fn bastide() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bastide"));
    command.stdin(Stdio::null());
    command
}

/// A program that runs. It is killed when the test lets go of it.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Starts it, and reads what it prints.
    pub fn start(command: &mut Command) -> Running {
        Running::start_with_errors_to(command, Stdio::null())
    }

    /// The same, with its standard error kept.
    pub fn start_with_errors_to(command: &mut Command, errors: impl Into<Stdio>) -> Running {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines, seen: Vec::new() }
    }

    /// Waits for a line, for a minute at most.
    pub fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("the line does not come");
            self.seen.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and waits for its end. `None` if it takes longer than it may.
    pub fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.wait(patience)
    }

    /// Lets it stand still while something is done.
    pub fn paused(&self, meanwhile: impl FnOnce()) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
        meanwhile();
        rustix::process::kill_process(process, rustix::process::Signal::CONT).unwrap();
    }

    /// Waits for its end. `None` if it takes longer than it may.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Kills it at once, without a warning, and returns all the lines it printed.
    pub fn kill(&mut self) -> Vec<String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The reader ends with the pipe.
        self.seen.extend(self.lines.iter());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a capture of many small conversations between invented stations, a second of capture time for each hundred.
pub fn made_capture(path: &Path, packets: u32) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(&0xa1b2_c3d4_u32.to_le_bytes()).unwrap();
    out.write_all(&[2, 0, 4, 0]).unwrap();
    out.write_all(&[0; 8]).unwrap();
    out.write_all(&65_535_u32.to_le_bytes()).unwrap();
    out.write_all(&1_u32.to_le_bytes()).unwrap();
    for number in 0..packets {
        let frame = datagram(number);
        let length = u32::try_from(frame.len()).unwrap();
        for field in [1_767_225_600 + number / 100, number % 100 * 10_000, length, length] {
            out.write_all(&field.to_le_bytes()).unwrap();
        }
        out.write_all(&frame).unwrap();
    }
    out.flush().unwrap();
}

/// A UDP datagram over IPv4 and Ethernet, from a station of the office to one of the pumps.
fn datagram(number: u32) -> Vec<u8> {
    let [.., high, low] = number.to_be_bytes();
    let (source, destination) = (1 + (number / 50 % 120) as u8, 129 + (number % 120) as u8);
    let mut ip = vec![0x45, 0, 0, 32, high, low, 0, 0, 64, 17, 0, 0];
    ip.extend([192, 0, 2, source, 192, 0, 2, destination]);
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let checksum = !((sum & 0xffff) as u16 + (sum >> 16) as u16);
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
    let mut frame = vec![0, 0, 0x5e, 0, 0x53, destination, 0, 0, 0x5e, 0, 0x53, source, 8, 0];
    frame.extend(ip);
    frame.extend([0xc0 | high & 0x3f, low, 0x1f, 0x90, 0, 12, 0, 0]);
    frame.extend([high, low, 0, 0]);
    frame
}
