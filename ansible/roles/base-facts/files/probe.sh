# shellcheck shell=sh
# What the other roles must know about the base, as name=value lines: one SSH round trip and no Python, where
# Ansible's fact gathering would cost several seconds in a VM without KVM.
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin:/opt/bin
say() { printf '%s=%s\n' "$1" "$2"; }
have() { command -v "$1" 2>/dev/null || true; }
unit() { systemctl cat "$1" >/dev/null 2>&1; }

say apt "$(have apt-get)"
say docker "$(have dockerd)"
say update_grub "$(have update-grub)"

case $(stat -f -c %T /sys/fs/cgroup 2>/dev/null) in
  cgroup2fs) say cgroup v2 ;;
  *) say cgroup v1 ;;
esac

ntp=
for name in chrony chronyd systemd-timesyncd ntp ntpd ntpsec; do
  if unit "$name.service"; then ntp=$name; break; fi
done
say ntp "$ntp"

missing=
for tool in bash curl ipset ping tar unzip xz; do
  if [ -z "$(have "$tool")" ]; then missing="$missing $tool"; fi
done
say missing_tools "${missing# }"

say locales "$(locale -a 2>/dev/null | tr '\n' ' ')"
say updaters "$(for name in update-engine locksmithd zincati; do if unit "$name.service"; then printf '%s ' "$name"; fi; done)"
say docker_options "$(if [ -e /etc/sysconfig/docker ]; then echo /etc/sysconfig/docker; fi)"
say systemd "$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
# The unit that makes SSH host keys when they are missing: every family has its own name for it, Debian has none.
say host_keys "$(for name in ssh-host-keys.service sshd_keygen.service sshd-keygen.service sshd-keygen.target sshdgenkeys.service; do if unit "$name"; then echo "$name"; break; fi; done)"
