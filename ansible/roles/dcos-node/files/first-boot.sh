#!/bin/sh
# Gives a clone of the image its own address, once, and starts DC/OS. The image was made with another address, which
# stands in DC/OS's configuration.
set -eu
state=/var/lib/dcos-first-boot
# The new address may not be there at once: a lease takes its time.
tries=0
until new=$(/opt/mesosphere/bin/detect_ip 2>/dev/null) && [ -n "$new" ]; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo 'this machine has no address after two minutes; start me again when it has one: systemctl start dcos-first-boot' >&2
    exit 1
  fi
  sleep 2
done
old=$(cat "$state/built-with")

# Whole addresses only: 10.0.2.15 is not part of 10.0.2.150 or 110.0.2.15.
dots=$(echo "$old" | sed 's/\./\\./g')
find -L /opt/mesosphere/etc /etc/mesosphere -type f 2>/dev/null | while read -r file; do
  if grep -qE "(^|[^0-9.])$dots([^0-9]|\$)" "$file"; then
    real=$(readlink -f "$file")
    # Twice: neighbours share the character between them.
    sed -E "s/(^|[^0-9.])$dots([^0-9]|\$)/\1$new\2/g; s/(^|[^0-9.])$dots([^0-9]|\$)/\1$new\2/g" "$real" >"$real.new"
    chmod --reference="$real" "$real.new"
    mv "$real.new" "$real"
    echo "$real: $old is now $new"
  fi
done

mkdir -p "$state"
echo "$new" >"$state/address"
rm -f "$state/pending"
systemctl enable dcos.target
systemctl start --no-block dcos.target
