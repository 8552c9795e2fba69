"""Builds the town's network: a namespace for each device, a bridge for each zone, a router between them.

    device --veth-- [bridge of its zone] --veth-- router (the core switch's gateways)
                     all bridges live in the namespace `switch`
    router -- [bridge of the edge zone] -- firewall -- outside

The kernel needs neither VLAN devices nor netem. Checksums are computed by the sender (`tx off`) and no segment is
larger than the wire would carry (`gso off`), so that what is recorded is what a real mirror port would show.
"""

import ipaddress
import subprocess

from place import DEVICES, OUTSIDE, OUTSIDE_ADDRESSES, VISITOR_V6, ZONES, Device

# The zones whose devices are given their address by DHCP.
BY_DHCP = {"office": ("pc-", "printer-"), "libraries": ("kiosk-", "printer-")}


def command(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def batch(lines: list[str], place: str | None = None) -> None:
    """Runs many `ip` commands in one process."""
    words = ["ip", *(["-n", place] if place else []), "-batch", "-"]
    subprocess.run(words, input="\n".join(lines), text=True, check=True, stdout=subprocess.DEVNULL)


def by_dhcp(device: Device) -> bool:
    return device.id.startswith(BY_DHCP.get(device.zone, ("-",)))


def settle(place: str, interface: str, v6: bool) -> None:
    """Makes an interface behave like a card of its own."""
    switches = ("tx", "sg", "tso", "gso", "gro")
    options = [word for switch in switches for word in (switch, "off")]
    script = [
        f"ethtool -K {interface} {' '.join(options)}",
        f"echo {0 if v6 else 1} > /proc/sys/net/ipv6/conf/all/disable_ipv6",
        f"echo {0 if v6 else 1} > /proc/sys/net/ipv6/conf/default/disable_ipv6",
        f"echo 1 > /proc/sys/net/ipv6/conf/{interface}/addr_gen_mode",
        f"ip link set lo up && ip link set {interface} up",
    ]
    command("ip", "netns", "exec", place, "sh", "-ec", "\n".join(script))


def prefix_of(zone: str, address: str) -> int:
    network = next(n for n in ZONES[zone] if ipaddress.ip_address(address) in n)
    return network.prefixlen


def gateway_of(zone: str, version: int) -> str | None:
    addresses = DEVICES[f"gateway-{zone}"].addresses
    return next((a for a in addresses if ipaddress.ip_address(a).version == version), None)


def port_name(index: int) -> str:
    return f"p{index}"


def plug_in(place: str, zone: str, mac: str, port: str, addresses=(), v6=False) -> None:
    """A new namespace with one card, its cable in a port of the zone's bridge."""
    batch([f"netns add {place}"])
    batch([f"link add {port} netns switch type veth peer name eth0 netns {place} address {mac}"])
    batch([f"link set {port} master {zone} up"], "switch")
    settle(place, "eth0", v6)
    lines = []
    for address in addresses:
        version = ipaddress.ip_address(address).version
        lines.append(f"address add {address}/{prefix_of(zone, address)} dev eth0" + (" nodad" if version == 6 else ""))
        lines.append(f"route add default via {gateway_of(zone, version)}")
    batch(lines, place)


def build() -> dict[str, str]:
    """Builds everything. Returns, for each port of the switch, the zone it belongs to; the router's ports are named
    `router-…`, and everything that leaves the town's devices enters the switch through one of the others."""
    ports = {}
    batch(["netns add switch", "netns add router"])
    command("ip", "netns", "exec", "switch", "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
    rules = {
        "ipv4/ip_forward": 1,
        "ipv4/conf/all/send_redirects": 0,
        "ipv4/conf/default/send_redirects": 0,
        "ipv4/conf/all/rp_filter": 0,
        # Each gateway speaks for its own zone only: Linux would answer ARP for any address on any card.
        "ipv4/conf/all/arp_ignore": 1,
        "ipv4/conf/all/arp_announce": 2,
        "ipv6/conf/all/forwarding": 1,
    }
    script = "\n".join(f"echo {value} > /proc/sys/net/{key}" for key, value in rules.items())
    command("ip", "netns", "exec", "router", "sh", "-ec", script)

    for number, zone in enumerate(ZONES):
        gateway = DEVICES[f"gateway-{zone}"]
        port, card = f"router-{number}", f"z{number}"
        v6 = len(gateway.addresses) > 1
        # Spanning tree and snooping would add frames of the host's own making.
        batch([f"link add {zone} type bridge stp_state 0 mcast_snooping 0 forward_delay 0"], "switch")
        batch([f"link set {zone} up"], "switch")
        batch([f"link add {port} netns switch type veth peer name {card} netns router address {gateway.mac}"])
        batch([f"link set {port} master {zone} up"], "switch")
        settle("router", card, True)
        command(
            "ip",
            "netns",
            "exec",
            "router",
            "sh",
            "-c",
            f"echo {0 if v6 else 1} > /proc/sys/net/ipv6/conf/{card}/disable_ipv6",
        )
        batch(
            [
                f"address add {a}/{prefix_of(zone, a)} dev {card}" + (" nodad" if ":" in a else "")
                for a in gateway.addresses
            ],
            "router",
        )
        ports[port] = zone

    for number, device in enumerate(d for d in DEVICES.values() if not d.id.startswith("gateway-")):
        port = port_name(number)
        addresses = () if by_dhcp(device) else device.addresses
        plug_in(device.id, device.zone, device.mac, port, addresses, v6=len(device.addresses) > 1)
        ports[port] = device.zone

    build_outside()
    return ports


def build_outside() -> None:
    """The world behind the firewall: one namespace, many addresses. What runs there is not seen by the mirror."""
    batch([f"netns add {OUTSIDE}"])
    batch([f"link add eth1 netns firewall type veth peer name eth0 netns {OUTSIDE}"])
    settle("firewall", "eth1", True)
    settle(OUTSIDE, "eth0", True)
    # The firewall is the way out: the default route that every device was given leads the wrong way here.
    batch(
        ["route del 0.0.0.0/0", "route del ::/0"]
        + [f"route add {network} via {gateway_of('edge', network.version)}" for network in CITY_NETWORKS]
        + ["address add 203.0.113.254/24 dev eth1", "address add 2001:db8:ffff::1/64 dev eth1 nodad"],
        "firewall",
    )
    script = "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"
    command("ip", "netns", "exec", "firewall", "sh", "-ec", script)
    batch(
        [f"address add {address}/24 dev eth0" for address in OUTSIDE_ADDRESSES.values()]
        + [f"address add {VISITOR_V6}/64 dev eth0 nodad"]
        + ["route add default via 203.0.113.254", "route add default via 2001:db8:ffff::1"],
        OUTSIDE,
    )
    batch(["route add default via 198.51.100.242", "route add default via 2001:db8:0:f0::2"], "router")
    know_neighbours()


def know_neighbours() -> None:
    """Tells the routers their IPv6 neighbours. Without link-local addresses, which are switched off so that every
    address in the captures is one that the plan can declare, a router cannot ask for the neighbour of a packet that
    it forwards. Hosts still ask, from their own addresses."""
    zone_card = {zone: f"z{number}" for number, zone in enumerate(ZONES)}
    web, firewall, edge = DEVICES["web-1"], DEVICES["firewall"], DEVICES["gateway-edge"]
    word = "neighbour add {} lladdr {} dev {} nud permanent"
    batch(
        [
            word.format(web.addresses[1], web.mac, zone_card["public-web"]),
            word.format(firewall.addresses[1], firewall.mac, zone_card["edge"]),
        ],
        "router",
    )
    card = subprocess.run(
        ["ip", "-n", OUTSIDE, "-br", "link", "show", "eth0"], capture_output=True, text=True, check=True
    ).stdout.split()[2]
    batch([word.format(edge.addresses[1], edge.mac, "eth0"), word.format(VISITOR_V6, card, "eth1")], "firewall")


CITY_NETWORKS = [
    ipaddress.ip_network("192.0.2.0/24"),
    ipaddress.ip_network("198.51.100.0/24"),
    ipaddress.ip_network("2001:db8:0:90::/64"),
]
