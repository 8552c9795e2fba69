"""Everything that publishes over MQTT (paho): sensors, river gauges, bins, alarm hubs, lifts and help points; and the
twin and historian that subscribe."""

import json
import random
import ssl
import time
import tomllib
from pathlib import Path

import paho.mqtt.client as mqtt

from place import DEVICES, DOMAIN, PLAN, WORK, Rhythm, forever, in_zone, live

SECRETS = tomllib.loads((Path(__file__).parent / "secrets.toml").read_text())["secret"]
LOGINS = {secret["user"]: secret["value"] for secret in SECRETS if "user" in secret}
FEEDS = tomllib.loads((PLAN / "feeds.toml").read_text())["feed"]
READINGS, ALARMS = f"readings.{DOMAIN}", f"alarms.{DOMAIN}"

# Where each kind of reading starts, and how far it moves at each step.
COURSE = {
    "level": (1.2, 0.01),
    "no2": (28, 1.5),
    "pm25": (9, 0.6),
    "laeq": (62, 2),
    "temperature": (8.4, 0.1),
    "rain": (1.2, 0.2),
    "wind": (5.5, 0.5),
    "fill": (46, 0.5),
}


class Reading:
    """A value that wanders within its feed's physical limits."""

    def __init__(self, feed: dict):
        self.topic, self.feed = feed["topic"], feed
        self.chance = random.Random(feed["id"])
        start, self.step = COURSE[self.topic.rsplit("/", 1)[1]]
        self.value = start * self.chance.uniform(0.8, 1.2)

    def next(self) -> str:
        self.value += self.chance.uniform(-self.step, self.step)
        self.value = min(max(self.value, self.feed["minimum"]), self.feed["maximum"])
        return json.dumps({"value": round(self.value, 2), "unit": self.feed["unit"], "time": int(time.time())})


def client(name: str, user: str | None, tls: bool, version=mqtt.MQTTv311) -> mqtt.Client:
    c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=version)
    if user:
        c.username_pw_set(user, LOGINS[user])
    if tls:
        c.tls_set(ca_certs=str(WORK / "council.crt"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    return c


def stay(c: mqtt.Client, host: str, port: int, rhythm: Rhythm, publish) -> None:
    """Stays connected and publishes at its pace; comes back when the connection is lost."""
    while True:
        try:
            c.connect(host, port, keepalive=45)
            while c.loop(timeout=min(5.0, max(0.05, rhythm.next - time.monotonic()))) == mqtt.MQTT_ERR_SUCCESS:
                if time.monotonic() >= rhythm.next and c.is_connected():
                    rhythm.next = time.monotonic() + rhythm.seconds * rhythm.chance.uniform(0.9, 1.1)
                    publish(c)
        except OSError:
            pass
        time.sleep(5)


def sensor(device, seconds: float, user: str | None, tls: bool, version=mqtt.MQTTv311) -> None:
    readings = [Reading(feed) for feed in FEEDS if feed["asset"] == device.id]

    def publish(c):
        for reading in readings:
            c.publish(reading.topic, reading.next())

    stay(client(device.id, user, tls, version), READINGS, 8883 if tls else 1883, Rhythm(device.id, seconds), publish)


def gauge(device) -> None:
    """A gauge saves its battery: it wakes, connects, publishes, and sleeps again. The broker's address is fixed in
    it, so it asks for no name."""
    reading = next(Reading(feed) for feed in FEEDS if feed["asset"] == device.id)
    rhythm = Rhythm(device.id, 20)
    while True:
        rhythm.wait()
        try:
            send_level(device.id, reading.topic, reading.next())
        except OSError:
            pass


def send_level(name: str, topic: str, value: str) -> None:
    """One reading of a gauge, from connection to goodbye. Also what the false gauge of an incident does."""
    c = client(name, "rivergauge", tls=False)
    c.connect(DEVICES["broker"].ip, 1883, keepalive=30)
    c.loop_start()
    try:
        message = c.publish(topic, value, qos=1)
        message.wait_for_publish(4)
    except RuntimeError:
        pass
    finally:
        c.disconnect()
        c.loop_stop()


def hub(device, kind: str, seconds: float) -> None:
    """An alarm hub, a lift or a help point: heartbeats, and an alarm or a call now and then."""
    chance = random.Random(device.id)

    def publish(c):
        c.publish(
            f"{kind}/{device.id}/heartbeat",
            json.dumps({"time": int(time.time()), "battery": chance.randint(96, 100), "mains": True}),
        )
        if chance.random() < 0.03:
            c.publish(
                f"{kind}/{device.id}/call", json.dumps({"time": int(time.time()), "unit": chance.randint(1, 48)}), qos=1
            )

    stay(client(device.id, "hub", True), ALARMS, 8883, Rhythm(device.id, seconds), publish)


def subscriber(place: str, topics: list[str]) -> None:
    c = client(place, "sensor", True)
    c.on_connect = lambda c, *_: c.subscribe([(topic, 0) for topic in topics])
    stay(c, READINGS, 8883, Rhythm(place, 3600), lambda c: None)


def subscriber_clear(place: str, topics: list[str]) -> None:
    """The historian also listens on the gauges' own listener, to compare."""
    c = client(f"{place}-river", "rivergauge", False, mqtt.MQTTv5)
    c.on_connect = lambda c, *_: c.subscribe([(topic, 0) for topic in topics])
    stay(c, READINGS, 1883, Rhythm(f"{place}-river", 3600), lambda c: None)


def main() -> None:
    for device in in_zone("sensors", "air-"):
        live(device.id, sensor, device, 20, "sensor", True)
    for device in in_zone("sensors", "noise-"):
        live(device.id, sensor, device, 15, "sensor", True)
    live("weather-01", sensor, DEVICES["weather-01"], 20, "sensor", True)
    for device in in_zone("sensors", "bin-"):
        live(device.id, sensor, device, 25, None, False, mqtt.MQTTv5)
    for device in in_zone("water", "gauge-"):
        live(device.id, gauge, device)
    for device in in_zone("telecare", "scheme-"):
        live(device.id, hub, device, "telecare", 12)
    for device in in_zone("mobility", "lift-"):
        live(device.id, hub, device, "lifts", 20)
    for device in in_zone("mobility", "help-"):
        live(device.id, hub, device, "help", 20)
    live("twin-server", subscriber, "twin-server", ["averbourne/#"])
    live("historian", subscriber, "historian", ["averbourne/#"])
    live("historian", subscriber_clear, "historian", ["averbourne/river/#"])
    forever()


if __name__ == "__main__":
    main()
