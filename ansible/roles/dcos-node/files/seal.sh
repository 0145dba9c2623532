#!/bin/sh
# Stops DC/OS and removes what makes this node this node. Prints what it did; a second run prints nothing.
set -eu

if systemctl -q is-active dcos.target || [ -n "$(systemctl list-units --plain --no-legend --state=active,activating,failed 'dcos-*')" ]; then
  # The target does not stop the units that it wants.
  systemctl stop dcos.target 'dcos-*.timer' 'dcos-*.socket' 'dcos-*.service'
  systemctl reset-failed 'dcos-*' 2>/dev/null || true
  echo 'sealed: stopped DC/OS'
fi
# dcos-first-boot.service starts it again, when the configuration has the clone's address.
if [ -e /etc/systemd/system/multi-user.target.wants/dcos.target ]; then
  systemctl disable dcos.target
  echo 'sealed: took DC/OS out of the boot'
fi

remove() {
  for path; do
    if [ -e "$path" ] || [ -L "$path" ]; then
      rm -rf -- "$path"
      echo "sealed: removed $path"
    fi
  done
}
# The agent's id and checkpoints, by which a clone would come up as the same agent.
remove /var/lib/mesos/slave/*
# The ensemble, the replicated log, the cluster's id, which must all agree.
remove /var/lib/dcos/exhibitor/* /var/lib/dcos/mesos/master/* /var/lib/dcos/cluster-id
# Data bases and certificates of the node.
for name in etcd cockroach navstar lashup mesos-dns exhibitor-tls-artifacts .dcos-bootstrap-ca-psk bootstrap-ca dcos-net; do
  remove "/var/lib/dcos/$name"
done
remove /run/dcos/*
# Made again for the clone's disk.
remove /var/lib/dcos/mesos-resources
remove /var/log/mesos/*
