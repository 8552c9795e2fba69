"""A CoAP client and server on loopback: aiocoap 0.4.17 (PyPI), over UDP and over TCP.

    pip install aiocoap && python captures/coap/make.py
"""

import asyncio
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import aiocoap
import aiocoap.resource as resource
from aiocoap import Code, Message
from record import record


class Level(resource.ObservableResource):
    def __init__(self):
        super().__init__()
        self.level = 17

    def step(self):
        self.level += 1
        self.updated_state()

    async def render_get(self, request):
        return Message(payload=str(self.level).encode())

    async def render_put(self, request):
        self.level = int(request.payload)
        self.updated_state()
        return Message(code=Code.CHANGED)


class Log(resource.Resource):
    async def render_get(self, request):
        return Message(payload=b"line of a long log\n" * 120)

    async def render_put(self, request):
        return Message(code=Code.CHANGED)

    async def render_post(self, request):
        return Message(code=Code.FORBIDDEN)


async def main(kind):
    site, level = resource.Site(), Level()
    site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader))
    site.add_resource(["tank", "level"], level)
    site.add_resource(["log"], Log())
    transports = ["tcpserver"] if kind == "tcp" else ["udp6"]
    server = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", 5683) if kind == "tcp" else ("::", 5683), transports=transports)
    client = await aiocoap.Context.create_client_context(transports=["tcpclient" if kind == "tcp" else "udp6"])
    base = "coap+tcp://127.0.0.1" if kind == "tcp" else "coap://127.0.0.1"

    async def ask(code, path, payload=b""):
        answer = await client.request(Message(code=code, uri=base + path, payload=payload)).response
        print(kind, code, path, answer.code)

    await ask(Code.GET, "/.well-known/core")
    await ask(Code.GET, "/tank/level")
    observation = client.request(Message(code=Code.GET, uri=base + "/tank/level", observe=0))
    await observation.response
    for _ in range(2):
        level.step()
        await asyncio.sleep(0.2)
    await ask(Code.PUT, "/tank/level", b"40")
    observation.observation.cancel()
    await ask(Code.GET, "/log")
    await ask(Code.PUT, "/log", b"a firmware of sorts " * 120)
    await ask(Code.POST, "/log", b"clear")
    await ask(Code.GET, "/none")
    await client.shutdown()
    await server.shutdown()


for kind in ("udp", "tcp"):
    with record(HERE / f"{kind}.pcap", {5683}):
        asyncio.run(main(kind))
