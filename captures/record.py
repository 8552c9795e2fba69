"""Records what passes on an interface, usually that of loopback, on some ports, as a classic pcap file. Needs root
(AF_PACKET).

    with record("NAME.pcap", ports={1700}):
        ...
"""

import contextlib
import socket
import struct
import threading
import time


def _ports(frame):
    if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return ()
    start = 14 + (frame[14] & 15) * 4
    return struct.unpack(">HH", frame[start : start + 4])


@contextlib.contextmanager
def record(path, ports, interface="lo"):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    tap.bind((interface, 0))
    tap.settimeout(0.2)
    over = threading.Event()
    frames = []

    def listen():
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                frame, address = tap.recvfrom(65535)
                # Loopback shows each packet going out and coming in; the second is the one kept.
                twice = interface == "lo" and address[2] == socket.PACKET_OUTGOING
                if not twice and ports & set(_ports(frame)):
                    frames.append((time.time_ns() // 1000, frame))

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield
    finally:
        time.sleep(0.5)
        over.set()
        listener.join()
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for micros, frame in frames:
                length = len(frame)
                file.write(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, length, length))
                file.write(frame)
