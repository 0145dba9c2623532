# shellcheck shell=sh
# Removes the image's identity. It runs when the VM is shut down, after everything that would write it again: the random
# seed is saved at shutdown, sshd logs its last session, and without host keys it would refuse the next one.
set -u

rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
rm -f /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/systemd/credential.secret

# The CoreOS family's first boot starts from an absent machine-id. Elsewhere an empty file is right: it gets a new id
# without being a first boot to systemd.
if [ -d /boot/flatcar ] || [ -d /boot/coreos ]; then
  rm -f /etc/machine-id
else
  : >/etc/machine-id
fi
[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id

if [ -s /etc/hostname ]; then
  sed -i "/^127\.0\.1\.1[[:space:]]/d" /etc/hosts
  : >/etc/hostname
fi

journalctl --relinquish-var 2>/dev/null
rm -rf /var/log/journal/*
find /var/log -type f -size +0 -exec truncate -s 0 {} +
rm -rf /root/.ansible /home/*/.ansible /root/.*_history /home/*/.*_history
sync
