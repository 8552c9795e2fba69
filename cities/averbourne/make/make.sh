#!/bin/sh
# Makes the captures of Averbourne: builds the town of ../plan out of network namespaces, runs its services, and
# records what the core switch would show on its mirror port.
#
#   sudo ./make.sh [--quiet SECONDS] [--only CASE,...] [--into FOLDER]
#
# Needs root, a fresh Debian 12, and half an hour. Not run by the tests: they read the captures it made. Everything
# happens in namespaces of its own (network, mounts, processes, host name); when it ends, or is interrupted, they
# are gone with every process and file in them. Nothing outside is changed, but for the folder it writes into.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
packages="avahi-daemon bind9-dnsutils bsdutils chrony curl dnsmasq-base ethtool iproute2 iputils-arping
    iputils-ping mosquitto nginx-light nmap openssh-client openssh-server openssl python3-venv rsyslog snmp snmpd
    tshark udhcpc zstd"

[ "$(id -u)" = 0 ] || { echo "make.sh: needs root, to make network namespaces" >&2; exit 2; }

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] || { echo "make.sh: please install first:$missing" >&2; exit 2; }

# The Python packages go into an environment of their own; CITY_VENV keeps it for the next time.
venv=${CITY_VENV:-}
if [ -z "$venv" ]; then
    venv=$(mktemp -d)
    trap 'rm -rf "$venv"' EXIT
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"

# No variable of the caller reaches the town: no proxy, no locale, no home. Its first process ends with its parent, and
# with it everything in its namespaces; unshare itself does not listen to an interruption.
unshare --net --mount --pid --ipc --uts --fork --kill-child --mount-proc \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 MIBS= PYTHONDONTWRITEBYTECODE=1 CITY_OWN_NAMESPACES=1 \
    "$venv/bin/python" "$here/city.py" "$@" &
town=$!
trap 'kill -KILL "$town" 2>/dev/null; exit 130' INT TERM
wait "$town"
