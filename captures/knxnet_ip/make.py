"""A KNX client and an interface on loopback: xknx 4.0.0 (PyPI) speaks to knxd 0.14 (Debian), which has a dummy bus.

Needs root: loopback must carry the multicast on which the two look for each other.

    apt-get install knxd && pip install xknx && python captures/knxnet_ip/make.py
"""

import asyncio
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from record import record
from xknx import XKNX
from xknx.dpt import DPTArray, DPTBinary
from xknx.io import ConnectionConfig, ConnectionType
from xknx.io.gateway_scanner import GatewayScanner
from xknx.management.procedures import dm_restart, nm_individual_address_check
from xknx.telegram import GroupAddress, IndividualAddress, Telegram
from xknx.telegram.apci import GroupValueRead, GroupValueResponse, GroupValueWrite


async def scan():
    xknx = XKNX()
    found = await GatewayScanner(xknx, local_ip="127.0.0.1", timeout_in_seconds=2).scan()
    print("found", found)


async def talk(kind):
    config = ConnectionConfig(
        connection_type=kind, gateway_ip="127.0.0.1", gateway_port=3671, local_ip="127.0.0.1"
    )
    xknx = XKNX(connection_config=config)
    await xknx.start()
    print("connected", kind)
    for address, payload in (
        ("1/2/3", GroupValueWrite(DPTBinary(1))),
        ("1/2/4", GroupValueRead()),
        ("1/2/4", GroupValueResponse(DPTArray((0x0C, 0x1A)))),
        ("1/3/1", GroupValueWrite(DPTArray((0x0C, 0x33)))),
    ):
        xknx.telegrams.put_nowait(Telegram(destination_address=GroupAddress(address), payload=payload))
        await asyncio.sleep(0.3)
    if kind == ConnectionType.TUNNELING:
        print("there", await nm_individual_address_check(xknx, IndividualAddress("1.1.5")))
        try:
            await dm_restart(xknx, IndividualAddress("1.1.5"))
        except Exception as error:
            print("restart", error)
    await xknx.stop()


def main():
    subprocess.run(["ip", "link", "set", "lo", "multicast", "on"], check=False)
    subprocess.run(["ip", "route", "add", "224.0.23.12", "dev", "lo"], check=False)
    daemon = subprocess.Popen(
        ["knxd", "-e", "1.1.1", "-E", "1.1.10:5", "-n", "Pumpenhaus", "-D", "-T", "-R", "-S", "-b", "dummy:"]
    )
    time.sleep(2)
    try:
        for name, work in (
            ("search", scan),
            ("tunnel", lambda: talk(ConnectionType.TUNNELING)),
            ("routing", lambda: talk(ConnectionType.ROUTING)),
        ):
            with record(HERE / f"{name}.pcap", {3671}):
                try:
                    asyncio.run(work())
                except Exception as error:
                    print(name, "failed:", error)
    finally:
        daemon.terminate()
        daemon.wait()


main()
