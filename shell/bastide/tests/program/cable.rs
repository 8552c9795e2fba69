//! For live tests: two network namespaces with a virtual cable between, and programs that talk over it.
//!
//! That needs root, `ip` and `python3`; without them there is no cable, and the test is skipped and counted.

use super::running::Running;
use std::{
    env, fs,
    io::Write,
    process::{self, Command},
};

/// The end of the cable in the office, and that at the pumps.
pub const ENDS: [&str; 2] = ["office0", "pumps0"];

/// A station of the office that the town's plan knows.
pub const SCADA: &str = "192.0.2.10";

/// The pump controller that the town's plan knows.
pub const PUMP: &str = "192.0.2.130";

/// Two namespaces and the cable between them; removed at the end.
pub struct Cable {
    office: String,
    pumps: String,
}

impl Cable {
    /// Lays a cable for a test. `None`, said and counted, if it cannot be laid here.
    pub fn lay(test: &str) -> Option<Cable> {
        let name = |end: &str| format!("bastide-{}-{end}-{test}", process::id());
        let cable = Cable { office: name("office"), pumps: name("pumps") };
        if cable.laid() {
            return Some(cable);
        }
        let line = format!("1 live test skipped: {test} needs root, ip (iproute2) and python3\n");
        // Past the test runner's capture.
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        None
    }

    fn laid(&self) -> bool {
        let quiet = ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"];
        let [office, pumps] = ENDS;
        let link = ["link", "add", office, "netns", &self.office, "type", "veth", "peer", pumps];
        ip(&["netns", "add", &self.office])
            && ip(&["netns", "add", &self.pumps])
            && [&self.office, &self.pumps]
                .iter()
                .all(|end| ip(&[&["netns", "exec", end][..], &quiet].concat()))
            && ip(&[&link[..], &["netns", &self.pumps]].concat())
            && [(&self.office, office, SCADA), (&self.pumps, pumps, PUMP)].iter().all(
                |(end, name, address)| {
                    ip(&["-n", end, "address", "add", &format!("{address}/24"), "dev", name])
                        && ip(&["-n", end, "link", "set", name, "up"])
                        && ip(&["-n", end, "link", "set", "lo", "up"])
                },
            )
            && ip(&["netns", "exec", &self.office, "python3", "-c", "import socket"])
    }

    /// A command to run in the office.
    pub fn office(&self, program: &str) -> Command {
        inside(&self.office, program)
    }

    /// A command to run at the pumps.
    pub fn pumps(&self, program: &str) -> Command {
        inside(&self.pumps, program)
    }

    /// Sends so many large frames from the office as fast as it can.
    pub fn flood(&self, frames: u32) {
        let mut command = self.office("python3");
        command.args(["-c", FLOOD, ENDS[0], &frames.to_string()]);
        assert!(command.status().unwrap().success());
    }

