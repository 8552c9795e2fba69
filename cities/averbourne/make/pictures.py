"""Small pictures for the cameras to serve: a few hundred bytes of PNG each (ISO/IEC 15948), drawn, not photographed."""

import random
import struct
import zlib


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(seed: str, width: int = 160, height: int = 90) -> bytes:
    """A street at dusk in grey: a sky, a skyline that differs by seed, and a road."""
    chance = random.Random(seed)
    skyline = []
    while len(skyline) < width:
        skyline += [chance.randint(20, 55)] * chance.randint(6, 22)
    rows = []
    for y in range(height):
        row = [170 - y if y < skyline[x] else (60 if y < 70 else 95) for x in range(width)]
        rows.append(b"\x00" + bytes(row))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
