"""DHCP for IPv6: dnsmasq 2.90 as the server, ISC dhclient 4.4.3 as the client (both Debian).

    apt install dnsmasq-base isc-dhcp-client tcpdump && python captures/dhcpv6/make.py
"""

import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from link import cable, record

CLIENT = """
send fqdn.fqdn "pump-7.example";
request dhcp6.name-servers, dhcp6.domain-search, dhcp6.sntp-servers;
"""


def main():
    with cable("bastide-dhcpv6", addresses=False) as (server, client), tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        server.run("ip", "address", "add", "2001:db8::1/64", "dev", "eth0", "nodad")
        # Until then the addresses of the link are being tried.
        time.sleep(3)
        with record(HERE / "lease.pcap", server, "udp port 546 or udp port 547 or (icmp6 and ip6[40] == 134)"):
            server.start("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=eth0",
                         "--bind-interfaces", "--enable-ra", "--dhcp-range=2001:db8::100,2001:db8::1ff,64,1h",
                         "--dhcp-option=option6:dns-server,[2001:db8::53]", "--dhcp-option=option6:domain-search,example",
                         "--dhcp-option=option6:ntp-server,[2001:db8::123]", f"--dhcp-leasefile={at}/server",
                         stderr=subprocess.DEVNULL)
            time.sleep(1)
            (at / "client.conf").write_text(CLIENT)
            dhclient = ["dhclient", "-6", "-1", "-cf", str(at / "client.conf"), "-lf", str(at / "leases"), "-pf",
                        str(at / "pid"), "-sf", "/bin/true"]
            client.run(*dhclient, "eth0", check=False, timeout=30)
            client.run(*dhclient, "-r", "eth0", check=False, timeout=30)
            # Information alone, as one with an address of its own asks for it.
            client.run("dhclient", "-6", "-S", "-1", "-lf", str(at / "none"), "-pf", str(at / "pid2"), "-sf", "/bin/true",
                       "eth0", check=False, timeout=30)
            client.run("sh", "-c", f"kill $(cat {at}/pid2) 2>/dev/null", check=False)
            time.sleep(1)


main()
