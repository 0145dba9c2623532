#!/bin/sh
# Tells the roles of a DC/OS node, and the units that belong to them.
set -u
say() { printf '%s\t%s\n' "$1" "$2"; }
for role in /etc/mesosphere/roles/*; do [ ! -e "$role" ] || say dcos-role "${role##*/}"; done
systemctl list-unit-files --plain --no-legend 'dcos*' | while read -r unit state _; do say dcos-unit "$unit $state"; done
for unit in /etc/systemd/system/dcos.target.wants/*; do [ ! -L "$unit" ] || say dcos-wanted "${unit##*/}"; done
