"""Spanning tree: the bridge of Linux at both ends of two cables, which would make a loop.

    apt install iproute2 tcpdump && python captures/stp/make.py
"""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from link import cable, record


def main():
    with cable("bastide-stp", pairs=2, addresses=False) as ends:
        with record(HERE / "loop.pcap", ends[0], "ether dst 01:80:c2:00:00:00", interface="eth1"):
            for end, priority in zip(ends, ["8192", "32768"]):
                end.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", "1", "priority", priority,
                        "forward_delay", "400", "hello_time", "100", "max_age", "600")
                for interface in end.interfaces:
                    end.run("ip", "link", "set", interface, "master", "br0")
                end.run("ip", "link", "set", "br0", "up")
            time.sleep(14)
            # The cable that carries all breaks, and is mended.
            ends[1].run("ip", "link", "set", "eth0", "down")
            time.sleep(10)
            ends[1].run("ip", "link", "set", "eth0", "up")
            time.sleep(12)
            # Another takes the root.
            ends[1].run("ip", "link", "set", "br0", "type", "bridge", "priority", "4096")
            time.sleep(10)


main()
