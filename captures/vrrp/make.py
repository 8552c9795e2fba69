"""VRRP: keepalived 2.2.7 (Debian) at both ends of a cable, for two virtual routers of version 2 and 3; one is stopped.

    apt install keepalived tcpdump && python captures/vrrp/make.py
"""

import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from link import cable, record

ROUTER = """
global_defs {{
    router_id router-{number}
    vrrp_startup_delay 0
}}
vrrp_instance pumps {{
    interface eth0
    version 2
    virtual_router_id 7
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass sesame
    }}
    virtual_ipaddress {{
        192.0.2.254/24
    }}
}}
vrrp_instance lights {{
    interface eth0
    version 3
    virtual_router_id 8
    priority {priority}
    advert_int 1
    virtual_ipaddress {{
        192.0.2.253/24
        192.0.2.252/24
    }}
}}
"""


def main():
    with cable("bastide-vrrp") as ends, tempfile.TemporaryDirectory() as folder:
        with record(HERE / "pair.pcap", ends[0], "ip proto 112"):
            for number, (end, priority) in enumerate(zip(ends, [150, 100]), 1):
                file = pathlib.Path(folder) / f"{number}.conf"
                file.write_text(ROUTER.format(number=number, priority=priority))
                end.start("keepalived", "-n", "-l", "-P", "-f", str(file), "-p", f"{folder}/{number}.pid", "-r",
                          f"{folder}/{number}.vrrp.pid")
            time.sleep(9)
            ends[0].stop()
            time.sleep(6)


main()
