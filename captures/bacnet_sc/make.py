"""A node and a hub on loopback without TLS: messages of bacpypes3 0.0.110, WebSocket of websockets 17.4 (both PyPI).

    pip install bacpypes3 websockets && python captures/bacnet_sc/make.py
"""

import asyncio
import pathlib
import sys
import uuid

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import websockets
from bacpypes3.apdu import IAmRequest, ReadPropertyACK, ReadPropertyRequest, SimpleAckPDU, WritePropertyRequest
from bacpypes3.constructeddata import Any
from bacpypes3.pdu import VirtualAddress
from bacpypes3.primitivedata import ObjectIdentifier, Real
from bacpypes3.sc import bvll
from record import record

PORT = 4443
NODE, HUB, AHU = (VirtualAddress(bytes([2, 0, 0, 0, 0, last])) for last in (1, 0xFE, 2))
UUIDS = {name: uuid.uuid5(uuid.NAMESPACE_DNS, name) for name in ("node.example", "hub.example")}
LEVEL = {"objectIdentifier": ObjectIdentifier("analog-input,1"), "propertyIdentifier": 85}
SETPOINT = {"objectIdentifier": ObjectIdentifier("analog-value,1"), "propertyIdentifier": 85}


def apdu(message, invoke=None):
    if invoke is not None:
        message.apduInvokeID, message.apduSeg, message.apduMor, message.apduSA = invoke, False, False, True
        message.apduMaxSegs, message.apduMaxResp = 0, 5
    encoded = message.encode()
    return encoded.encode().pduData if hasattr(encoded, "apduType") else encoded.pduData


def message(lpdu, number, origin=None, destination=None, secure=False):
    lpdu.bvlcMessageID = number
    lpdu.bvlcOriginatingVirtualAddress, lpdu.bvlcDestinationVirtualAddress = origin, destination
    if secure:
        lpdu.bvlcDataOptions = [bvll.SecurePathHeaderOption()]
    return bytes(lpdu.encode().pduData)


def npdu(data, wants_reply=False):
    return bvll.EncapsulatedNPDU(bytes([1, 4 if wants_reply else 0]) + bytes(data))


async def hub(socket, *_):
    await socket.recv()
    await socket.send(message(bvll.ConnectAccept(HUB, UUIDS["hub.example"], 1600, 1497), 1))
    await socket.recv()
    await socket.send(message(npdu(apdu(ReadPropertyACK(propertyValue=Any(Real(20.5)), **LEVEL), 1)), 70, origin=AHU))
    await socket.recv()
    await socket.send(message(npdu(apdu(SimpleAckPDU(15, 2))), 71, origin=AHU))
    i_am = IAmRequest(iAmDeviceIdentifier=ObjectIdentifier("device,7"), maxAPDULengthAccepted=1476, segmentationSupported="no-segmentation", vendorID=999)
    everybody = VirtualAddress(b"\xff" * 6)
    await socket.send(message(npdu(apdu(i_am)), 72, origin=AHU, destination=everybody))
    await socket.recv()
    await socket.send(message(bvll.HeartbeatACK(), 4))
    await socket.recv()
    await socket.send(message(bvll.DisconnectACK(), 5))
    await socket.wait_closed()


async def main():
    async with websockets.serve(hub, "127.0.0.1", PORT, subprotocols=["hub.bsc.bacnet.org"], compression=None):
        async with websockets.connect(f"ws://127.0.0.1:{PORT}/hub", subprotocols=["hub.bsc.bacnet.org"], compression=None) as node:
            await node.send(message(bvll.ConnectRequest(NODE, UUIDS["node.example"], 1600, 1497), 1))
            await node.recv()
            await node.send(message(npdu(apdu(ReadPropertyRequest(**LEVEL), 1), True), 2, destination=AHU))
            await node.recv()
            write = WritePropertyRequest(propertyValue=Any(Real(21.5)), priority=8, **SETPOINT)
            await node.send(message(npdu(apdu(write, 2), True), 3, destination=AHU, secure=True))
            await node.recv()
            await node.recv()
            await node.send(message(bvll.HeartbeatRequest(), 4))
            await node.recv()
            await node.send(message(bvll.DisconnectRequest(), 5))
            await node.recv()


with record(HERE / "hub.pcap", {PORT}):
    asyncio.run(main())
