#!/bin/sh
# What a proof asks a booted machine, all in one session: a login costs an emulated machine seconds. It only gathers
# (but for its last lines), and prints one fact a line: its name, a tabulator, its value. Arguments: when the machine was started, in seconds since the
# epoch; kernel modules to look for.
set -u
started=$1
shift
export LC_ALL=C
say() { printf '%s\t%s\n' "$1" "$2"; }
each() { while IFS= read -r line || [ -n "$line" ]; do [ -z "$line" ] || say "$1" "$line"; done; }

deadline=$(($(date +%s) + 300))
while :; do
  state=$(systemctl is-system-running 2>/dev/null)
  case $state in initializing | starting) ;; *) break ;; esac
  [ "$(date +%s)" -lt "$deadline" ] || break
  sleep 1
done
say state "$state"
systemctl list-units --state=failed --plain --no-legend --full | while read -r unit _; do say failed-unit "$unit"; done

for link in /sys/class/net/*; do
  driver=$(readlink "$link/device/driver" 2>/dev/null) || driver=
  say interface "${link##*/} ${driver##*/}"
done
ip -o addr show dev eth0 scope global 2>/dev/null | while read -r _ _ family address _; do say address "$family $address"; done
ip -o route show default | each route

root=/
[ ! -d /sysroot/ostree ] || root=/sysroot
say root-bytes "$(df -B1 "$root" | awk 'NR == 2 { print $2 }')"
device=$(basename "$(readlink -f "$(findmnt -no SOURCE "$root")")")
block=/sys/class/block/$device
if [ -e "$block/partition" ]; then
  say root-end-sector "$(($(cat "$block/start") + $(cat "$block/size")))"
  say root-sectors "$(cat "$block/size")"
fi

say machine-id "$(cat /etc/machine-id)"
for key in /etc/ssh/ssh_host_*_key.pub; do
  [ ! -e "$key" ] || say host-key "$(cut -d' ' -f1,2 "$key")"
done
say hostname "$(uname -n)"

# Whatever is older than this boot came with the image. A clock that was set meanwhile moves the kernel's idea of it.
boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
[ "$started" -ge "${boot:-0}" ] || boot=$started
older() { find "$@" ! -newermt "@$boot" 2>/dev/null; }
older / -maxdepth 0 | each looked
older /etc/ssh/ssh_host_*_key | each left-host-key
older /var/log -type f -size +0 | each left-log
older /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd /var/lib/NetworkManager /run/systemd/netif/leases -type f -size +0 -name '*lease*' | each left-lease
older /var/lib/cloud -mindepth 1 -type f | each left-cloud-init
for home in $(getent passwd | cut -d: -f6 | sort -u); do
  case $home in / | /nonexistent) continue ;; esac
  older "$home/" -maxdepth 1 -name '.*_history' -size +0 | each left-history
  older "$home/.ansible" | each left-trace
  older "$home/.aws" "$home/.docker/config.json" "$home/.netrc" "$home/.git-credentials" "$home/.kube" -type f -size +0 | each left-credential
  older "$home/.ssh/" -type f ! -name '*.pub' ! -name 'authorized_keys*' ! -name known_hosts ! -name config -size +0 | each left-credential
  for file in "$home"/.ssh/authorized_keys* "$home"/.ssh/authorized_keys.d/*; do
    [ ! -f "$file" ] || grep -Ev '^[[:space:]]*(#|$)' "$file" | each authorized-key
  done
done
older /tmp /var/tmp -mindepth 1 -type f | each left-trace

for driver; do
  if modprobe -qn "$driver" 2>/dev/null; then say driver "$driver"; fi
done

# An emulated machine starts its programs at fixed addresses, which is quicker (docs/decisions/0013-fixed-addresses.md).
# What checks of the user's own find from here on is what the image has.
if [ -e /run/credentials/@system/sysctl.extra ]; then
  echo 2 >/proc/sys/kernel/randomize_va_space
  /lib/systemd/systemd-sysctl --prefix=/kernel/randomize_va_space
fi
