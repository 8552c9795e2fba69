"""802.1X on a cable: wpa_supplicant 2.10 and hostapd 2.10 (Debian), which lets devices in by itself.

    apt install hostapd wpasupplicant openssl tcpdump && python captures/eapol/make.py
"""

import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from link import cable, record

SWITCH = """
interface=eth0
driver=wired
ieee8021x=1
eap_server=1
eap_user_file={folder}/users
ca_cert={folder}/cert.pem
server_cert={folder}/cert.pem
private_key={folder}/key.pem
use_pae_group_addr=1
"""

# Of one who is not in the list nothing is accepted.
USERS = """
"ann"           MD5  "open sesame"
"bob"           GTC  "open sesame"
"anonymous"     PEAP
"host/pump-7.example" TLS
"carol"         MSCHAPV2 "open sesame" [2]
"""

LOGINS = [
    ("ann", 'eap=MD5 identity="ann" password="open sesame"'),
    ("ann-wrong", 'eap=MD5 identity="ann" password="open barley"'),
    ("bob", 'eap=GTC identity="bob" password="open sesame"'),
    ("carol", 'eap=PEAP identity="carol" anonymous_identity="anonymous" password="open sesame"'),
    ("pump", 'eap=TLS identity="host/pump-7.example" ca_cert="{folder}/cert.pem" client_cert="{folder}/cert.pem" private_key="{folder}/key.pem"'),
]


def main():
    with cable("bastide-eapol", addresses=False) as (switch, device), tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "3650", "-subj", "/CN=radius.example", "-keyout", at / "key.pem", "-out", at / "cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)
        (at / "users").write_text(USERS)
        (at / "switch.conf").write_text(SWITCH.format(folder=folder))
        with record(HERE / "cable.pcap", switch, "ether proto 0x888e"):
            switch.start("hostapd", str(at / "switch.conf"), stdout=subprocess.DEVNULL)
            time.sleep(1)
            for name, words in LOGINS:
                network = "\n".join(part for part in split(words.format(folder=folder)))
                conf = at / f"{name}.conf"
                conf.write_text(f"ap_scan=0\nnetwork={{\nkey_mgmt=IEEE8021X\neapol_flags=0\n{network}\n}}\n")
                device.start("wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", str(conf), stdout=subprocess.DEVNULL)
                time.sleep(4)
                device.stop()
                time.sleep(1)


def split(words):
    """Settings with spaces only within quotes."""
    inside, piece = False, ""
    for character in words:
        inside ^= character == '"'
        if character == " " and not inside:
            yield piece
            piece = ""
        else:
            piece += character
    yield piece


main()
