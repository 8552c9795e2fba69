"""One charging station and one system on the loopback interface, and a capture of what they say."""
import asyncio, base64, logging, socket, struct, sys, time, threading
from datetime import datetime, timezone
import websockets
from websockets.asyncio.server import serve
from websockets.asyncio.client import connect
from ocpp.routing import on

class Recorder(threading.Thread):
    def __init__(self, path, port):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
        self.sock.bind(("lo", 0)); self.sock.settimeout(0.2)
        self.file = open(path, "wb"); self.port = port; self.stop = False; self.count = 0
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
    def run(self):
        while not self.stop:
            try: frame, address = self.sock.recvfrom(70000)
            except TimeoutError: continue
            # The loopback shows every frame twice: once going out, once coming in.
            if address[2] == socket.PACKET_OUTGOING or frame[12:14] != b"\x08\x00" or frame[23] != 6: continue
            at = 14 + (frame[14] & 15) * 4
            if self.port not in struct.unpack("!HH", frame[at:at+4]): continue
            now = time.time()
            self.file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)) + frame)
            self.count += 1
        self.file.close()

def answers(name, action, answer):
    """A handler; the library finds handlers by their function's name."""
    def handler(self, **_): return answer
    handler.__name__ = name
    return on(action)(handler)

now = lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc).isoformat()

async def talk(version, path, compression):
    port = 19000 if version == "1.6" else 19001
    if version == "1.6":
        from ocpp.v16 import ChargePoint as Base, call, call_result
    else:
        from ocpp.v201 import ChargePoint as Base, call, call_result
    done = asyncio.Event()
    class System(Base):
        @on("BootNotification")
        def boot(self, **_): return call_result.BootNotification(current_time=now(), interval=300, status="Accepted")
        @on("Heartbeat")
        def beat(self): return call_result.Heartbeat(current_time=now())
        @on("StatusNotification")
        def status(self, **_): return call_result.StatusNotification()
        @on("Authorize")
        def authorize(self, **_):
            return call_result.Authorize(id_tag_info={"status": "Accepted"}) if version == "1.6" else call_result.Authorize(id_token_info={"status": "Accepted"})
        @on("MeterValues")
        def values(self, **_): return call_result.MeterValues()
    class Station(Base):
        reset = answers("reset", "Reset", call_result.Reset(status="Accepted"))
        unlock = answers("unlock", "UnlockConnector", call_result.UnlockConnector(status="Unlocked"))
        availability = answers("availability", "ChangeAvailability", call_result.ChangeAvailability(status="Scheduled"))
        if version == "1.6":
            begin = answers("begin", "RemoteStartTransaction", call_result.RemoteStartTransaction(status="Accepted"))
            configuration = answers("configuration", "ChangeConfiguration", call_result.ChangeConfiguration(status="Rejected"))
            firmware = answers("firmware", "UpdateFirmware", call_result.UpdateFirmware())
        else:
            begin = answers("begin", "RequestStartTransaction", call_result.RequestStartTransaction(status="Accepted"))
            firmware = answers("firmware", "UpdateFirmware", call_result.UpdateFirmware(status="Accepted"))
    async def serve_one(socket):
        system = System("station-7", socket)
        task = asyncio.create_task(system.start())
        await asyncio.sleep(0.6)
        if version == "1.6":
            asks = [call.ChangeAvailability(connector_id=1, type="Inoperative"),
                    call.RemoteStartTransaction(id_tag="TAG-0001", connector_id=1),
                    call.ChangeConfiguration(key="HeartbeatInterval", value="60"),
                    call.UnlockConnector(connector_id=1),
                    call.UpdateFirmware(location="ftp://192.0.2.9/firmware.bin", retrieve_date=now()),
                    call.TriggerMessage(requested_message="Heartbeat"),
                    call.Reset(type="Soft")]
        else:
            asks = [call.ChangeAvailability(operational_status="Inoperative", evse={"id": 1}),
                    call.RequestStartTransaction(id_token={"idToken": "TAG-0001", "type": "ISO14443"}, remote_start_id=5, evse_id=1),
                    call.UnlockConnector(evse_id=1, connector_id=1),
                    call.UpdateFirmware(request_id=3, firmware={"location": "https://192.0.2.9/firmware.bin", "retrieveDateTime": now()}),
                    call.GetVariables(get_variable_data=[{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}]),
                    call.Reset(type="OnIdle")]
        for ask in asks:
            await system.call(ask, suppress=True)
        done.set()
        await asyncio.sleep(0.2)
        task.cancel()
    recorder = Recorder(path, port); recorder.start(); await asyncio.sleep(0.3)
    name = "ocpp1.6" if version == "1.6" else "ocpp2.0.1"
    headers = {} if version != "1.6" else {"Authorization": "Basic " + base64.b64encode(b"station-7:Quittenbrot-17").decode()}
    async with serve(serve_one, "127.0.0.1", port, subprotocols=[name], compression=compression):
        async with connect(f"ws://127.0.0.1:{port}/ocpp/station-7", subprotocols=[name], additional_headers=headers, compression=compression) as socket:
            station = Station("station-7", socket)
            task = asyncio.create_task(station.start())
            if version == "1.6":
                await station.call(call.BootNotification(charge_point_vendor="Kirchgasse", charge_point_model="Saeule 22", charge_point_serial_number="KL-000017", firmware_version="4.1.0"))
                await station.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Available"))
                await station.call(call.Authorize(id_tag="TAG-0001"))
                await station.call(call.MeterValues(connector_id=1, meter_value=[{"timestamp": now(), "sampledValue": [{"value": "1200"}]}]))
            else:
                await station.call(call.BootNotification(charging_station={"vendorName": "Kirchgasse", "model": "Saeule 22", "serialNumber": "KL-000018", "firmwareVersion": "5.0.0"}, reason="PowerUp"))
                await station.call(call.StatusNotification(timestamp=now(), connector_status="Available", evse_id=1, connector_id=1))
                await station.call(call.Authorize(id_token={"idToken": "TAG-0001", "type": "ISO14443"}))
            await station.call(call.Heartbeat())
            await done.wait(); await asyncio.sleep(0.2)
            task.cancel()
    await asyncio.sleep(0.3); recorder.stop = True; recorder.join()
    print(path, recorder.count)

logging.getLogger("ocpp").setLevel(logging.ERROR)
asyncio.run(talk("1.6", "ocpp16.pcap", None))
asyncio.run(talk("2.0.1", "ocpp201.pcap", None))
asyncio.run(talk("1.6", "ocpp16-deflate.pcap", "deflate"))
