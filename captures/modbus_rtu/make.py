"""A client and a device server on loopback that speak RTU over TCP: pymodbus 3.8.3 (PyPI) at both ends.

    pip install pymodbus==3.8.3 && python captures/modbus_rtu/make.py
"""

import asyncio
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from record import record

PORT = 4001


async def main():
    block = lambda: ModbusSequentialDataBlock(0, [17] * 100)
    units = ModbusServerContext(slaves=ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block()), single=True)
    identity = ModbusDeviceIdentification(info_name={"VendorName": "Example Pumps", "ProductCode": "P7", "MajorMinorRevision": "2.1"})
    server = ModbusTcpServer(units, framer=FramerType.RTU, identity=identity, address=("127.0.0.1", PORT))
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0.5)
    client = AsyncModbusTcpClient("127.0.0.1", port=PORT, framer=FramerType.RTU)
    await client.connect()
    await client.read_holding_registers(10, count=3, slave=5)
    await client.read_coils(0, count=12, slave=5)
    await client.write_register(10, 40, slave=5)
    await client.write_registers(11, [1, 2], slave=5)
    await client.write_coil(3, True, slave=5)
    await client.readwrite_registers(read_address=10, read_count=2, write_address=12, values=[9], slave=5)
    await client.read_holding_registers(5_000, count=1, slave=5)
    await client.read_device_information(slave=5)
    client.close()
    await server.shutdown()
    serving.cancel()


with record(HERE / "tcp.pcap", {PORT}):
    asyncio.run(main())
