# Makes an isolated place of the namespaces it is started in, and keeps it until its input ends.
# The folder given is /run/place inside; nothing else of this machine can be written, and no socket of its services is
# seen. There is no network but the loopback.
set -eu
cd -- "$1"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /run
mkdir /run/place
# By its working directory, for its path may have just been covered.
mount -c --bind . /run/place
while read -r _ _ _ _ point _; do
    case $point in
        /run | /run/* | /proc | /proc/*) continue ;;
    esac
    # The root must not be written. What else refuses is a file system of the kernel's own.
    mount -o remount,bind,ro "$(printf %b "$point")" 2>/dev/null || [ "$point" != / ]
done < /proc/self/mountinfo
for folder in /tmp /var/tmp /dev/shm; do
    if [ -d "$folder" ] && [ ! -L "$folder" ]; then
        mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$folder"
    fi
done
mount -t proc proc /proc
ip link set lo up
echo ready
exec cat > /dev/null
