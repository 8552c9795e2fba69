# Real servers of a host: nginx, mosquitto, pymodbus and bacpypes3, each at its usual port. Says "ready" when they answer.
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

signal.alarm(600)
address, prefix = sys.argv[1].split("/")
folder = tempfile.mkdtemp(dir=sys.argv[2])


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
nginx = write(
    "nginx.conf",
    f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root; events {{}}\n"
    f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};"
    f" uwsgi_temp_path {folder}; scgi_temp_path {folder}; server {{ listen {address}:80; return 200 'here'; }} }}\n",
)
mosquitto = write("mosquitto.conf", f"listener 1883 {address}\nallow_anonymous true\nuser root\n")
modbus = """
import sys
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartTcpServer
device = ModbusDeviceContext(hr=ModbusSequentialDataBlock(1, [7] * 100))
StartTcpServer(context=ModbusServerContext(devices=device, single=True), address=(sys.argv[1], 502))
"""
children = [
    subprocess.Popen(["nginx", "-e", f"{folder}/error.log", "-p", folder, "-c", nginx], **quiet),
    subprocess.Popen(["mosquitto", "-c", mosquitto], **quiet),
    subprocess.Popen([sys.executable, "-c", modbus, address], **quiet),
]


def stop(*_):
    for child in children:
        child.kill()
    os._exit(0)


signal.signal(signal.SIGTERM, stop)


async def main():
    from bacpypes3.app import Application
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.local.networkport import NetworkPortObject

    device = DeviceObject(objectIdentifier=("device", 1234), objectName="Range", vendorIdentifier=999)
    port = NetworkPortObject(f"{address}/{prefix}", objectIdentifier=("network-port", 1), objectName="Port")
    app = Application.from_object_list([device, port])
    for number in (80, 1883, 502):
        for _ in range(200):
            try:
                socket.create_connection((address, number), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            print(f"nobody listens at {number}", flush=True)
            stop()
    print("ready", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.2)
    stop()


asyncio.run(main())
