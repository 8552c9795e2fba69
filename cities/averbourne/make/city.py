"""Builds the town, lets it live a quiet day, lets things go wrong, and records all of it. Started by make.sh."""

import argparse
import gzip
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent


def refuse_to_run_elsewhere() -> None:
    """The town is built with root's rights; it may only be built in namespaces that were made for it."""
    links = (
        os.listdir("/sys/class/net")
        if not Path("/proc/self/net/dev").exists()
        else [line.split(":")[0].strip() for line in open("/proc/self/net/dev").readlines()[2:]]
    )
    if os.environ.get("CITY_OWN_NAMESPACES") != "1" or os.getpid() != 1 or links != ["lo"]:
        sys.exit("city.py: runs only in namespaces of its own; start it by make.sh")


def versions() -> str:
    """What made the streams, by package and version."""
    packages = (
        "avahi-daemon bind9-dnsutils bsdutils chrony curl dnsmasq-base iputils-arping iputils-ping mosquitto "
        "nginx-light nmap openssh-client openssh-server rsyslog snmp snmpd udhcpc"
    ).split()
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Version}\tDebian\n", *packages],
        capture_output=True,
        text=True,
        check=True,
    )
    python = "".join("{}\t{}\tPyPI\n".format(*line.strip().split("==")) for line in open(HERE / "requirements.txt"))
    kernel = f"linux\t{os.uname().release.split('-')[0]}\tkernel\n"
    return "program\tversion\tfrom\n" + query.stdout + python + kernel


def toml_value(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_expected(path: Path, title: str, began: float, ended: float, findings: list[dict]) -> None:
    stamp = lambda t: datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"# {title}", "# Written by the script that did it, from what it truly did.", ""]
    lines += [f"begins = {stamp(began)}", f"ends = {stamp(ended)}"]
    for finding in findings:
        lines += ["", "[[finding]]"] + [
            f"{key.replace('_', '-')} = {toml_value(value)}" for key, value in finding.items()
        ]
    path.write_text("\n".join(lines) + "\n")


def compress(path: Path, zstd: bool) -> Path:
    if zstd:
        subprocess.run(["zstd", "-q", "-f", "-19", "--rm", path], check=True)
        return path.with_name(path.name + ".zst")
    with open(path, "rb") as plain, open(str(path) + ".gz", "wb") as packed:
        with gzip.GzipFile("", "wb", 9, packed, 0) as file:
            file.write(plain.read())
    path.unlink()
    return path.with_name(path.name + ".gz")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make.sh", description="Makes the captures of Averbourne.")
    parser.add_argument("--quiet", type=int, default=600, metavar="SECONDS", help="length of the quiet day (600)")
    parser.add_argument("--only", default="", metavar="CASE,...", help="only these incidents")
    parser.add_argument("--into", type=Path, default=HERE.parent / "captures", metavar="FOLDER", help="where to write")
    parser.add_argument("--keep-logs", type=Path, metavar="FOLDER", help="copy the servers' logs there at the end")
    options = parser.parse_args()
    refuse_to_run_elsewhere()
    into = options.into.resolve()

    subprocess.run(["hostname", "averbourne"], check=True)
    if str(into).startswith("/run/"):
        sys.exit("city.py: cannot write below /run, which is the town's own while it lives")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)

    import network
    import place

    place.WORK.mkdir(parents=True)
    import daemons as servers
    from incidents import STORY, weaknesses_of_the_town
    from mirror import Mirror

    say = lambda text: print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)
    say("building the network")
    network.build()
    servers.prepare()
    daemons = servers.Daemons()
    mirror = Mirror()
    mirror.start()

    began = time.time()
    say("starting servers")
    servers.start_all(daemons)
    for device in place.DEVICES.values():
        if network.by_dhcp(device):
            servers.addresses_by_dhcp(daemons, device.id, device.id)
    lives = [
        ("water.py", "stations"),
        ("water.py", "meters"),
        ("lighting.py", "gateways"),
        ("buildings.py", "controllers"),
        ("readings.py",),
        ("water.py", "telemetry"),
        ("lighting.py", "server"),
        ("buildings.py", "supervisor"),
        ("desks.py",),
    ]
    processes = []
    for words in lives:
        log = open(place.WORK / "lives.log", "ab")
        processes.append(
            subprocess.Popen(
                [sys.executable, HERE / words[0], *words[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        )
        time.sleep(1)
    time.sleep(3)
    servers.announcements(daemons)
    say("a quiet day")
    time.sleep(max(0, began + options.quiet - time.time()))

    chosen = [name for name in options.only.split(",") if name] or [name for name, _ in STORY]
    wanted = [("1-quiet-day", None)] + [(name, act) for name, act in STORY if name in chosen]
    total_lost = 0
    for name, act in wanted:
        findings = weaknesses_of_the_town()
        if act:
            began = time.time()
            say(name)
            findings = act(daemons)
        folder = into / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "mirror.pcap"
        written, lost = mirror.cut(path)
        total_lost += lost
        packed = compress(path, zstd=act is None)
        title = (
            "A quiet day: the weaknesses that the town lives with, and nothing else"
            if act is None
            else act.__name__.replace("_", " ").capitalize()
        )
        write_expected(folder / "expected.toml", title, began, time.time(), findings)
        say(f"{name}: {written} frames, {lost} lost, {packed.stat().st_size} bytes")

    (into / "programs.tsv").write_text(versions())
    for failure in daemons.failed() + [f"{p.args[1].name} ended" for p in processes if p.poll() is not None]:
        say(failure)
    failures = place.WORK / "failures.log"
    if failures.exists():
        print(failures.read_text()[-4000:])
    if options.keep_logs:
        subprocess.run(["cp", "-r", place.WORK, options.keep_logs], check=True)
    if total_lost:
        sys.exit(f"city.py: the kernel lost {total_lost} frames; make it again on a quieter machine")


if __name__ == "__main__":
    main()
