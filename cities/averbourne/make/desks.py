"""People and servers that use ordinary programs: curl, snmpget, dig, ssh, logger, chronyd, ping.

Each works at its own pace, in a thread that stands in its own place; the program it starts inherits the place."""

import subprocess
import tempfile
import time

from daemons import MONITOR, OID, READ_COMMUNITY, WRITE_COMMUNITY
from place import DEVICES, DOMAIN, OUTSIDE, OUTSIDE_ADDRESSES, VISITOR_V6, WORK, Rhythm, forever, in_zone, live

SSH = [
    "ssh",
    "-q",
    "-i",
    str(WORK / "ssh-user"),
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "BatchMode=yes",
    "-F",
    "none",
]


def run(*words, timeout=20) -> None:
    """Runs a program to its end. Whether it succeeds is for the capture to show."""
    try:
        subprocess.run(
            list(map(str, words)),
            timeout=timeout,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        pass


def curl(*words) -> None:
    run("curl", "-s", "-m", "12", "--cacert", WORK / "trust.crt", *words)


def keep_time(start: float) -> None:
    """Asks the time server for the time, by address as most controllers do, and does not touch the clock."""
    rhythm = Rhythm(f"time/{start}", 420, first=start)
    while True:
        rhythm.wait()
        server = f"server {DEVICES['time-1'].ip} iburst maxsamples 1"
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            run("chronyd", "-Q", "-t", "4", f"pidfile {folder}/pid", "cmdport 0", "user root", server)


def browse(device, urls: list[str], seconds: float) -> None:
    """Visits the same few pages in turn, as people do."""
    rhythm = Rhythm(f"browse/{device.id}", seconds)
    visit = 0
    while True:
        rhythm.wait()
        url = urls[visit % len(urls)]
        visit += 1
        if url.startswith("post "):
            curl("-d", "text=" + "x" * 200, url[5:])
        elif url == "find printers":
            run("dig", "+time=1", "+tries=1", "-p", "5353", "@224.0.0.251", "_http._tcp.local", "PTR")
        else:
            curl("-L", url)


def desks() -> None:
    www, forms = f"https://www.{DOMAIN}/", f"https://forms.{DOMAIN}/"
    files, intranet = f"https://file-server.{DOMAIN}/", f"http://intranet.{DOMAIN}/"
    printer = f"http://printer-1.{DOMAIN}/"
    news, shop, mail = (
        "https://www.daily-lantern.example/",
        "https://shop.pennyfarthing.example/",
        "https://mail.postbarge.example/",
    )
    static, social = "https://static.lantern.example/", "https://www.chatterfield.example/"
    days = {
        "pc-01": [files, intranet, news, printer],
        "pc-02": [files, f"post {files}save", mail, "find printers"],
        "pc-03": [intranet, forms, static, printer],
        "pc-04": [files, mail, intranet],
        "pc-05": [news, static, files, f"post {files}save"],
        "pc-06": [www, intranet, mail, printer],
        "pc-07": [forms, www, f"post {forms}submit", social],
        "pc-08": [f"https://bms.{DOMAIN}/", files, "http://www.daily-lantern.example/"],
    }
    for place, urls in days.items():
        live(place, browse, DEVICES[place], urls, 30)
    for number, kiosk in enumerate(in_zone("libraries", "kiosk-")):
        urls = [f"http://catalogue.{DOMAIN}/", news, www, shop, social][: 3 + number]
        live(kiosk.id, browse, kiosk, urls, 35)
    live("kiosk-01", browse, DEVICES["kiosk-01"], [f"http://printer-2.{DOMAIN}/"], 170)
    live("operator-3", browse, DEVICES["operator-3"], [f"https://recorder.{DOMAIN}/"], 25)
    live("operator-1", browse, DEVICES["operator-1"], [f"https://recorder.{DOMAIN}/"], 60)
    live("operator-2", browse, DEVICES["operator-2"], [f"https://recorder.{DOMAIN}/"], 90)
    live("wall-screen", browse, DEVICES["wall-screen"], [f"https://twin-server.{DOMAIN}/"], 30)


def machines() -> None:
    """Machines that fetch pages from machines."""
    for number, camera in enumerate(in_zone("cctv", "camera-")):
        scheme = "http" if camera.id == "camera-07" else "https"
        live("recorder", fetch, f"recorder/{camera.id}", [f"{scheme}://{camera.host}/snapshot.png"], 30)
    panel = DEVICES["boiler-panel"]
    old = ["-k", "--tlsv1.0", "--tls-max", "1.0", "--ciphers", "DEFAULT@SECLEVEL=0"]
    live("bms", fetch, "bms/boiler", [*old, f"https://{panel.ip}/status.json"], 45)
    for machine in in_zone("parking", "payment-"):
        live("parking-server", fetch, f"guide/{machine.id}", [f"http://{machine.host}/count.json"], 40)
        live(machine.id, fetch, f"pay/{machine.id}", ["-d", "ticket=1", "https://pay.voltmere.example/post"], 50)
    live("parking-server", fetch, "guide/report", ["-d", "spaces=1", "https://pay.voltmere.example/post"], 60)
    for charger in in_zone("parking", "charger-"):
        live(charger.id, fetch, f"charge/{charger.id}", ["-d", "meter=1", "https://charge.voltmere.example/post"], 45)
    live("twin-server", fetch, "twin/forecast", ["https://forecast.skywatch.example/"], 60)
    live("twin-server", fetch, "twin/historian", ["-d", "rows=10", f"https://historian.{DOMAIN}/write"], 30)
    # The lift maintainer's desk outside reads each lift; the public visits the website, one of them over IPv6.
    for lift in in_zone("mobility", "lift-"):
        words = ["-k", "--interface", OUTSIDE_ADDRESSES["wrenlift-desk"], f"https://{lift.ip}/state.json"]
        live(OUTSIDE, fetch, f"lift/{lift.id}", words, 60)
    web_1, forms_1 = DEVICES["web-1"], DEVICES["forms-1"]
    www, forms = f"www.{DOMAIN}", f"forms.{DOMAIN}"
    for number, source in enumerate(("visitor-1", "visitor-2", "visitor-3")):
        known = [
            "--interface",
            OUTSIDE_ADDRESSES[source],
            "--resolve",
            f"{www}:443:{web_1.ip}",
            "--resolve",
            f"{www}:80:{web_1.ip}",
        ]
        live(OUTSIDE, fetch, f"visit/{source}", [*known, "-L", f"http://{www}/"], 50 + 15 * number)
    known = ["--interface", OUTSIDE_ADDRESSES["visitor-2"], "--resolve", f"{forms}:443:{forms_1.ip}"]
    live(OUTSIDE, fetch, "visit/form", [*known, "-d", "street=Mill+Lane", f"https://{forms}/submit"], 110)
    known = ["--interface", VISITOR_V6, "--resolve", f"{www}:443:[{web_1.addresses[1]}]"]
    live(OUTSIDE, fetch, "visit/v6", [*known, f"https://{www}/"], 60)


def fetch(name: str, words: list[str], seconds: float) -> None:
    rhythm = Rhythm(name, seconds)
    while True:
        rhythm.wait()
        curl(*words)


def poll_signals() -> None:
    """The signal control server reads every controller each quarter of a minute, and changes two plans."""
    device_list = in_zone("signals", "junction-")
    objects = [".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.3.0", *(f"{OID}.4.{n}.0" for n in (1, 2, 3, 4))]
    began, changes = time.monotonic(), [(190, "junction-02", 3), (400, "junction-10", 2), (790, "junction-02", 1)]
    rhythm = Rhythm("utc", 15)
    read = ["snmpget", "-v2c", "-c", READ_COMMUNITY["value"], "-t", "2", "-r", "1"]
    write = ["snmpset", "-v2c", "-c", WRITE_COMMUNITY["value"], "-t", "2", "-r", "1"]
    while True:
        rhythm.wait()
        for device in device_list:
            run(*read, device.ip, *objects)
            time.sleep(0.3)
        while changes and time.monotonic() - began > changes[0][0]:
            _, place, plan = changes.pop(0)
            run(*write, DEVICES[place].ip, f"{OID}.4.1.0", "i", plan)


def monitor() -> None:
    """The monitor asks the power supplies and the firewall by SNMP version 3, and pings servers."""
    rhythm = Rhythm("monitor", 20)
    login = [
        "-v3",
        "-l",
        "authPriv",
        "-u",
        MONITOR["user"],
        "-a",
        "SHA",
        "-A",
        MONITOR["value"],
        "-x",
        "AES",
        "-X",
        MONITOR["value"],
    ]
    pinged = [
        "dns-1",
        "dns-2",
        "time-1",
        "log-1",
        "utc-server",
        "scada-server",
        "file-server",
        "web-1",
        "forms-1",
        "jump-host",
        "backup",
        "firewall",
    ]
    while True:
        rhythm.wait()
        for place in ("ups-1", "ups-2", "firewall"):
            run(
                "snmpget",
                *login,
                "-t",
                "2",
                "-r",
                "1",
                DEVICES[place].ip,
                ".1.3.6.1.2.1.1.1.0",
                f"{OID}.7.1.0",
                f"{OID}.7.2.0",
            )
        for place in pinged:
            run("ping", "-q", "-c", "1", "-W", "2", DEVICES[place].ip)


def write_logs(source: str, place: str, texts: list[str], seconds: float) -> None:
    """Sends a line to the log collector, by the packaged `logger`, under the device's own host name."""
    rhythm = Rhythm(f"log/{place}/{source}", seconds)
    number = 0
    while True:
        rhythm.wait()
        text = texts[number % len(texts)]
        number += 1
        script = f"hostname {place}; exec logger -n {DEVICES['log-1'].ip} -P 514 -d --rfc3164 -t {source} '{text}'"
        run("unshare", "--uts", "sh", "-c", script)


def sessions(start: float, *words) -> None:
    """A session of someone who administers: at its time, and again eleven minutes later."""
    time.sleep(start)
    while True:
        run(*SSH, *words, timeout=60)
        time.sleep(660)


def administration() -> None:
    jump, utc, scada = (DEVICES[d].ip for d in ("jump-host", "utc-server", "scada-server"))
    proxy = " ".join(SSH) + f" -b {OUTSIDE_ADDRESSES['ostrel-desk']} -W %h:%p root@{jump}"
    look = "uptime; sleep 5; ls -l /usr/share/doc | head -60; sleep 8; df -h; sleep 3; cat /proc/meminfo"
    # The signal supplier comes in through the remote access host, and the operations desk goes on from there.
    live(OUTSIDE, sessions, 150, "-o", f"ProxyCommand={proxy}", f"root@{utc}", look)
    live("jump-host", sessions, 320, f"root@{scada}", look)
    live("jump-host", sessions, 420, f"root@{DEVICES['web-1'].ip}", look)
    # Backups are drawn by the backup server: 40 kB from the file server, less from the name server.
    copy = "head -c 40000 /usr/bin/tshark"
    live("backup", sessions, 270, f"root@{DEVICES['file-server'].ip}", copy)
    live("backup", sessions, 285, f"root@{DEVICES['dns-1'].ip}", "cat /run/city/dns-1/dnsmasq.conf")
    live(
        "firewall", write_logs, "kf6", "firewall", ["session table 1 percent", "rule set unchanged", "link eth1 up"], 30
    )
    live("utc-server", write_logs, "conductor", "utc-server", ["12 of 12 controllers in co-ordination"], 45)
    live("scada-server", write_logs, "overview", "scada-server", ["poll complete", "no station in alarm"], 40)
    live("jump-host", write_logs, "sshd", "jump-host", ["session opened", "session closed"], 70)
    live("log-1", keep_time, 33)


def clocks() -> None:
    """Everything that keeps time asks for it; desktops and kiosks learned the server from DHCP."""
    number = 0
    for device in DEVICES.values():
        if device.zone in ("core", "edge") or device.id.startswith("gateway-") or device.id == "boiler-panel":
            continue
        number += 1
        live(device.id, keep_time, 20 + number * 3.1)
    live("firewall", keep_time, 15)
    live("dns-2", resolve_core, 120)


def resolve_core(seconds: float) -> None:
    """The second name server checks that its forwarder still answers."""
    rhythm = Rhythm("dns-2", seconds)
    while True:
        rhythm.wait()
        run("dig", "+time=2", "+tries=1", f"@{DEVICES['dns-2'].ip}", "www.daily-lantern.example")


def main() -> None:
    desks()
    machines()
    live("utc-server", poll_signals)
    live("monitor", monitor)
    administration()
    clocks()
    forever()


if __name__ == "__main__":
    main()
