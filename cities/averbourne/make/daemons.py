"""The servers of the town: their configuration, written into the run's own memory file system, and their start.

Each server is the packaged program of Debian 12, unchanged, in the namespace of the device it stands for.
"""

import crypt
import datetime
import os
import subprocess
import tomllib
from pathlib import Path

import pki
from place import DEVICES, DOMAIN, OUTSIDE, OUTSIDE_ADDRESSES, WORK, in_zone
from pictures import picture

SECRETS = tomllib.loads((Path(__file__).parent / "secrets.toml").read_text())["secret"]
GAUGE, READ_COMMUNITY, WRITE_COMMUNITY, CAMERA, _, HUB, SENSOR, MONITOR = SECRETS

# IANA enterprise number 32473 is reserved for examples (RFC 5612).
OID = ".1.3.6.1.4.1.32473"


class Daemons:
    """Starts servers and remembers them, so that a device can be switched off."""

    def __init__(self):
        self.running: dict[str, list[subprocess.Popen]] = {}

    def start(self, place: str, *words, stdin=None) -> subprocess.Popen:
        folder = WORK / place
        folder.mkdir(exist_ok=True)
        with open(folder / "log", "ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", place, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        self.running.setdefault(place, []).append(process)
        return process

    def failed(self) -> list[str]:
        return [
            f"{place}: {process.args[4]} ended with {process.returncode}"
            for place, processes in self.running.items()
            for process in processes
            if process.poll() is not None
        ]


def write(place: str, file: str, text: str) -> Path:
    folder = WORK / place
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(text)
    return folder / file


def prepare() -> None:
    """Certificates, keys and what the whole town shares. The mounts are this run's own."""
    council = pki.Authority("Averbourne Council Issuing Authority 2", "Averbourne Council", "council")
    for device in DEVICES.values():
        folder = WORK / device.id
        folder.mkdir(exist_ok=True)
        names = [device.host] + {
            "web-1": [f"www.{DOMAIN}"],
            "forms-1": [f"forms.{DOMAIN}"],
            "broker": [f"readings.{DOMAIN}"],
            "alarm-server": [f"alarms.{DOMAIN}"],
        }.get(device.id, [])
        if device.role not in ("workstation", "gateway"):
            council.issue(f"{device.id}/tls", device.host, names, [device.ip])
    (WORK / OUTSIDE).mkdir()
    public = pki.Authority("Lantern Trust Server Authority R3", "Lantern Trust Services", "public")
    for host in OUTSIDE_ADDRESSES:
        if "." in host:
            public.issue(f"{OUTSIDE}/{host}", host, [host])
    now = datetime.datetime.now(datetime.UTC)
    pki.self_signed(
        f"{OUTSIDE}/updates.quietharbour.example",
        "updates.quietharbour.example",
        "Quiet Harbour",
        now - 3 * pki.DAY,
        now + 7000 * pki.DAY,
    )
    pki.expired("boiler-panel/old", "Boilerwatch", "Quillon Controls")
    pki.ssh_key("ssh-user")
    pki.ssh_key("ssh-host")
    (WORK / "trust.crt").write_bytes((WORK / "council.crt").read_bytes() + (WORK / "public.crt").read_bytes())

    shared = {
        "resolv.conf": f"nameserver {DEVICES['dns-1'].ip}\nsearch {DOMAIN}\noptions timeout:3 attempts:2\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "hosts": "127.0.0.1 localhost\n",
        "hostname": "averbourne\n",
    }
    for file, text in shared.items():
        path = WORK / file
        path.write_text(text)
        subprocess.run(["mount", "--bind", path, f"/etc/{file}"], check=True)


# --- Names, addresses, time, logs ---------------------------------------------------------------------------------


def names_and_addresses(daemons: Daemons) -> None:
    records = [
        f"host-record={d.host},{','.join(d.addresses)}" for d in DEVICES.values() if d.role not in ("sensor",)
    ] + [
        f"host-record=www.{DOMAIN},{','.join(DEVICES['web-1'].addresses)}",
        f"host-record=forms.{DOMAIN},{DEVICES['forms-1'].ip}",
        f"host-record=readings.{DOMAIN},{DEVICES['broker'].ip}",
        f"host-record=alarms.{DOMAIN},{DEVICES['alarm-server'].ip}",
        f"host-record=time.{DOMAIN},{DEVICES['time-1'].ip}",
    ]
    common = [
        "keep-in-foreground",
        "no-resolv",
        "no-hosts",
        "user=root",
        "pid-file=",
        "bind-interfaces",
        f"local=/{DOMAIN}/",
        f"domain={DOMAIN}",
        "server=203.0.113.130",
        *records,
    ]
    leases = [
        "dhcp-authoritative",
        f"dhcp-leasefile={WORK}/dns-1/leases",
        "dhcp-range=set:office,192.0.2.55,192.0.2.60,255.255.255.224,240",
        "dhcp-option=tag:office,option:router,192.0.2.33",
        "dhcp-range=set:libraries,198.51.100.180,198.51.100.186,255.255.255.224,240",
        "dhcp-option=tag:libraries,option:router,198.51.100.161",
        f"dhcp-option=option:dns-server,{DEVICES['dns-1'].ip},{DEVICES['dns-2'].ip}",
        f"dhcp-option=option:ntp-server,{DEVICES['time-1'].ip}",
    ] + [
        f"dhcp-host={d.mac},{d.ip},{d.id}"
        for d in in_zone("office", "p") + in_zone("libraries", "kiosk-") + in_zone("libraries", "printer-")
    ]
    for server, lines in (("dns-1", common + leases), ("dns-2", common)):
        daemons.start(server, "dnsmasq", "-C", write(server, "dnsmasq.conf", "\n".join(lines) + "\n"))
    relay = "keep-in-foreground\nport=0\nuser=root\npid-file=\n" + "".join(
        f"dhcp-relay={DEVICES[f'gateway-{zone}'].ip},{DEVICES['dns-1'].ip}\n" for zone in ("office", "libraries")
    )
    daemons.start("router", "dnsmasq", "-C", write("router", "dnsmasq.conf", relay))
    world = (
        common[:6]
        + ["listen-address=203.0.113.130", "local=/example/"]
        + [f"host-record={host},{address}" for host, address in OUTSIDE_ADDRESSES.items() if "." in host]
    )
    daemons.start(OUTSIDE, "dnsmasq", "-C", write(OUTSIDE, "dnsmasq.conf", "\n".join(world) + "\n"))


def time(daemons: Daemons) -> None:
    common = "user root\ncmdport 0\nbindcmdaddress /\npidfile {folder}/chronyd.pid\nallow all\n"
    for place, lines in (
        (OUTSIDE, "local stratum 2\nbindaddress 203.0.113.131\n"),
        ("time-1", "server 203.0.113.131 iburst minpoll 6 maxpoll 6\nlocal stratum 8\n"),
    ):
        text = common.format(folder=WORK / place) + lines
        daemons.start(place, "chronyd", "-x", "-d", "-f", write(place, "chrony.conf", text))


def logs(daemons: Daemons) -> None:
    text = (
        'module(load="imudp")\ninput(type="imudp" port="514")\n'
        f'global(workDirectory="{WORK}/log-1")\n*.* {WORK}/log-1/messages\n'
    )
    path = write("log-1", "rsyslog.conf", text)
    daemons.start("log-1", "rsyslogd", "-n", "-f", path, "-i", WORK / "log-1/rsyslogd.pid")


# --- Web pages ----------------------------------------------------------------------------------------------------

PLAIN = "listen {address}:80;"
MODERN = "listen {address}:443 ssl; ssl_certificate {cert}.crt; ssl_certificate_key {cert}.key; ssl_protocols {tls};"


def nginx(daemons: Daemons, place: str, servers: list[str], folder: str | None = None) -> None:
    text = (
        "daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log error.log;\n"
        "events { worker_connections 128; }\n"
        "http {\n"
        "  access_log off; server_tokens on; keepalive_timeout 20; default_type text/html;\n"
        "  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;\n"
        "  scgi_temp_path scgi;\n"
        "  types { text/html html; application/json json; image/png png; text/css css; }\n"
        + "\n".join(f"  server {{ {server} }}" for server in servers)
        + "\n}\n"
    )
    name = folder or place
    daemons.start(place, "nginx", "-p", WORK / name, "-c", write(name, "nginx.conf", text), "-e", "error.log")


def secure(place: str, tls: str = "TLSv1.2 TLSv1.3", cert: str | None = None, address: str | None = None) -> str:
    return MODERN.format(address=address or DEVICES[place].ip, cert=cert or WORK / place / "tls", tls=tls)


def answer(path: str, body: str, kind: str = "application/json") -> str:
    return f"location {path} {{ default_type {kind}; return 200 '{body}'; }}"


def pages(place: str, path: str, title: str, size: int) -> str:
    """A page of about so many bytes, served from a file."""
    folder = WORK / place / "pages" / title.replace(" ", "-").replace(":", "")
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page(title, size))
    return f"location {path} {{ root {folder}; }} "


