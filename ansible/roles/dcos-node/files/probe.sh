# shellcheck shell=sh
# The state of DC/OS on this node, as name=value lines.
set -u
PATH=$PATH:/usr/sbin:/sbin
say() { printf '%s=%s\n' "$1" "$2"; }

roles=
for role in master slave; do
  # The role's file is the installer's first act: with the marker still there its activation has not ended.
  if [ -e "/etc/mesosphere/roles/$role" ] && [ -d /opt/mesosphere/active ] && [ ! -e /opt/mesosphere/bootstrap ]; then
    roles="$roles $role"
  fi
done
say roles "${roles# }"
say serve "$(if [ -e "${DCOS_WORKDIR:?}/genconf/serve/dcos_install.sh" ]; then echo yes; fi)"
say address "$(ip -4 route get 1.1.1.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | head -n 1)"
# Who has the port of DC/OS's own name server: the stub of systemd-resolved, dnsmasq, or nobody.
say stub "$(if systemctl -q is-active systemd-resolved.service && grep -qsi ':0035 ' /proc/net/udp; then echo yes; fi)"
say rivals "$(for unit in dnsmasq firewalld etcd; do if systemctl -q is-active "$unit.service"; then printf '%s ' "$unit"; fi; done)"
