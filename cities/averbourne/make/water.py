"""Pumping stations and heat meters (pymodbus servers), the energy centre (asyncua server), and the telemetry server
that polls them all. `water.py stations` and `water.py meters` run the street's side, `water.py telemetry` the
control centre's."""

import asyncio
import random
import sys
import time
from datetime import datetime

from asyncua import Client, Server, ua
from pymodbus import FramerType, ModbusDeviceIdentification
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from place import DEVICES, Rhythm, enter, forever, in_zone, live

# A pumping station's map, as the plan's conduit allows it:
#   coils 0..1               pump 1 and pump 2 enabled
#   discrete inputs 0..2     pump running, fault, high level
#   input registers 0..3     well level in mm, flow in l/s, motor current in 0.1 A, run hours
#   holding registers 10..13 start level, stop level, high alarm in mm, mode
LEVEL_START, LEVEL_STOP = 1400, 600


class Station:
    """A wet well that fills with rain and is emptied by a pump between two levels."""

    def __init__(self, name: str):
        self.chance = random.Random(name)
        self.level = self.chance.uniform(700, 1300)
        self.inflow = self.chance.uniform(2.0, 5.0)
        self.running = False
        self.coils = [True, True]
        self.holding = [LEVEL_START, LEVEL_STOP, 1900, 1]
        self.hours = self.chance.uniform(9000, 30000)
        self.last = time.monotonic()

    def step(self) -> None:
        now = time.monotonic()
        seconds, self.last = now - self.last, now
        if self.level >= self.holding[0]:
            self.running = True
        if self.level <= self.holding[1]:
            self.running = False
        self.running = self.running and self.coils[0]
        self.level += seconds * (self.inflow - (9.0 if self.running else 0.0)) + self.chance.uniform(-2, 2)
        self.level = min(max(self.level, 0.0), 3000.0)
        self.hours += seconds / 3600 if self.running else 0

    async def action(self, function, start, address, count, registers, values):
        """Called by the server at each request: keeps the registers and the well in step. After a write it is called
        a second time, without values, to read back."""
        self.step()
        if values is None and function in (5, 6, 15, 16):
            return
        if function in (5, 15):
            self.coils[address : address + len(values)] = [bool(v) for v in values]
        elif function in (6, 16):
            self.holding[address - 10 : address - 10 + len(values)] = values
        elif function == 2:
            registers[0:3] = [int(self.running), 0, int(self.level > self.holding[2])]
        elif function == 4:
            flow = 34 + self.chance.randint(-2, 2) if self.running else 0
            registers[0:4] = [int(self.level), flow, 182 if self.running else 0, int(self.hours) % 65536]


def identity(device) -> ModbusDeviceIdentification:
    vendor, _, model = device.product.partition(" ")
    return ModbusDeviceIdentification(
        info_name={
            "VendorName": vendor,
            "ProductCode": model,
            "MajorMinorRevision": device.firmware,
            "ProductName": device.product,
            "ModelName": model,
        }
    )


def serve_modbus(device, simulation) -> None:
    async def serve():
        await ModbusTcpServer(
            SimDevice(id=1, simdata=simulation.blocks, action=simulation.action),
            framer=FramerType.SOCKET,
            identity=identity(device),
            address=(device.ip, 502),
        ).serve_forever()

    asyncio.run(serve())


def bits(count, values):
    return [SimData(0, values=values, count=count, datatype=DataType.BITS)]


def registers(address, values):
    return [SimData(address, values=values, datatype=DataType.REGISTERS)]


class PumpStation(Station):
    blocks = (
        bits(1, [True, True]),
        bits(1, [False] * 3),
        registers(10, [LEVEL_START, LEVEL_STOP, 1900, 1]),
        registers(0, [0] * 4),
    )


class HeatMeter:
    """Flow and return temperature in 0.1 Cel, flow in 0.1 m3/h, energy in MWh (two registers)."""

    blocks = (bits(1, [False]), bits(1, [False]), registers(0, [0]), registers(0, [0] * 5))

    def __init__(self, name: str):
        self.chance = random.Random(name)
        self.energy = self.chance.randint(40000, 90000)

    async def action(self, function, start, address, count, registers, values):
        if function == 4:
            wobble = self.chance.randint
            registers[0:5] = [
                782 + wobble(-4, 4),
                511 + wobble(-4, 4),
                226 + wobble(-3, 3),
                self.energy >> 16,
                self.energy & 0xFFFF,
            ]


