# Real clients of a host: for each pair of an address and a service, whether it answers. JSON in the arguments, JSON out.
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading

signal.alarm(120)


def http_answers(address):
    connection = http.client.HTTPConnection(address, 80, timeout=2)
    connection.request("GET", "/")
    return connection.getresponse().read() == b"here"


def mqtt_answers(address):
    command = ["timeout", "3", "mosquitto_pub", "-h", address, "-t", "range", "-m", "here", "-q", "1"]
    return subprocess.run(command, capture_output=True).returncode == 0


def modbus_answers(address):
    from pymodbus.client import ModbusTcpClient

    client = ModbusTcpClient(address, timeout=2, retries=0)
    try:
        return bool(client.connect()) and not client.read_holding_registers(10, count=1).isError()
    finally:
        client.close()


def bacnet_answers(address):
    # BVLC, NPDU and a confirmed ReadProperty of device 1234's object-name (ASHRAE 135, clauses 6, 15.5 and J).
    asked = bytes.fromhex("810a0011" "0104" "0245010c" "0c020004d2" "194d")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(2)
        link.sendto(asked, (address, 47808))
        return b"Range" in link.recv(1500)


SERVICES = {"http": http_answers, "mqtt": mqtt_answers, "modbus": modbus_answers, "bacnet": bacnet_answers}
pairs = json.loads(sys.argv[1])
answers = [False] * len(pairs)


def ask(number, address, service):
    try:
        answers[number] = SERVICES[service](address)
    except Exception:
        answers[number] = False


threads = [threading.Thread(target=ask, args=(number, *pair)) for number, pair in enumerate(pairs)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(answers))
