"""What the core switch's mirror port shows: each frame once, where it enters the switch.

A switch is usually told to mirror what its ports *receive*. One packet socket in the namespace of the bridges sees
every port; three rules make it that mirror:

1. only frames that come in (`PACKET_OUTGOING` is ignored): the same frame leaving through other ports is not a
   second frame;
2. only through the ports of the switch, not the bridges themselves: a broadcast that also reaches the bridge is not
   a second frame;
3. from the router's ports only what the router itself says (ARP, neighbour discovery, and IP packets from an address
   of its own: DHCP relay, ICMP errors). A packet it merely forwards was seen when the device sent it.

So a packet from zone to zone is seen once, between its sender and its gateway, as it is on a real core switch with
`rx` mirroring: the source address of the link is always the true sender's, the destination's is the gateway's. What
comes from outside is seen where the firewall hands it to the switch.

Times are the kernel's, in nanoseconds, at the port. Frames are sorted by them, for two cores may deliver out of order.
"""

import ipaddress
import socket
import struct
import threading

from place import DEVICES, ZONES, enter

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_STATISTICS = 6
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33

OWN_V4 = {ipaddress.ip_address(a).packed for z in ZONES for a in DEVICES[f"gateway-{z}"].addresses if ":" not in a}
OWN_V6 = {ipaddress.ip_address(a).packed for z in ZONES for a in DEVICES[f"gateway-{z}"].addresses if ":" in a}


def says_itself(frame: bytes) -> bool:
    """Whether a frame from the router is of its own making rather than forwarded."""
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return frame[26:30] in OWN_V4
    if kind == b"\x86\xdd":
        neighbour_discovery = frame[20] == 58 and frame[21] == 255
        return neighbour_discovery or frame[22:38] in OWN_V6
    return True


class Mirror:
    """Records all that enters the switch, into one file after another without a gap."""

    def __init__(self):
        self.frames = []
        self.lock = threading.Lock()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.record, daemon=True)

    def start(self) -> None:
        self.thread.start()
        self.ready.wait()

    def record(self) -> None:
        enter("switch")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.ready.set()
        while True:
            frame, notes, _, (port, _, direction, _, _) = self.socket.recvmsg(1 << 16, 256)
            if direction == PACKET_OUTGOING:
                continue
            if port.startswith("router-"):
                if not says_itself(frame):
                    continue
            elif not (port[0] == "p" and port[1:].isdigit()) and not port.startswith("guest"):
                continue
            stamp = next((data for level, kind, data in notes if kind == SO_TIMESTAMPNS), None)
            seconds, nanoseconds = struct.unpack("qq", stamp)
            with self.lock:
                self.frames.append((seconds * 1_000_000_000 + nanoseconds, frame))

    def cut(self, path) -> tuple[int, int]:
        """Writes what was recorded since the last cut as a pcap file. Returns the frames written and the frames that
        the kernel could not deliver, which must be none."""
        with self.lock:
            frames, self.frames = self.frames, []
        frames.sort(key=lambda frame: frame[0])
        with open(path, "wb") as file:
            # Magic number of nanosecond files, version 2.4, no zone, no accuracy, whole frames, Ethernet.
            file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
            for time, frame in frames:
                seconds, nanoseconds = divmod(time, 1_000_000_000)
                file.write(struct.pack("<IIII", seconds, nanoseconds, len(frame), len(frame)) + frame)
        seen, dropped = struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return len(frames), dropped
