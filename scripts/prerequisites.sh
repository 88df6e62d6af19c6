#!/usr/bin/env bash
# Checks what set-up needs of the system's Python; installs what is missing with apt when run as root.
# Usage: prerequisites.sh PYTHON
set -euo pipefail
python=$1

command -v "$python" >/dev/null || { echo "$python is not there: apt-get install python3 python3-venv"; exit 1; }
"$python" - <<'EOF' || exit 1
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Python 3.11 to 3.13 is needed, {sys.executable} is {sys.version.split()[0]}; set PYTHON=python3.11")
EOF

missing=()
version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("python$version-venv")
# Triton's Python stub is linked against the shared library; elsewhere the embedded backend serves.
if [ "$(uname -sm)" = "Linux x86_64" ]; then
    "$python" - <<'EOF' || missing+=("libpython$version")
import ctypes, pathlib, sys, sysconfig
name = f"libpython{sys.version_info[0]}.{sys.version_info[1]}.so.1.0"
here = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "/") / name
try:
    ctypes.CDLL(str(here) if here.exists() else name)
except OSError:
    sys.exit(1)
EOF
fi
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" && exit 0
fi
echo "set-up needs ${missing[*]}: $install"
exit 1
