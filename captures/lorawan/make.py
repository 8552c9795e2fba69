"""A gateway and a network server on loopback: the codec of pamoja-gateway 0.2.0 and pamoja-lorawan 0.1.18 (PyPI).

    pip install pamoja-gateway pamoja-lorawan && python captures/lorawan/make.py
"""

import pathlib
import socket
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from pamoja.gateway import Packet, PacketKind, Rxpk, Stat, Txpk, TxStatus, acknowledgment, encode, parse
from pamoja.lora import link
from pamoja.lorawan import session
from record import record

GATEWAY = "00005efffe005301"
node = session(0x26010001, bytes([0x44]) * 16, bytes([0x55]) * 16)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 1700))
upward, downward = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
for end in (server, upward, downward):
    end.settimeout(5)


def ask(end, packet):
    end.sendto(encode(packet), ("127.0.0.1", 1700))
    data, address = server.recvfrom(65535)
    answer = acknowledgment(parse(data))
    if answer is not None:
        server.sendto(encode(answer), address)
        end.recv(65535)
    return address


def heard(frame, **more):
    return Rxpk(868_100_000, frame, link=link(9, 125_000), rssi_dbm=-97, snr_db=-3.2, **more)


with record(HERE / "gateway.pcap", {1700}):
    way = ask(downward, Packet(PacketKind.PULL_DATA, 0x7A01, gateway=GATEWAY))
    counts = Stat(received=2, received_ok=1, forwarded=1, acknowledged_percent=100.0)
    frame = node.encode_uplink(7, 2, b"21.5")
    push = [heard(frame, timestamp_us=3_512_348_611)]
    ask(upward, Packet(PacketKind.PUSH_DATA, 0x1234, gateway=GATEWAY, packets=push, status=counts))
    # The same reading again, then one whose counter lies before it.
    ask(upward, Packet(PacketKind.PUSH_DATA, 0x1235, gateway=GATEWAY, packets=push))
    late = [heard(node.encode_uplink(3, 2, b"21.4"), timestamp_us=3_513_000_000)]
    ask(upward, Packet(PacketKind.PUSH_DATA, 0x1236, gateway=GATEWAY, packets=late))
    for token, status in ((0xAB, "NONE"), (0xAC, "TOO_LATE")):
        down = node.encode_downlink(token - 0xAB, 2, b"ok")
        window = Txpk(868_100_000, down, link=link(9, 125_000), timestamp_us=3_513_348_611, power_dbm=14)
        server.sendto(encode(Packet(PacketKind.PULL_RESP, token, transmit=window)), way)
        downward.recv(65535)
        downward.sendto(
            encode(Packet(PacketKind.TX_ACK, token, gateway=GATEWAY, tx_status=getattr(TxStatus, status))), ("127.0.0.1", 1700)
        )
        server.recv(65535)
