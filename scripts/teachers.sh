#!/usr/bin/env bash
# Debian's synthesisers, from which the default voices are made; installs what is missing with apt when run as root.
# Usage: teachers.sh test|voices     (test: those that the tests use; without them these are skipped, and say so)
set -euo pipefail
what=$1

packages=(flite1-dev libespeak-ng1 espeak-ng-data gcc libc6-dev)
[ "$what" = voices ] && packages+=(festival festvox-us-slt-hts)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" && exit 0
fi
echo "the voices' teachers are missing: apt-get install ${missing[*]}"
[ "$what" = test ]
