"""Street lighting over CoAP (aiocoap): gateways that serve lamps, and the lighting server that reads and dims them.
`lighting.py gateways` runs the street's side, `lighting.py server` the control centre's."""

import asyncio
import json
import os
import random
import sys

# The plain IPv4 transport: the devices have no IPv6.
os.environ["AIOCOAP_SERVER_TRANSPORT"] = "simplesocketserver"
os.environ["AIOCOAP_CLIENT_TRANSPORT"] = "simple6"

import aiocoap
from aiocoap import resource

from place import enter, forever, in_zone, live


class Status(resource.Resource):
    """What the lamps behind a gateway do."""

    def __init__(self, name: str):
        super().__init__()
        self.chance = random.Random(name)
        self.level = 100
        self.lamps = self.chance.randint(38, 96)

    async def render_get(self, request):
        state = {"lamps": self.lamps, "level": self.level, "faults": 0, "watts": round(self.lamps * self.level * 0.41)}
        return aiocoap.Message(payload=json.dumps(state).encode(), content_format=50)


class Level(resource.Resource):
    """The dimming level, in percent."""

    def __init__(self, status: Status):
        super().__init__()
        self.status = status

    async def render_put(self, request):
        self.status.level = int(request.payload)
        return aiocoap.Message(code=aiocoap.CHANGED)


def gateway(device) -> None:
    async def serve():
        status = Status(device.id)
        site = resource.Site()
        site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader))
        site.add_resource(["lamps", "status"], status)
        site.add_resource(["lamps", "level"], Level(status))
        await aiocoap.Context.create_server_context(site, bind=(device.ip, 5683))
        await asyncio.get_running_loop().create_future()

    asyncio.run(serve())


async def manage(device, context) -> None:
    chance = random.Random(f"manage/{device.id}")
    base = f"coap://{device.ip}"
    await asyncio.sleep(chance.uniform(2, 20))

    async def ask(code, path, payload=b""):
        try:
            message = aiocoap.Message(code=code, uri=base + path, payload=payload)
            return await asyncio.wait_for(context.request(message).response, 15)
        except Exception:
            return None

    await ask(aiocoap.GET, "/.well-known/core")
    rounds = 0
    while True:
        await ask(aiocoap.GET, "/lamps/status")
        if rounds % 12 == 6:
            await ask(aiocoap.PUT, "/lamps/level", str(chance.choice((60, 75, 100))).encode())
        rounds += 1
        await asyncio.sleep(25 * chance.uniform(0.9, 1.1))


def server() -> None:
    async def run():
        context = await aiocoap.Context.create_client_context()
        await asyncio.gather(*(manage(device, context) for device in in_zone("lighting", "lighting-")))

    enter("lighting-server")
    asyncio.run(run())


if __name__ == "__main__":
    if sys.argv[1] == "gateways":
        for device in in_zone("lighting", "lighting-"):
            live(device.id, gateway, device)
        forever()
    server()
