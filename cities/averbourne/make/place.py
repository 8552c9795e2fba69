"""The town as its plan declares it, and how a thread steps into one of its places."""

import csv
import ctypes
import ipaddress
import os
import random
import threading
import time
import tomllib
import traceback
from dataclasses import dataclass
from pathlib import Path

PLAN = Path(__file__).resolve().parent.parent / "plan"
DOMAIN = "averbourne.example"

# Keys, configurations and logs of a run; a memory file system inside the run's own mount namespace.
WORK = Path("/run/city")

# Places that are not in the plan: the world behind the firewall, all of it one namespace with many addresses.
OUTSIDE = "outside"
OUTSIDE_ADDRESSES = {
    "resolver.example": "203.0.113.130",
    "time.example": "203.0.113.131",
    "ostrel-desk": "203.0.113.2",
    "wrenlift-desk": "203.0.113.4",
    "pay.voltmere.example": "203.0.113.18",
    "charge.voltmere.example": "203.0.113.19",
    "www.daily-lantern.example": "203.0.113.140",
    "shop.pennyfarthing.example": "203.0.113.141",
    "static.lantern.example": "203.0.113.142",
    "forecast.skywatch.example": "203.0.113.143",
    "mail.postbarge.example": "203.0.113.144",
    "www.chatterfield.example": "203.0.113.145",
    "visitor-1": "203.0.113.160",
    "visitor-2": "203.0.113.161",
    "visitor-3": "203.0.113.162",
    "updates.quietharbour.example": "203.0.113.200",
    "relay.quietharbour.example": "203.0.113.201",
}
VISITOR_V6 = "2001:db8:ffff::160"


@dataclass(frozen=True)
class Device:
    """One line of the plan's inventory."""

    id: str
    name: str
    zone: str
    addresses: tuple[str, ...]
    mac: str
    product: str
    firmware: str
    role: str

    @property
    def ip(self) -> str:
        return self.addresses[0]

    @property
    def host(self) -> str:
        return f"{self.id}.{DOMAIN}"


def read_devices() -> dict[str, Device]:
    with open(PLAN / "assets.csv", newline="") as file:
        return {
            row["id"]: Device(
                row["id"],
                row["name"],
                row["zone"],
                tuple(row["addresses"].split(";")),
                row["macs"],
                row["product"],
                row["firmware"],
                row["role"],
            )
            for row in csv.DictReader(file)
        }


def read_zones() -> dict[str, list]:
    """The zones inside the city: the networks of each."""
    with open(PLAN / "zones.toml", "rb") as file:
        zones = tomllib.load(file)["zone"]
    return {
        zone["id"]: [ipaddress.ip_network(network) for network in zone["networks"]]
        for zone in zones
        if not zone.get("outside")
    }


DEVICES = read_devices()
ZONES = read_zones()


def in_zone(zone: str, prefix: str) -> list[Device]:
    """The devices of a zone whose id begins with the prefix."""
    return [d for d in DEVICES.values() if d.zone == zone and d.id.startswith(prefix)]


def enter(place: str) -> None:
    """Moves the calling thread, and what it starts from now on, into the network namespace of a place."""
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    handle = os.open(f"/run/netns/{place}", os.O_RDONLY)
    try:
        if libc.setns(handle, clone_newnet) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {place}")
    finally:
        os.close(handle)


def live(place: str, work, *arguments) -> threading.Thread:
    """Runs `work` in a thread that stands in a place. A failure is written down, and the town goes on."""

    def run():
        try:
            enter(place)
            work(*arguments)
        except Exception:
            with open(WORK / "failures.log", "a") as log:
                log.write(f"--- {place}: {work.__name__}\n{traceback.format_exc()}")

    thread = threading.Thread(target=run, name=f"{place}:{work.__name__}", daemon=True)
    thread.start()
    return thread


def forever() -> None:
    """Keeps a process alive whose work is done by threads."""
    while True:
        time.sleep(3600)


class Rhythm:
    """A device's own pace: every so many seconds, give or take a tenth, from a seed of its own."""

    def __init__(self, name: str, seconds: float, first: float | None = None):
        self.chance = random.Random(f"{DOMAIN}/{name}")
        self.seconds = seconds
        self.next = time.monotonic() + (self.chance.uniform(0, seconds) if first is None else first)

    def wait(self) -> None:
        time.sleep(max(0.0, self.next - time.monotonic()))
        self.next = max(self.next, time.monotonic() - self.seconds)
        self.next += self.seconds * self.chance.uniform(0.9, 1.1)
