# Sends packets into interfaces and says where they come out. A line of JSON in, a line of JSON out.
import ipaddress
import json
import select
import socket
import struct
import sys
import time

MARK = b"BASTIDE:"
ROUTER = b"\x02\0\x5e\0\x53\xaa"
PROBER = b"\x02\0\x5e\0\x53\xfe"
ALL = 3
bridged = sys.argv[1] == "bridged"
names = sys.argv[2:]
sockets = {}
for name in names:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(ALL))
    s.bind((name, ALL))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    s.setblocking(False)
    sockets[name] = s
by_file = {s.fileno(): name for name, s in sockets.items()}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(probe, mark):
    source = ipaddress.ip_address(probe["source"])
    destination = ipaddress.ip_address(probe["destination"])
    protocol = probe["protocol"]
    sport, dport = probe["source_port"], probe["destination_port"]
    v6 = source.version == 6

    def pseudo(body):
        if v6:
            return source.packed + destination.packed + struct.pack("!IHBB", len(body), 0, 0, protocol)
        return source.packed + destination.packed + struct.pack("!BBH", 0, protocol, len(body))

    if protocol == 6:
        body = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 5 << 4, 2, 1024, 0, 0) + mark
        body = body[:16] + struct.pack("!H", checksum(pseudo(body) + body)) + body[18:]
    elif protocol == 17:
        body = struct.pack("!HHHH", sport, dport, 8 + len(mark), 0) + mark
        body = body[:6] + struct.pack("!H", checksum(pseudo(body) + body) or 0xFFFF) + body[8:]
    elif protocol == 132:
        parameter = struct.pack("!HH", 0x8001, 4 + len(mark)) + mark
        parameter += b"\0" * (-len(parameter) % 4)
        chunk = struct.pack("!BBHIIHHI", 1, 0, 20 + 4 + len(mark), 7, 65536, 1, 1, 7) + parameter
        body = struct.pack("!HHII", sport, dport, 0, 0) + chunk
        body = body[:8] + struct.pack("<I", crc32c(body)) + body[12:]
    elif protocol in (1, 58):
        body = struct.pack("!BBHHH", sport, dport, 0, 1, 1) + mark
        total = checksum((pseudo(body) if v6 else b"") + body)
        body = body[:2] + struct.pack("!H", total) + body[4:]
    else:
        body = b"\0\0\x08\0" + mark
    if v6:
        header = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + source.packed + destination.packed
    else:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
        header += source.packed + destination.packed
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    kind = 0x86DD if v6 else 0x0800
    return struct.pack("!H", kind) + header + body


def drain(out, first, patience):
    end = time.monotonic() + patience
    while True:
        ready, _, _ = select.select(list(sockets.values()), [], [], max(0, end - time.monotonic()))
        if not ready:
            return
        for s in ready:
            while True:
                try:
                    data, address = s.recvfrom(2048)
                except BlockingIOError:
                    break
                # What this prober sent itself is no sight of it.
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                at = data.find(MARK)
                # An error quotes the packet that caused it.
                if at < 0 or data[12:14] == b"\x08\0" and data[23] == 1 and data[34] not in (8, 0, 13):
                    continue
                number = int.from_bytes(data[at + len(MARK) : at + len(MARK) + 8], "big") - first
                if 0 <= number < len(out):
                    out[number] = by_file[s.fileno()]
                    end = time.monotonic() + patience


count = 0
for line in sys.stdin:
    probes = json.loads(line)
    out = [None] * len(probes)
    first = count
    for probe in probes:
        mark = MARK + count.to_bytes(8, "big")
        count += 1
        name = probe["into"]
        # A bridge passes on what is for neither of its own ports; a router takes what is for itself.
        target = b"\x02\0\x5e\0\x53\xbb" if bridged else ROUTER
        sockets[name].send(target + PROBER + frame(probe, mark))
    if probes:
        drain(out, first, 0.03)
    print(json.dumps({"out": out}), flush=True)
