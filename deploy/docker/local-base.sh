#!/usr/bin/env bash
# Makes a base image for the services with debootstrap: Debian 12 (bookworm) and its Python 3.11.
# For building and trying the images where no image registry can be reached, only a Debian mirror.
# Releases are built on the pinned python image that the Dockerfiles name.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: sudo deploy/docker/local-base.sh [--tag NAME] [--mirror URL]

  --tag NAME     name of the image made            (default: speechmesh-base:bookworm)
  --mirror URL   Debian mirror                     (default: http://deb.debian.org/debian)

Needs root, debootstrap and docker (DOCKER=podman works too). Then:
  deploy/docker/build.sh --base speechmesh-base:bookworm
TEXT
}

die() {
  echo "local-base.sh: $*" >&2
  exit 1
}

DOCKER="${DOCKER:-docker}"
tag=speechmesh-base:bookworm
mirror=http://deb.debian.org/debian
while (($#)); do
  case "$1" in
    --tag) tag="${2:?--tag needs a name}"; shift 2 ;;
    --mirror) mirror="${2:?--mirror needs a URL}"; shift 2 ;;
    -h | --help) usage; exit ;;
    *) usage >&2; die "unknown argument $1" ;;
  esac
done

[[ $(id -u) == 0 ]] || die "debootstrap needs root"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
command -v "$DOCKER" >/dev/null || die "$DOCKER is missing: apt-get install docker.io, or set DOCKER"
"$DOCKER" info >/dev/null 2>&1 || die "$DOCKER does not answer: is its daemon running?"

root=$(mktemp -d -t speechmesh-base.XXXXXX)
trap 'rm -rf "$root"' EXIT

echo "local-base.sh: Debian bookworm with Python 3.11 from $mirror"
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
  bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  die "debootstrap failed; its log is $root.log"
}
rm -f "$root.log"
# What a service never reads. Licences stay.
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
  "$root"/usr/share/{man,info,locale}/*

tar --numeric-owner -C "$root" --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* -c . |
  "$DOCKER" import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' --change 'ENV LANG=C.UTF-8' \
    --change 'CMD ["python3"]' - "$tag" >/dev/null
"$DOCKER" image inspect --format "local-base.sh: made $tag, {{.Size}} bytes" "$tag"