def serve_energy_centre() -> None:
    device = DEVICES["heat-controller"]

    async def serve():
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://{device.ip}:4840/energy-centre")
        server.set_server_name("Energy centre")
        await server.set_build_info(
            product_uri="urn:pellweir:ec500",
            manufacturer_name="Pellweir",
            product_name="EC500",
            software_version=device.firmware,
            build_number="118",
            build_date=datetime(2024, 2, 12),
        )
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        space = await server.register_namespace("urn:pellweir:energy-centre")
        plant = await server.nodes.objects.add_object(space, "EnergyCentre")
        values = {}
        for name, value in (
            ("FlowTemperature", 79.5),
            ("ReturnTemperature", 52.0),
            ("HeatPumpPower", 412.0),
            ("Pressure", 5.8),
        ):
            values[name] = await plant.add_variable(space, name, value)
        async with server:
            chance = random.Random("energy")
            while True:
                await asyncio.sleep(5)
                for name, node in values.items():
                    await node.write_value(round(await node.get_value() * chance.uniform(0.997, 1.003), 2))

    asyncio.run(serve())


def stations() -> None:
    for device in in_zone("water", "pump-"):
        live(device.id, serve_modbus, device, PumpStation(device.id))
    live("heat-controller", serve_energy_centre)


def meters() -> None:
    """A process of their own: pymodbus keeps one identity for all servers of a process."""
    for device in in_zone("energy", "heat-meter-"):
        live(device.id, serve_modbus, device, HeatMeter(device.id))


# --- The control centre's side ------------------------------------------------------------------------------------


async def poll_station(device, started: float) -> None:
    """Asks who the station is, then reads it every six seconds. An operator intervenes now and then: two stations
    have a pump switched off and on for maintenance, and two start levels are lowered ahead of rain and put back."""
    rhythm = Rhythm(f"scada/{device.id}", 6)
    orders = {
        "pump-02": [(210, "coil", 1, False), (260, "coil", 1, True), (700, "coil", 1, False), (760, "coil", 1, True)],
        "pump-03": [
            (120, "coil", 0, False),
            (150, "coil", 0, True),
            (430, "register", 10, 1300),
            (520, "register", 10, LEVEL_START),
        ],
        "pump-05": [(330, "register", 10, 1250), (560, "register", 10, LEVEL_START)],
    }.get(device.id, [])
    while True:
        try:
            client = AsyncModbusTcpClient(device.ip, port=502, timeout=3, retries=1, reconnect_delay=0)
            if not await client.connect():
                raise ConnectionError
            await client.read_device_information(read_code=1, object_id=0, device_id=1)
            while client.connected:
                await asyncio.sleep(max(0.0, rhythm.next - time.monotonic()))
                rhythm.next = time.monotonic() + 6 * rhythm.chance.uniform(0.95, 1.05)
                await client.read_input_registers(0, count=4, device_id=1)
                await client.read_discrete_inputs(0, count=3, device_id=1)
                if rhythm.chance.random() < 0.2:
                    await client.read_holding_registers(10, count=4, device_id=1)
                    await client.read_coils(0, count=2, device_id=1)
                while orders and time.monotonic() - started > orders[0][0]:
                    _, kind, address, value = orders.pop(0)
                    if kind == "coil":
                        await client.write_coil(address, value, device_id=1)
                    else:
                        await client.write_register(address, value, device_id=1)
        except Exception:
            await asyncio.sleep(6)
        finally:
            client.close()


async def poll_meter(device) -> None:
    """Takes a new connection for each reading, as cheap meters demand."""
    while True:
        try:
            client = AsyncModbusTcpClient(device.ip, port=502, timeout=3, retries=1, reconnect_delay=0)
            await client.connect()
            await client.read_input_registers(0, count=5, device_id=1)
        except Exception:
            pass
        finally:
            client.close()
        await asyncio.sleep(20)


async def poll_energy_centre() -> None:
    device = DEVICES["heat-controller"]
    while True:
        try:
            async with Client(f"opc.tcp://{device.ip}:4840/energy-centre", timeout=4) as client:
                plant = await client.nodes.objects.get_child("2:EnergyCentre")
                nodes = await plant.get_children()
                while True:
                    await client.read_values(nodes)
                    await asyncio.sleep(10)
        except Exception:
            await asyncio.sleep(10)


def telemetry() -> None:
    async def poll():
        started = time.monotonic()
        tasks = [poll_station(device, started) for device in in_zone("water", "pump-")]
        tasks += [poll_meter(device) for device in in_zone("energy", "heat-meter-")]
        tasks.append(poll_energy_centre())
        await asyncio.gather(*tasks)

    enter("scada-server")
    asyncio.run(poll())


if __name__ == "__main__":
    part = {"stations": stations, "meters": meters, "telemetry": telemetry}[sys.argv[1]]
    part()
    forever()
