# shellcheck shell=sh
# Installs those of PACKAGES that are missing, and says so.
set -eu
export DEBIAN_FRONTEND=noninteractive
missing=
for package in $PACKAGES; do
  if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then missing="$missing $package"; fi
done
[ -n "$missing" ] || exit 0
echo "installing$missing"
# A base that has just booted may be at its own updates: wait for the lock.
apt_get() { apt-get --quiet=2 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"; }
# Descriptions of packages, which nobody reads here, take an emulated machine a third of an update's time.
apt_get -o APT::Update::Error-Mode=any -o Acquire::Languages=none update
# A build that dies is built again: nothing here is worth an fsync for each file.
# shellcheck disable=SC2086 # a list of names
apt_get -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io \
  --yes --no-install-recommends install $missing
