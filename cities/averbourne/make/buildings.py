"""Public buildings over BACnet/IP (bacpypes3): controllers, and the supervisor that finds, reads, watches and sets
them. `buildings.py controllers` runs the devices, `buildings.py supervisor` the supervisor."""

import asyncio
import random
import sys
import time

from bacpypes3.app import Application
from bacpypes3.argparse import SimpleArgumentParser
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.binary import BinaryOutputObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier

from place import DEVICES, enter, forever, in_zone, live

SUPERVISOR = DEVICES["bms"]


def instance(device) -> int:
    return 260001 if device is SUPERVISOR else 260100 + int(device.id[-2:])


def application(device) -> Application:
    words = ["--name", device.id, "--instance", str(instance(device)), "--address", f"{device.ip}/27"]
    app = Application.from_args(SimpleArgumentParser().parse_args(words))
    vendor, _, model = device.product.partition(" ")
    app.device_object.vendorName = vendor
    app.device_object.modelName = model
    app.device_object.firmwareRevision = device.firmware
    app.device_object.applicationSoftwareVersion = "2026.1"
    app.device_object.location = device.name
    return app


def controller(device) -> None:
    """Two temperatures, a heating set-point and a fan."""
    chance = random.Random(device.id)

    async def run():
        app = application(device)
        supply = AnalogInputObject(
            objectIdentifier="analog-input,1",
            objectName="supply temperature",
            presentValue=chance.uniform(24, 34),
            units="degreesCelsius",
            covIncrement=0.8,
        )
        room = AnalogInputObject(
            objectIdentifier="analog-input,2",
            objectName="room temperature",
            presentValue=chance.uniform(19, 21),
            units="degreesCelsius",
            covIncrement=0.3,
        )
        set_point = AnalogValueObject(
            objectIdentifier="analog-value,1",
            objectName="heating set-point",
            presentValue=20.0,
            units="degreesCelsius",
            covIncrement=0.5,
        )
        fan = BinaryOutputObject(
            objectIdentifier="binary-output,1",
            objectName="supply fan",
            presentValue="active",
        )
        for thing in (supply, room, set_point, fan):
            app.add_object(thing)
        while True:
            await asyncio.sleep(10)
            supply.presentValue = round(supply.presentValue + chance.uniform(-0.6, 0.6), 2)
            room.presentValue = round(room.presentValue + chance.uniform(-0.15, 0.15), 2)

    asyncio.run(run())


PROPERTIES = [
    ("analog-input,1", ["present-value", "status-flags"]),
    ("analog-input,2", ["present-value", "status-flags"]),
    ("analog-value,1", ["present-value"]),
    ("binary-output,1", ["present-value", "status-flags"]),
]


def supervisor() -> None:
    """Finds the controllers by broadcast, asks each who it is, watches two of them, reads all in turn, and moves a
    set-point at the hours that the building's diary says."""
    chance = random.Random("bms")
    began = time.monotonic()
    diary = [
        (240, "building-01", 21.0),
        (300, "building-03", 20.5),
        (480, "building-01", 19.5),
        (840, "building-03", 20.0),
    ]

    async def watch(app, device):
        target = Address(device.ip)
        while True:
            try:
                async with app.change_of_value(
                    target, ObjectIdentifier("analog-input,1"), lifetime=120
                ) as subscription:
                    while True:
                        await subscription.get_value()
            except Exception:
                await asyncio.sleep(30)

    async def quietly(request):
        try:
            return await asyncio.wait_for(request, 10)
        except Exception:
            return None

    async def run():
        app = application(SUPERVISOR)
        await asyncio.sleep(3)
        await app.who_is(260101, 260199)
        controllers = in_zone("buildings", "building-")
        for device in controllers:
            who = ObjectIdentifier(("device", instance(device)))
            names = ["object-name", "vendor-name", "model-name", "firmware-revision", "location"]
            await quietly(app.read_property_multiple(Address(device.ip), [who, names]))
            await quietly(app.read_property(Address(device.ip), who, "object-list", 0))
        watching = [asyncio.create_task(watch(app, device)) for device in controllers[:2]]
        found = time.monotonic()
        while watching:
            for device in controllers:
                request = [part for name, properties in PROPERTIES for part in (ObjectIdentifier(name), properties)]
                await quietly(app.read_property_multiple(Address(device.ip), request))
                await asyncio.sleep(chance.uniform(1.5, 3))
            while diary and time.monotonic() - began > diary[0][0]:
                _, place, value = diary.pop(0)
                target = Address(DEVICES[place].ip)
                await quietly(app.write_property(target, ObjectIdentifier("analog-value,1"), "present-value", value))
            if time.monotonic() - found > 290:
                found = time.monotonic()
                await app.who_is(260101, 260199)

    enter("bms")
    asyncio.run(run())


if __name__ == "__main__":
    if sys.argv[1] == "controllers":
        for device in in_zone("buildings", "building-"):
            live(device.id, controller, device)
        forever()
    supervisor()
