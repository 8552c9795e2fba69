"""A Sparkplug edge node, its device and a host application: mqtt-spb-wrapper 2.1.2 (PyPI) over paho-mqtt 2.2.0, by way
of the broker mosquitto (Debian), all on loopback.

    apt-get install mosquitto && pip install mqtt-spb-wrapper && python captures/sparkplug/make.py
"""

import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from mqtt_spb_wrapper import MqttSpbEntityScada, MqttSpbEntityDevice, MqttSpbEntityEdgeNode
from record import record

PORT = 1883


def main():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(f"listener {PORT} 127.0.0.1\nallow_anonymous true\n")
        settings.flush()
        broker = subprocess.Popen(["mosquitto", "-c", settings.name])
        time.sleep(1)
        try:
            with record(HERE / "plant.pcap", {PORT}):
                talk()
        finally:
            broker.terminate()
            broker.wait()


def talk():
    host = MqttSpbEntityScada("Wasser", "Leitwarte")
    host.connect("127.0.0.1", PORT)
    time.sleep(0.5)
    node = MqttSpbEntityEdgeNode("Wasser", "Werk1")
    node.attributes.set_value("Properties/Hardware Make", "Lorem")
    node.commands.set_value("Node Control/Reboot", False)
    node.connect("127.0.0.1", PORT)
    time.sleep(0.5)
    node.publish_birth()
    pump = MqttSpbEntityDevice("Wasser", "Werk1", "Pumpe")
    pump.data.set_value("Level", 21.5)
    pump.data.set_value("Running", False)
    pump.commands.set_value("Outputs/Run", False)
    pump.connect("127.0.0.1", PORT)
    time.sleep(0.5)
    pump.publish_birth()
    time.sleep(0.5)
    pump.data.set_value("Level", 22.25)
    pump.publish_data()
    time.sleep(0.5)
    print(host.send_command("Outputs/Run", True, "Werk1", "Pumpe"))
    time.sleep(0.5)
    print(host.send_command("Node Control/Reboot", True, "Werk1"))
    time.sleep(0.5)
    for end in (pump, node, host):
        end.disconnect()
    time.sleep(0.5)


main()
