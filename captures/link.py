"""Two machines on one cable: two network namespaces and a pair of virtual interfaces between them, with tcpdump at one
end. Needs root, iproute2 and tcpdump; no network of anybody is near.

    with cable("bastide-lldp") as (one, other):
        with record("NAME.pcap", one, "ether proto 0x88cc"):
            one.run("lldpd", "-d")
"""

import contextlib
import subprocess
import time


class End:
    """One machine: its namespace and the names of its interfaces."""

    def __init__(self, space, interfaces):
        self.space, self.interfaces = space, interfaces
        self.started = []

    def run(self, *words, check=True, **more):
        return subprocess.run(["ip", "netns", "exec", self.space, *words], check=check, **more)

    def start(self, *words, **more):
        process = subprocess.Popen(["ip", "netns", "exec", self.space, *words], **more)
        self.started.append(process)
        return process

    def stop(self):
        for process in self.started:
            process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
        self.started.clear()


@contextlib.contextmanager
def cable(name, pairs=1, addresses=True):
    """The two ends; `pairs` cables between them. The first has the MAC addresses 02:00:00:00:01:NN, the second
    02:00:00:00:02:NN."""
    spaces = [f"{name}-1", f"{name}-2"]
    run = lambda *words: subprocess.run(["ip", *words], check=True)
    for space in spaces:
        run("netns", "add", space)
    ends = [End(space, [f"eth{number}" for number in range(pairs)]) for space in spaces]
    try:
        for number in range(pairs):
            inside = f"eth{number}"
            run("link", "add", inside, "netns", spaces[0], "address", f"02:00:00:00:01:{number:02x}",
                "type", "veth", "peer", "name", inside, "netns", spaces[1], "address", f"02:00:00:00:02:{number:02x}")
        for which, end in enumerate(ends, 1):
            for interface in ["lo", *end.interfaces]:
                end.run("ip", "link", "set", interface, "up")
            if addresses:
                end.run("ip", "address", "add", f"192.0.2.{which}/24", "dev", "eth0")
        yield ends
    finally:
        for end in ends:
            end.stop()
        for space in spaces:
            run("netns", "delete", space)


@contextlib.contextmanager
def record(path, end, what, interface="eth0"):
    tap = subprocess.Popen(["ip", "netns", "exec", end.space, "tcpdump", "-q", "-U", "-Z", "root", "-i", interface,
                            "-w", str(path), what], stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        yield
    finally:
        time.sleep(1)
        tap.terminate()
        tap.wait()
