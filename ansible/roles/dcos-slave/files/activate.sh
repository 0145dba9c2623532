# shellcheck shell=sh
# The master's installation has the agent's files in its packages, but pkgpanda activates a role only while its bootstrap
# marker is there. This does for the role `slave` what it would have done: links its configuration and its units. Prints
# what it linked.
set -eu
units=/etc/systemd/system
new=

link() {
  [ "$(readlink "$2" || true)" != "$1" ] || return 0
  ln -sfn "$1" "$2"
  echo "linked $2"
  new=yes
}

if [ ! -e /etc/mesosphere/roles/slave ]; then
  echo 'the installer has not made /etc/mesosphere/roles/slave' >&2
  exit 1
fi
found=
for package in /opt/mesosphere/active/*; do
  package=$(readlink -f "$package")
  for file in "$package"/etc_slave/*; do
    [ -e "$file" ] || continue
    # What the master has of its own goes first.
    name=/opt/mesosphere/etc/${file##*/}
    if [ ! -e "$name" ]; then link "$file" "$name"; fi
  done
  for unit in "$package"/dcos.target.wants_slave/*; do
    [ -e "$unit" ] || continue
    # Both roles have some units of the same name (dcos-checks-api): the master's stays.
    name=$units/${unit##*/}
    if [ -e "$name" ] && [ "$(readlink -f "$name")" != "$unit" ]; then continue; fi
    link "$unit" "$name"
    link "$unit" "$units/dcos.target.wants/${unit##*/}"
    case $unit in */dcos-mesos-slave.service) found=yes ;; esac
  done
done
if [ -z "$found" ]; then
  echo 'no package of this DC/OS has a dcos-mesos-slave.service for the role slave' >&2
  exit 1
fi
if [ -n "$new" ]; then systemctl daemon-reload; fi
