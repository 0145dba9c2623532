#!/bin/sh
# Removes what an image must not share with its clones, as far as that can be done while the VM still works: everything
# but the identity (see identity.sh). It prints what it removed. Arguments: further paths, as glob patterns.
set -eu

remove() {
  for path; do
    if [ -e "$path" ] || [ -L "$path" ]; then
      rm -rf -- "$path"
      echo "removed $path"
    fi
  done
}

installers() {
  remove /root/genconf /home/*/genconf /root/dcos-genconf.*.tar /home/*/dcos-genconf.*.tar \
    /root/dcos_generate_config*.sh /home/*/dcos_generate_config*.sh
  # Where the role dcos-node ran the generator: DC/OS itself has noted it.
  workdir=$(sed -n 's#^file://\(/.*\)/genconf/serve$#\1#p' /etc/mesosphere/setup-flags/repository-url 2>/dev/null || true)
  if [ -n "$workdir" ]; then remove "$workdir"; fi
  # An engine that answers only: a stopped one would be woken by its socket.
  if systemctl -q is-active docker.service; then
    images=$(docker image ls --quiet --filter 'reference=mesosphere/dcos-genconf' | sort -u)
    for image in $images; do
      docker image rm --force "$image" >&2
      echo "removed the image $image"
    done
  fi
  remove /etc/docker/key.json
}

network() {
  generated=$(remove /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init* \
    /etc/systemd/network/10-cloud-init* /etc/NetworkManager/system-connections/cloud-init-*)
  remove /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/75-persistent-net-generator.rules
  [ -n "$generated" ] || return 0
  echo "$generated"
  # On a hypervisor without a metadata service cloud-init stays off and writes no configuration: without one of
  # its own such a clone would have no network.
  for file in /etc/netplan/*.yaml /etc/systemd/network/*.network /etc/NetworkManager/system-connections/*; do
    [ ! -e "$file" ] || return 0
  done
  if grep -Eqs '^[[:space:]]*(auto|allow-hotplug)[[:space:]]+e' /etc/network/interfaces /etc/network/interfaces.d/*; then
    return 0
  elif command -v netplan >/dev/null; then
    printf 'network:\n  version: 2\n  ethernets:\n    all:\n      match: {name: "e*"}\n      dhcp4: true\n      dhcp6: true\n' \
      >/etc/netplan/90-default.yaml
    chmod 0600 /etc/netplan/90-default.yaml
  elif systemctl -q is-enabled systemd-networkd.service; then
    printf '[Match]\nName=e*\n\n[Network]\nDHCP=yes\n' >/etc/systemd/network/90-default.network
  elif command -v ifup >/dev/null; then
    printf 'auto eth0\niface eth0 inet dhcp\n' >/etc/network/interfaces.d/90-default
  fi
}

state() {
  # As `cloud-init clean --logs --seed`, without its seconds of Python. Not with --machine-id: that makes the next boot a
  # "first boot", where systemd enables every unit that no preset disables, the ones that a role has disabled included.
  remove /var/lib/cloud/* /var/log/cloud-init*
  remove /var/lib/dhcp/* /var/lib/dhclient/* /var/lib/dhcpcd/* /var/lib/NetworkManager/*lease* /var/lib/NetworkManager/secret_key
  remove /var/lib/systemd/coredump/* /var/crash/*
  remove /root/.*_history /home/*/.*_history /root/.lesshst /home/*/.lesshst /root/.viminfo /home/*/.viminfo
  # What is left of Ansible, the folder of this very script included: the shell holds it open.
  remove /root/.ansible /home/*/.ansible
  for path in /tmp/* /tmp/.[!.]* /var/tmp/* /var/tmp/.[!.]*; do
    case ${path##*/} in
      # Folders of running services, and sockets of the session.
      systemd-private-* | .X11-unix | .ICE-unix | .XIM-unix | .font-unix | .Test-unix) ;;
      *) remove "$path" ;;
    esac
  done
}

packages() {
  if command -v apt-get >/dev/null; then
    apt-get clean
    remove /var/lib/apt/lists/*_* /var/cache/apt/*.bin
  fi
  remove /var/cache/dnf/* /var/cache/yum/*
}

logs() {
  journalctl --rotate --vacuum-time=1s >&2 2>/dev/null || true
  remove /var/log/*.gz /var/log/*/*.gz /var/log/*.[0-9] /var/log/*/*.[0-9] /var/log/*.old
}

# Flatcar and CoreOS: GRUB starts Ignition again when this file is there. The configuration that a build may have left
# on the OEM partition would win over a clone's own.
first_boot() {
  for name in flatcar coreos; do
    if [ -d "/boot/$name" ] && [ ! -e "/boot/$name/first_boot" ]; then
      touch "/boot/$name/first_boot"
      echo "removed the trace of the first boot: /boot/$name/first_boot is there again"
    fi
  done
  remove /oem/config.ign /usr/share/oem/config.ign
}

installers
network
state
packages
logs
first_boot
# shellcheck disable=SC2086 # the arguments are patterns, to be expanded
for pattern; do remove $pattern; done
# Gives the freed blocks back. Zero-filling would write the whole disk for the same result.
fstrim --all --verbose >&2 || echo 'fstrim: not every file system can give its blocks back' >&2