    /// Sends what a capture file holds from the office to the pumps, again and again, a frame each millisecond.
    pub fn send(&self, capture: &std::path::Path) -> Running {
        let mut sender = Running::start(self.office("python3").args(["-c", SEND, ENDS[0]]).arg(capture));
        sender.wait_for_line(|line| line == "sending");
        sender
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.office]);
        ip(&["netns", "del", &self.pumps]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

/// `ip netns exec` becomes the program, which thus has the process number that was started.
fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

/// Frames of 1,500 bytes to nobody, of the type that IEEE 802 has for local experiments.
const FLOOD: &str = r#"
import signal, socket, sys
signal.alarm(60)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
frame = bytes.fromhex("00005e0053fe00005e0053fd88b5") + bytes(1486)
for _ in range(int(sys.argv[2])):
    out.send(frame)
"#;

/// Sends a capture's frames as they are, for ten minutes at most. Little-endian pcap, as `made_capture` writes it.
const SEND: &str = r#"
import signal, socket, struct, sys, time
signal.alarm(600)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
data, at, frames = open(sys.argv[2], "rb").read(), 24, []
while at < len(data):
    (length,) = struct.unpack_from("<8xI", data, at)
    frames.append(data[at + 16:at + 16 + length])
    at += 16 + length
print("sending", flush=True)
while True:
    for frame in frames:
        out.send(frame)
        time.sleep(0.001)
"#;

/// Who speaks Modbus in this test.
#[derive(Clone, Copy, Debug)]
pub enum Modbus {
    /// pymodbus, a real server and client in wide use.
    Pymodbus,
    /// A few lines of Python over its own sockets.
    Sockets,
}

impl Modbus {
    /// pymodbus if it is there.
    pub fn found() -> Modbus {
        let asked = Command::new("python3").args(["-c", PYMODBUS_SERVER_IMPORTS]).output();
        if asked.is_ok_and(|output| output.status.success()) { Modbus::Pymodbus } else { Modbus::Sockets }
    }

    /// Starts a server at the pumps, and waits until it answers.
    pub fn serve(self, cable: &Cable) -> Running {
        self.serve_at(cable.pumps("python3"), cable.pumps("python3"))
    }

    /// Starts a server with one Python, and waits with another until it answers.
    pub fn serve_at(self, mut python: Command, mut prober: Command) -> Running {
        let script = match self {
            Modbus::Pymodbus => format!("{PYMODBUS_SERVER_IMPORTS}{PYMODBUS_SERVER}"),
            Modbus::Sockets => SOCKETS_SERVER.to_owned(),
        };
        let server = Running::start(python.args(["-c", &script, PUMP]));
        let mut probe = Running::start(prober.args(["-c", PROBE, PUMP]));
        probe.wait_for_line(|line| line == "there");
        server
    }

    /// Reads registers ten times, or writes one, from the office. Returns the time before the first request, in seconds
    /// since 1970.
    pub fn ask(self, cable: &Cable, what: &str) -> f64 {
        let script = match self {
            Modbus::Pymodbus => PYMODBUS_CLIENT,
            Modbus::Sockets => SOCKETS_CLIENT,
        };
        let output = cable.office("python3").args(["-c", script, PUMP, what]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
    }
}

/// Waits for a server, without the cable hearing of it: within the pumps' namespace.
const PROBE: &str = r#"
import socket, sys, time
for _ in range(200):
    try:
        socket.create_connection((sys.argv[1], 502)).close()
        print("there", flush=True)
        break
    except OSError:
        time.sleep(0.05)
"#;

const PYMODBUS_SERVER_IMPORTS: &str = r#"
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartTcpServer
"#;

const PYMODBUS_SERVER: &str = r#"
import signal, sys
signal.alarm(600)
device = ModbusDeviceContext(co=ModbusSequentialDataBlock(1, [0] * 100), hr=ModbusSequentialDataBlock(1, [7] * 100))
StartTcpServer(context=ModbusServerContext(devices=device, single=True), address=(sys.argv[1], 502))
"#;

const PYMODBUS_CLIENT: &str = r#"
import signal, sys, time
signal.alarm(60)
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient(sys.argv[1])
assert client.connect()
print(time.time(), flush=True)
if sys.argv[2] == "read":
    for _ in range(10):
        assert client.read_holding_registers(10, count=4).registers == [7, 7, 7, 7]
else:
    assert not client.write_register(10, 8).isError()
client.close()
"#;

/// Read holding registers and write single register (Modbus Application Protocol 1.1b3, 6.3 and 6.6), over MBAP.
const SOCKETS_SERVER: &str = r#"
import signal, socket, struct, sys
signal.alarm(600)
server = socket.create_server((sys.argv[1], 502))
while True:
    link, _ = server.accept()
    while True:
        head = link.recv(7, socket.MSG_WAITALL)
        if len(head) < 7:
            break
        number, _, length, unit = struct.unpack(">HHHB", head)
        asked = link.recv(length - 1, socket.MSG_WAITALL)
        function, _, count = struct.unpack(">BHH", asked)
        answer = bytes([3, 2 * count]) + b"\0\7" * count if function == 3 else asked
        link.sendall(struct.pack(">HHHB", number, 0, len(answer) + 1, unit) + answer)
"#;

const SOCKETS_CLIENT: &str = r#"
import signal, socket, struct, sys, time
signal.alarm(60)
link = socket.create_connection((sys.argv[1], 502))
def ask(number, function, address, value):
    link.sendall(struct.pack(">HHHBBHH", number, 0, 6, 1, function, address, value))
    _, _, length = struct.unpack(">HHH", link.recv(6, socket.MSG_WAITALL))
    return link.recv(length, socket.MSG_WAITALL)[1:]
print(time.time(), flush=True)
if sys.argv[2] == "read":
    for number in range(10):
        assert ask(number, 3, 10, 4) == bytes([3, 8]) + b"\0\7" * 4
else:
    assert ask(1, 6, 10, 8)[0] == 6
link.close()
"#;
