"""An LwM2M client and server on loopback. The CoAP is that of aiocoap 0.4.17 (PyPI); registering, the device object in
TLV and what the server asks are written here after OMA's LwM2M 1.0.2.

    pip install aiocoap && python captures/lwm2m/make.py
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

TLV = 11542
def text(resource, value):
    return bytes([0xC8, resource, len(value)]) + value.encode()


DEVICE = text(0, "Lorem Lamps") + text(1, "P1-L4G") + text(2, "L-000017") + text(3, "1.0")


class Registry(resource.Resource):
    def __init__(self):
        super().__init__()
        self.client = asyncio.get_running_loop().create_future()

    async def render_post(self, request):
        self.client.set_result(request.remote)
        return Message(code=Code.CREATED, location_path=("rd", "5a3f"))


class Registered(resource.Resource):
    async def render_delete(self, request):
        return Message(code=Code.DELETED)

    async def render_post(self, request):
        return Message(code=Code.CHANGED)


class Fixed(resource.Resource):
    """A resource of the client with one answer."""

    def __init__(self, payload=b"", form=None):
        super().__init__()
        self.payload, self.form = payload, form

    async def render_get(self, request):
        return Message(payload=self.payload, content_format=self.form)

    async def render_put(self, request):
        return Message(code=Code.CHANGED)

    async def render_post(self, request):
        return Message(code=Code.CHANGED)


async def main():
    directory = resource.Site()
    registry = Registry()
    directory.add_resource(["rd"], registry)
    directory.add_resource(["rd", "5a3f"], Registered())
    lamp = resource.Site()
    lamp.add_resource(["3", "0"], Fixed(DEVICE, TLV))
    lamp.add_resource(["3", "0", "0"], Fixed(b"Lorem Lamps", 0))
    lamp.add_resource(["3", "0", "4"], Fixed())
    lamp.add_resource(["3311", "0", "5850"], Fixed(b"0", 0))
    lamp.add_resource(["5", "0", "1"], Fixed())
    server = await aiocoap.Context.create_server_context(directory, bind=("::", 5683), transports=["udp6"])
    client = await aiocoap.Context.create_server_context(lamp, bind=("::", 56830), transports=["udp6"])
    register = "coap://127.0.0.1/rd?ep=lamp-17&lt=300&lwm2m=1.0&b=U"
    await client.request(
        Message(code=Code.POST, uri=register, payload=b"</3/0>,</5/0>,</3311/0>", content_format=40)
    ).response
    remote = await registry.client

    async def ask(code, *path, payload=b"", **more):
        message = Message(code=code, uri_path=path, payload=payload, **more)
        message.remote = remote
        answer = await server.request(message).response
        print(code, path, answer.code)

    await ask(Code.GET, "3", "0")
    await ask(Code.GET, "3", "0", "0")
    await ask(Code.PUT, "3311", "0", "5850", payload=b"1", content_format=0)
    await ask(Code.PUT, "5", "0", "1", payload=b"coap://files.example/lamp", content_format=0)
    await ask(Code.POST, "3", "0", "4")
    await ask(Code.GET, "6", "0")
    await client.request(Message(code=Code.POST, uri="coap://127.0.0.1/rd/5a3f?lt=600")).response
    await client.request(Message(code=Code.DELETE, uri="coap://127.0.0.1/rd/5a3f")).response
    await client.shutdown()
    await server.shutdown()


with record(HERE / "client.pcap", {5683}):
    asyncio.run(main())
