"""Checks the captures against the plan, with eyes of its own: it shares no code with Bastide or with the maker.

    python3 check.py [CAPTURES]        needs Python 3.11, tshark, zstd; no root

It says, for each capture: whether any frame is there twice, malformed or with a wrong checksum; which addresses the
plan does not know, or knows with another MAC address; which conversations no conduit allows; which declared devices
were silent for longer than the plan tolerates; and whether a secret shows that should not. On the quiet day none of
it may be; in an incident only what its expected.toml tells of.
"""

import collections
import csv
import gzip
import ipaddress
import re
import struct
import subprocess
import sys
import tomllib
from pathlib import Path

CITY = Path(__file__).resolve().parent.parent
PORTS = {
    "bacnet": [47808],
    "dhcp": [67, 68],
    "dns": [53],
    "http": [80],
    "mdns": [5353],
    "modbus": [502],
    "mqtt": [1883],
    "tls": [443, 8883],
}


def frames(path: Path):
    packed = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(packed)
    else:
        data = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    at = 24
    while at < len(data):
        seconds, nanoseconds, length, original = struct.unpack_from("<IIII", data, at)
        assert length == original, "a frame was cut short"
        yield seconds + nanoseconds / 1e9, data[at + 16 : at + 16 + length]
        at += 16 + length


def mac_text(raw: bytes) -> str:
    return ":".join(f"{b:02x}" for b in raw)


class Plan:
    def __init__(self):
        load = lambda name: tomllib.loads((CITY / "plan" / name).read_text())
        self.zones = [
            (ipaddress.ip_network(n), z["id"]) for z in load("zones.toml")["zone"] for n in z.get("networks", [])
        ]
        self.allowed = collections.defaultdict(set)
        for conduit in load("conduits.toml")["conduit"]:
            for text in conduit["allow"]:
                self.allowed[conduit["from"], conduit["to"]].add(text.split(":")[0])
        with open(CITY / "plan/assets.csv", newline="") as file:
            self.assets = list(csv.DictReader(file))
        self.by_ip = {a: row for row in self.assets for a in row["addresses"].split(";")}
        self.silence = self.seconds(load("city.toml")["city"]["silence"])

    @staticmethod
    def seconds(text: str) -> float:
        return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]]

    def zone(self, ip: str) -> str:
        address = ipaddress.ip_address(ip)
        return next((zone for network, zone in self.zones if address in network), "internet")

    def allows(self, source: str, destination: str, kind: str, port: int) -> bool:
        ends = self.zone(source), self.zone(destination)
        if ends[0] == ends[1] and ends not in self.allowed:
            return True  # within a zone that declares no conduit to itself
        allowed = self.allowed.get(ends, set())
        names = (
            {kind}
            if kind in ("icmp", "mdns")
            else {f"{kind}/{port}"} | {p for p, ports in PORTS.items() if port in ports}
        )
        return bool(names & allowed)