def page(title: str, size: int) -> str:
    paragraph = (
        "<p>Averbourne serves the people who live, work and learn here. This page is part of a demonstration.</p>"
    )
    return f"<!doctype html><title>{title}</title><h1>{title}</h1>" + paragraph * max(1, size // len(paragraph))


def web(daemons: Daemons) -> None:
    # Cameras serve pictures to the recorder: eight of them inside TLS, the oldest without.
    for camera in in_zone("cctv", "camera-"):
        (WORK / camera.id / "snapshot.png").write_bytes(picture(camera.id))
        snapshot = f"location /snapshot.png {{ root {WORK / camera.id}; }}"
        if camera.id == "camera-07":
            hashed = crypt.crypt(CAMERA["value"], crypt.METHOD_SHA256)
            write(camera.id, "users", f"{CAMERA['user']}:{hashed}\n")
            setup = (
                f'location /setup {{ auth_basic "Brightmoor D4 set-up"; auth_basic_user_file {WORK / camera.id}/users;'
                f" root {WORK / camera.id}; }}"
            )
            (WORK / camera.id / "setup").mkdir()
            for file in ("index.html", "network.html", "users.html"):
                write(camera.id, f"setup/{file}", page("Brightmoor D4: " + file.split(".")[0], 900))
            nginx(daemons, camera.id, [PLAIN.format(address=camera.ip) + snapshot + setup])
        else:
            nginx(daemons, camera.id, [secure(camera.id, "TLSv1.2") + snapshot])
    nginx(daemons, "recorder", [secure("recorder") + pages("recorder", "/", "Recorder: live", 1500)])

    nginx(
        daemons,
        "file-server",
        [secure("file-server") + pages("file-server", "/", "Shared files", 3000) + "location /save { return 204; }"],
    )
    nginx(
        daemons, "intranet", [PLAIN.format(address=DEVICES["intranet"].ip) + pages("intranet", "/", "Intranet", 1800)]
    )
    for printer in in_zone("office", "printer-") + in_zone("libraries", "printer-"):
        # Its address comes by DHCP, perhaps after the server is up.
        nginx(daemons, printer.id, ["listen 80; " + pages(printer.id, "/", f"Inkwell {printer.id}", 500)])
    nginx(daemons, "bms", [secure("bms", "TLSv1.2") + pages("bms", "/", "Supervisor: town hall", 1800)])
    nginx(
        daemons,
        "boiler-panel",
        [
            secure("boiler-panel", "TLSv1", WORK / "boiler-panel/old")
            + "ssl_ciphers DEFAULT@SECLEVEL=0; "
            + answer("/status.json", '{"boiler":"on","flow":71.5,"return":58.2}')
        ],
    )
    nginx(
        daemons,
        "parking-server",
        [secure("parking-server") + answer("/spaces.json", '{"multi-storey":212,"quay":41,"station":7}')],
    )
    for machine in in_zone("parking", "payment-"):
        nginx(
            daemons,
            machine.id,
            [PLAIN.format(address=machine.ip) + answer("/count.json", '{"in":181,"out":163,"paper":"ok"}')],
        )
    for lift in in_zone("mobility", "lift-"):
        nginx(
            daemons,
            lift.id,
            [secure(lift.id, "TLSv1.2") + answer("/state.json", '{"car":"level 2","doors":"closed","trips":48211}')],
        )
    nginx(daemons, "twin-server", [secure("twin-server") + pages("twin-server", "/", "Averbourne now", 2000)])
    nginx(daemons, "historian", [secure("historian") + "location /write { return 204; }"])
    web_1 = DEVICES["web-1"]
    nginx(
        daemons,
        "web-1",
        [
            f"listen {web_1.ip}:80; listen [{web_1.addresses[1]}]:80; return 301 https://www.{DOMAIN}$request_uri;",
            secure("web-1")
            + f" listen [{web_1.addresses[1]}]:443 ssl; "
            + pages("web-1", "/", "Averbourne Council", 2500),
        ],
    )
    nginx(
        daemons,
        "forms-1",
        [
            secure("forms-1")
            + pages("forms-1", "/", "Report a problem", 2500)
            + "location /submit { return 303 /thanks; }"
        ],
    )
    nginx(
        daemons,
        "catalogue",
        [PLAIN.format(address=DEVICES["catalogue"].ip) + pages("catalogue", "/", "Library catalogue", 2500)],
    )

    # The world outside: one server, told apart by name.
    outside = []
    for host, address in OUTSIDE_ADDRESSES.items():
        if not host.endswith(".example") or host in ("resolver.example", "time.example", "relay.quietharbour.example"):
            continue
        server = secure(OUTSIDE, cert=WORK / OUTSIDE / host, address=address)
        if host.endswith((".voltmere.example", ".quietharbour.example")):
            server = secure(OUTSIDE, "TLSv1.2", WORK / OUTSIDE / host, address)
        outside.append(server + pages(OUTSIDE, "/", host, 1800) + "location /post { return 204; }")
        outside.append(f"listen {address}:80; return 301 https://{host}$request_uri;")
    nginx(daemons, OUTSIDE, outside)


# --- Brokers ------------------------------------------------------------------------------------------------------


def brokers(daemons: Daemons) -> None:
    def passwords(place: str, *logins) -> Path:
        path = write(place, "passwords", "".join(f"{l['user']}:{l['value']}\n" for l in logins))
        path.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", path], check=True)
        return path

    common = "per_listener_settings true\nuser root\n"
    inside = "listener 8883 {ip}\ncertfile {tls}.crt\nkeyfile {tls}.key\nallow_anonymous false\npassword_file {users}\n"
    broker, alarms = DEVICES["broker"], DEVICES["alarm-server"]
    users = passwords("broker", GAUGE, SENSOR)
    # Readings in clear: gauges name themselves, bins cannot; both only know this listener.
    clear = f"listener 1883 {broker.ip}\nallow_anonymous true\npassword_file {users}\n"
    text = common + inside.format(ip=broker.ip, tls=WORK / "broker/tls", users=users) + clear
    daemons.start("broker", "mosquitto", "-c", write("broker", "mosquitto.conf", text))
    users = passwords("alarm-server", HUB)
    text = common + inside.format(ip=alarms.ip, tls=WORK / "alarm-server/tls", users=users) + "tls_version tlsv1.2\n"
    daemons.start("alarm-server", "mosquitto", "-c", write("alarm-server", "mosquitto.conf", text))


# --- Management ---------------------------------------------------------------------------------------------------


def snmp(daemons: Daemons) -> None:
    for device in in_zone("signals", "junction-"):
        number = int(device.id[-2:])
        text = (
            f"agentaddress udp:{device.ip}:161\n"
            f"rocommunity {READ_COMMUNITY['value']}\nrwcommunity {WRITE_COMMUNITY['value']}\n"
            f"sysdescr {device.product} {device.firmware} signal controller\nsysname {device.id}\n"
            f"syslocation {device.name.split(', ')[1]}\nsyscontact Highways\nsysobjectid {OID}.4\n"
            f"override -rw {OID}.4.1.0 integer {1 + number % 4}\n"  # plan in force
            f"override {OID}.4.2.0 integer {number % 6}\n"  # stage
            f"override {OID}.4.3.0 uinteger {120 + 17 * number}\n"  # vehicles in the last quarter hour
            f"override {OID}.4.4.0 integer 0\n"  # lamp faults
        )
        snmpd(daemons, device.id, text)
    for device in (DEVICES["ups-1"], DEVICES["ups-2"], DEVICES["firewall"]):
        text = (
            f"agentaddress udp:{device.ip}:161\n"
            f"createUser {MONITOR['user']} SHA {MONITOR['value']} AES {MONITOR['value']}\nrouser {MONITOR['user']} priv\n"
            f"sysdescr {device.product} {device.firmware}\nsysname {device.id}\nsyslocation Data centre\nsyscontact ICT\n"
            f"override {OID}.7.1.0 integer 100\noverride {OID}.7.2.0 integer 231\n"
        )
        snmpd(daemons, device.id, text)


def snmpd(daemons: Daemons, place: str, text: str) -> None:
    path = write(place, "snmpd.conf", text)
    # Where the agent keeps what it learns of itself must be its own, or all agents share one engine.
    words = [
        "env",
        f"SNMP_PERSISTENT_DIR={WORK / place}/state",
        "snmpd",
        "-f",
        "-Lo",
        "-C",
        "-c",
        path,
        "-p",
        WORK / place / "snmpd.pid",
    ]
    daemons.start(place, *words)


def ssh(daemons: Daemons) -> None:
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (WORK / "authorized_keys").write_bytes((WORK / "ssh-user.pub").read_bytes())
    for place in ("jump-host", "utc-server", "scada-server", "file-server", "dns-1", "web-1"):
        text = (
            f"ListenAddress {DEVICES[place].ip}\nHostKey {WORK}/ssh-host\nPidFile {WORK / place}/sshd.pid\n"
            f"AuthorizedKeysFile {WORK}/authorized_keys\nPermitRootLogin prohibit-password\nUsePAM no\n"
            "StrictModes no\nPrintMotd no\nSubsystem sftp internal-sftp\n"
        )
        daemons.start(place, "/usr/sbin/sshd", "-D", "-e", "-f", write(place, "sshd_config", text))


def announcements(daemons: Daemons) -> None:
    """Printers and two cameras announce themselves by multicast DNS, each with an avahi of its own."""
    service = (
        '<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">'
        "<service-group><name>{name}</name><service><type>{kind}</type><port>{port}</port>"
        "<txt-record>{txt}</txt-record></service></service-group>"
    )
    kinds = {
        "printer-1": ("_http._tcp", 80, "ty=Inkwell 4400"),
        "printer-2": ("_http._tcp", 80, "ty=Inkwell 2100"),
        "camera-01": ("_http._tcp", 443, "model=Brightmoor D4"),
        "camera-07": ("_http._tcp", 80, "model=Brightmoor D4"),
    }
    for place, (kind, port, txt) in kinds.items():
        folder = WORK / place / "avahi"
        (folder / "services").mkdir(parents=True)
        (folder / "hosts").write_text("")
        name = DEVICES[place].name
        (folder / "services/device.service").write_text(service.format(name=name, kind=kind, port=port, txt=txt))
        (folder / "avahi-daemon.conf").write_text(
            f"[server]\nhost-name={place}\nuse-ipv6=no\nenable-dbus=no\nallow-interfaces=eth0\n"
            "[publish]\npublish-workstation=no\npublish-hinfo=no\n[reflector]\n[rlimits]\n"
        )
        # The program reads its services from one fixed folder and keeps one fixed pid file.
        script = (
            f"mount --bind {folder} /etc/avahi; mkdir -p /run/avahi-daemon; mount -t tmpfs tmpfs /run/avahi-daemon;"
            f" exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f {folder}/avahi-daemon.conf"
        )
        daemons.start(place, "unshare", "-m", "sh", "-ec", script)


def start_all(daemons: Daemons) -> None:
    names_and_addresses(daemons)
    time(daemons)
    logs(daemons)
    web(daemons)
    brokers(daemons)
    snmp(daemons)
    ssh(daemons)


def addresses_by_dhcp(daemons: Daemons, place: str, hostname: str) -> None:
    """The DHCP client of a desktop: takes the address and keeps it until its lease must be renewed."""
    script = write(
        place,
        "lease.sh",
        "#!/bin/sh\ncase $1 in bound|renew)\n"
        "ip address replace $ip/$mask dev $interface\nip route replace default via $router\nesac\n",
    )
    os.chmod(script, 0o755)
    daemons.start(place, "udhcpc", "-f", "-i", "eth0", "-s", script, "-x", f"hostname:{hostname}", "-V", "desktop")
