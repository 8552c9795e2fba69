"""Two gateways in network namespaces of their own: charon of strongSwan 5.9.8 (Debian) at both ends.

    apt install strongswan-starter strongswan-charon libstrongswan-standard-plugins
    python3 captures/ike/make.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from record import record

ENDS = {"town": "192.0.2.10", "pumps": "192.0.2.20"}
CONF = """conn tunnel
    left={here}
    right={there}
    leftid=@{name}.example
    rightid=@{other}.example
    authby=secret
    keyexchange={exchange}
    aggressive={aggressive}
    ike={ike}!
    esp=aes128-sha1!
    auto=add
"""
CHARON = """charon {
    i_dont_care_about_security_and_use_aggressive_mode_psk = yes
    send_vendor_id = yes
    plugins { include strongswan.d/charon/*.conf }
}
"""
CASES = [
    ("ikev2", "ikev2", "no", "aes256-sha256-modp2048"),
    ("main-mode", "ikev1", "no", "3des-md5-modp1024"),
    ("aggressive-mode", "ikev1", "yes", "aes128-sha1-modp1536"),
]


def sh(command):
    return subprocess.run(command, shell=True, check=False, capture_output=True, text=True)


def inside(name, folder, command):
    """A command in one end's namespaces: a network of its own, and a view of files of its own."""
    etc = " && ".join(f"mount --bind {folder}/{file} /etc/{file}" for file in ("ipsec.conf", "ipsec.secrets", "strongswan.conf"))
    return f"ip netns exec bastide-{name} unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs none /run && {etc} && {command}'"


def talk(path, exchange, aggressive, ike):
    running = []
    with tempfile.TemporaryDirectory() as top:
        for name, here in ENDS.items():
            (other, there), = [end for end in ENDS.items() if end[0] != name]
            folder = pathlib.Path(top, name)
            folder.mkdir()
            conf = CONF.format(here=here, there=there, name=name, other=other, exchange=exchange, aggressive=aggressive, ike=ike)
            (folder / "ipsec.conf").write_text(conf)
            (folder / "ipsec.secrets").write_text(f': PSK "{os.urandom(12).hex()}"\n' if not running else secrets)
            secrets = (folder / "ipsec.secrets").read_text()
            (folder / "strongswan.conf").write_text(CHARON)
            ask = "ipsec up tunnel; sleep 1; ipsec down tunnel; " if name == "town" else ""
            wait = "sleep 4; " if name == "town" else "sleep 9; "
            command = f"ipsec start >/dev/null 2>&1; {wait}{ask}ipsec stop"
            running.append(subprocess.Popen(inside(name, folder, command), shell=True, stdout=subprocess.PIPE, text=True))
        for process in running:
            print(process.communicate()[0])


def main():
    if "inside" not in sys.argv:
        for name in ENDS:
            sh(f"ip netns add bastide-{name}")
        sh("ip link add ike-town netns bastide-town type veth peer name ike-pumps netns bastide-pumps")
        for name, address in ENDS.items():
            sh(f"ip -n bastide-{name} addr add {address}/24 dev ike-{name}; ip -n bastide-{name} link set ike-{name} up; ip -n bastide-{name} link set lo up")
        for path, exchange, aggressive, ike in CASES:
            recorder = subprocess.Popen(["ip", "netns", "exec", "bastide-town", sys.executable, __file__, "inside", path], stdin=subprocess.PIPE)
            time.sleep(1)
            talk(path, exchange, aggressive, ike)
            recorder.communicate(b"\n")
        for name in ENDS:
            sh(f"ip netns del bastide-{name}")
    else:
        with record(HERE / f"{sys.argv[2]}.pcap", {500, 4500}, "ike-town"):
            sys.stdin.readline()


main()
