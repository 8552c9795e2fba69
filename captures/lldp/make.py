"""LLDP with LLDP-MED, and CDP: lldpd 1.0.16 (Debian) at both ends of a cable, one a switch, one a telephone.

    apt install lldpd tcpdump && python captures/lldp/make.py
"""

import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from link import cable, record

SWITCH = """
configure system hostname "switch-7"
configure system description "Acme Switch OS 4.2"
configure system platform "Acme S24"
configure system ip management pattern 192.0.2.*
configure lldp portidsubtype local "port 5"
configure lldp tx-interval 2
configure ports eth0 lldp portdescription "to the pump house"
configure ports eth0 dot3 power pse supported enabled powerpairs signal class class-3
configure inventory hardware-revision "B"
configure inventory firmware-revision "1.1"
configure inventory software-revision "4.2.7"
configure inventory serial-number "S-0001"
configure inventory manufacturer "Acme"
configure inventory model "S24"
configure inventory asset "A-17"
"""

TELEPHONE = """
configure system hostname "telephone-3"
configure system description "Acme Telephone"
configure system platform "Acme T1"
configure system ip management pattern 192.0.2.*
configure lldp tx-interval 2
configure inventory hardware-revision "A"
configure inventory firmware-revision "0.9"
configure inventory software-revision "3.1"
configure inventory serial-number "T-0002"
configure inventory manufacturer "Acme"
configure inventory model "T1"
configure inventory asset "A-18"
"""


def main():
    for name, what, options in [
        ("lldp", "ether proto 0x88cc", ["-M", "4"]),
        ("cdp", "ether dst 01:00:0c:cc:cc:cc", ["-ll", "-cccc"]),
    ]:
        with cable("bastide-lldp") as ends, tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder).chmod(0o755)
            with record(HERE / f"{name}.pcap", ends[0], what):
                for end, commands in zip(ends, [SWITCH, TELEPHONE]):
                    file = f"{folder}/{end.space}.conf"
                    pathlib.Path(file).write_text(commands)
                    # Each keeps its socket in the same place, so each has its own /run.
                    end.start("unshare", "-m", "sh", "-c",
                              f"mount -t tmpfs none /run && mkdir -p /run/lldpd && exec lldpd -d -O {file} "
                              f"-I eth0 -C eth0 {' '.join(options)}")
                time.sleep(9)
                ends[1].stop()


main()
