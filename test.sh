#!/bin/sh
# Sets up a fresh machine and runs everything: types, lint, unit, integration and end-to-end tests.
#   ./test.sh          all of it
#   ./test.sh quick    what needs no virtual machine
set -eu
cd "$(dirname "$(readlink -f "$0")")"
PATH=$PATH:/usr/sbin:/sbin
what=${1:-all}

step() { printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - started))"; }
started=$(date +%s)

step 'set up'
./start.sh --help >/dev/null
test_packages="ansible-lint shellcheck libvhdi-utils libvmdk-utils libxml2-utils python3-libvhdi python3-libvmdk ignition docker.io procps iproute2 python3-yaml chromium git gnupg minisign"
# Some tests fetch packages without installing them: that needs fresh lists, on an old machine too.
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
dpkg-query -W $test_packages >/dev/null 2>&1 || {
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $test_packages >/dev/null
}
[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error

step 'types and lint'
npm run --silent check &
types=$!
ansible-lint --offline -q ansible &
ansible=$!
npm run --silent lint
shellcheck start.sh test.sh .ci/run src/prove/guest/*.sh test/fixtures/dcos/checks/*
wait "$types"
wait "$ansible"

step 'tests'
case $what in
  quick) exec node test/run.mjs unit integration ;;
  *) exec node test/run.mjs unit integration e2e ;;
esac
