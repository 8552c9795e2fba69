"""A client of dlms-cosem 25.1.0 (PyPI) asks a meter on loopback. The meter's answers are made of the same package's
messages, since its server side is none of its own: what is answered is written here.

    pip install dlms-cosem && python captures/dlms/make.py
"""

import pathlib
import socket
import sys
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from dlms_cosem import cosem, enumerations
from dlms_cosem.client import DlmsClient
from dlms_cosem.io import BlockingTcpIO, TcpTransport
from dlms_cosem.security import LowLevelSecurityAuthentication, NoSecurityAuthentication
from record import record

PORT = 4059
# Accepted, by the context of logical names without ciphering; the block of what the meter can do follows.
AARE = bytes.fromhex(
    "6129a109060760857405080101a203020100a305a103020100be10040e0800065f1f0400007c1f04000007"
)


def answer(content):
    kind, invoke = content[0], content[2:3]
    if kind == 0x60:
        return AARE
    if kind == 0x62:
        return bytes.fromhex("6303800100")
    if kind == 0xC0 and content[5:11] == bytes([0, 0, 42, 0, 0, 255]):
        return b"\xc4\x01" + invoke + b"\x00\x09\x10LOR0000000000017"
    if kind == 0xC0:
        return b"\xc4\x01" + invoke + b"\x00\x06\x00\x01\xe2\x40"
    if kind == 0xC1:
        return b"\xc5\x01" + invoke + b"\x03"
    return b"\xc7\x01" + invoke + b"\x00\x00"


def serve(listener):
    while True:
        try:
            end, _ = listener.accept()
        except OSError:
            return
        with end:
            while head := end.recv(8, socket.MSG_WAITALL):
                content = end.recv(int.from_bytes(head[6:8], "big"), socket.MSG_WAITALL)
                said = answer(content)
                end.sendall(head[:2] + head[4:6] + head[2:4] + len(said).to_bytes(2, "big") + said)


def ask(client_address, authentication):
    io = BlockingTcpIO(host="127.0.0.1", port=PORT, timeout=3)
    transport = TcpTransport(client_logical_address=client_address, server_logical_address=1, io=io)
    with DlmsClient(transport=transport, authentication=authentication).session() as client:
        for interface, obis in (
            (enumerations.CosemInterface.DATA, "0.0.42.0.0.255"),
            (enumerations.CosemInterface.REGISTER, "1.0.1.8.0.255"),
        ):
            attribute = cosem.CosemAttribute(interface, cosem.Obis.from_string(obis), 2)
            print(client.get(attribute))
        relay = cosem.Obis.from_string("0.0.96.3.10.255")
        if client_address != 16:
            method = cosem.CosemMethod(enumerations.CosemInterface.DISCONNECT_CONTROL, relay, 1)
            print(client.action(method, b"\x0f\x00"))


listener = socket.create_server(("127.0.0.1", PORT))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
with record(HERE / "meter.pcap", {PORT}):
    for address, authentication in (
        (16, NoSecurityAuthentication()),
        (2, LowLevelSecurityAuthentication(secret=b"not-to-be-seen")),
    ):
        try:
            ask(address, authentication)
        except Exception as error:
            print(type(error), error)
listener.close()