def decode(frame: bytes):
    """Source, destination, kind, ports, TCP flags and what identifies the packet whatever link it is seen on."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800:
        header = 14 + (frame[14] & 15) * 4
        length = struct.unpack_from("!H", frame, 16)[0]
        source, destination = (str(ipaddress.ip_address(frame[a : a + 4])) for a in (26, 30))
        protocol = frame[23]
        packet = frame[14:22] + frame[23:24] + frame[26 : 14 + length]
    elif kind == 0x86DD:
        header, protocol = 54, frame[20]
        source, destination = (str(ipaddress.ip_address(frame[a : a + 16])) for a in (22, 38))
        packet = frame[14:21] + frame[22:]
    else:
        return None
    name = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}.get(protocol, str(protocol))
    ports, flags = (0, 0), 0
    if name in ("tcp", "udp"):
        ports = struct.unpack_from("!HH", frame, header)
        flags = frame[header + 13] if name == "tcp" else 0
    return source, destination, name, ports, flags, packet


def single(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    return not (
        address.is_multicast or address.is_unspecified or ip == "255.255.255.255" or ip.endswith(("ffff:ffff",))
    )


def check(path: Path, plan: Plan, secrets: list[dict], quiet: bool) -> tuple[list[str], dict]:
    said, seen, conversations = collections.Counter(), {}, {}
    heard, first, last, broadcasts = {}, None, None, {str(n.broadcast_address) for n, _ in plan.zones if n.version == 4}
    shown = set()
    count = 0
    for time, frame in frames(path):
        count += 1
        assert last is None or time >= last, "time runs backwards"
        first, last = first or time, time
        for number, secret in enumerate(secrets):
            if secret["value"].encode() in frame:
                shown.add(number)
        source_mac = mac_text(frame[6:12])
        if frame[12:14] == b"\x08\x06":
            claimed = str(ipaddress.ip_address(frame[28:32]))
            asset = plan.by_ip.get(claimed)
            if claimed != "0.0.0.0":
                if asset is None:
                    said[f"undeclared by ARP: {claimed} at {source_mac}"] += 1
                elif asset["macs"] != source_mac:
                    said[f"claimed by another: {claimed} at {source_mac}"] += 1
                else:
                    heard.setdefault(asset["id"], [first]).append(time)
            continue
        decoded = decode(frame)
        if decoded is None:
            said[f"EtherType {frame[12:14].hex()}"] += 1
            continue
        source, destination, kind, ports, flags, packet = decoded
        if packet in seen and time - seen[packet] < 0.5 and single(destination) and kind != "icmp":
            said["a frame is there twice"] += 1
        seen[packet] = time
        zone = plan.zone(source)
        asset = plan.by_ip.get(source)
        if single(source):
            inside = zone not in ("internet", "maintainers", "platforms")
            if inside and asset is None:
                said[f"undeclared: {source} at {source_mac}"] += 1
            # What a gateway says into another zone leaves by that zone's card.
            if asset and asset["macs"] != source_mac and asset["role"] + source_mac[:2] != "gateway02":
                said[f"claimed by another: {source} at {source_mac}"] += 1
            if asset and asset["macs"] == source_mac:
                heard.setdefault(asset["id"], [first]).append(time)
        if not single(destination) or not single(source):
            continue
        forward, backward = (source, destination, kind, ports), (destination, source, kind, ports[::-1])
        if kind == "icmp":
            forward, backward = (source, destination, kind, (0, 0)), (destination, source, kind, (0, 0))
        if forward in conversations or backward in conversations:
            continue
        conversations[forward] = time
        opens = kind != "tcp" or flags & 0x12 == 2
        if kind == "tcp" and not opens:
            # A conversation from before the capture: the side with the lower port serves.
            if ports[0] < ports[1]:
                source, destination, ports = destination, source, ports[::-1]
        if destination in broadcasts:
            continue
        if ports[0] == 5353:
            kind = "mdns"  # an answer to a question that went to everyone
        if not plan.allows(source, destination, kind, ports[1]):
            said[
                f"no conduit: {plan.zone(source)} -> {plan.zone(destination)} {source} -> {destination} {kind}/{ports[1]}"
            ] += 1
    if quiet:
        for asset in plan.assets:
            limit = plan.seconds(asset["silence"]) if asset["silence"] else plan.silence
            times = heard.get(asset["id"], [first]) + [last]
            gap = max(b - a for a, b in zip(times, times[1:]))
            if len(times) == 2:
                said[f"never heard: {asset['id']}"] += 1
            elif gap > limit * 0.8:
                said[f"heard too seldom: {asset['id']}, once {gap:.0f} s apart, limit {limit:.0f} s"] += 1
    for number in shown:
        if not secrets[number]["readable"]:
            said[f"a hidden secret shows: {secrets[number]['where']}"] += 1
    machine = Path("/proc/sys/kernel/hostname").read_text().strip()
    print(
        f"{path.parent.name}: {count} frames, {last - first:.0f} s, {len(conversations)} conversations, "
        f"{len(heard)} of {len(plan.assets)} assets heard, {path.stat().st_size} bytes packed, "
        f"secrets {sorted(shown)}, on `{machine}`"
    )
    return said


def expert(path: Path) -> list[str]:
    """What tshark finds wrong with the frames, checksums included. Of SSH it complains wherever it does not know the key
    exchange (sntrup761); a TCP checksum of 0xffff is as good as one of 0."""
    words = ["tshark", "-r", path, "-q", "-z", "expert,warn"]
    for layer in ("ip", "tcp", "udp"):
        words += ["-o", f"{layer}.check_checksum:TRUE"]
    if path.suffix == ".zst":
        plain = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
        words[2] = "-"
        output = subprocess.run(words, input=plain, capture_output=True).stdout.decode()
    else:
        output = subprocess.run(words, capture_output=True, text=True).stdout
    return [line.strip() for line in output.splitlines() if re.match(r"\s+\d+ ", line)]


def main() -> None:
    captures = Path(sys.argv[1]) if len(sys.argv) > 1 else CITY / "captures"
    plan = Plan()
    secrets = tomllib.loads((CITY / "make/secrets.toml").read_text())["secret"]
    for folder in sorted(p for p in captures.iterdir() if p.is_dir()):
        path = next(folder.glob("mirror.pcap.*"))
        for text, number in sorted(check(path, plan, secrets, folder.name.startswith("1-")).items()):
            print(f"  {number:6} {text}")
        for line in expert(path):
            print(f"  tshark {line}")
        for finding in tomllib.loads((folder / "expected.toml").read_text()).get("finding", []):
            print(
                f"  expected {finding['rule']} {finding['subject']} {finding.get('peer', '')} {finding.get('kind', '')}"
            )


if __name__ == "__main__":
    main()
