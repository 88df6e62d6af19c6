#!/usr/bin/env bash
# Builds the services' images.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
  cat <<'TEXT'
usage: deploy/docker/build.sh [option...] [service...]

Builds speechmesh-<service>:<version> for each service named, or for all: frontend acoustic vocoder.

  --base IMAGE       base image: Debian with Python >= 3.11 (default: the one pinned in the Dockerfiles)
  --tag TAG          tag of the images                      (default: the version in pyproject.toml)
  --prefix PREFIX    before the names, as registry.example.org/team/
  --index-url URL    package index to install from          (default: PyPI)
  --pip-conf FILE    pip.conf, as a build secret: for an index that needs a password
  --ca-bundle FILE   PEM certificates, as a build secret: for an index behind a private authority
  --network MODE     network of the build, as host          (default: the builder's)
  --push             push each image when it is built

DOCKER=podman builds with podman. Without a registry to fetch the base image from: deploy/docker/local-base.sh
TEXT
}

die() {
  echo "build.sh: $*" >&2
  exit 1
}

DOCKER="${DOCKER:-docker}"
export DOCKER_BUILDKIT=1
tag=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
prefix=
push=
options=()
services=()
while (($#)); do
  case "$1" in
    --base) options+=(--build-arg "BASE=${2:?--base needs an image}"); shift 2 ;;
    --tag) tag="${2:?--tag needs a tag}"; shift 2 ;;
    --prefix) prefix="${2:?--prefix needs a prefix}"; shift 2 ;;
    --index-url) options+=(--build-arg "PIP_INDEX_URL=${2:?--index-url needs a URL}"); shift 2 ;;
    --pip-conf)
      [[ -r "${2:-}" ]] || die "--pip-conf: cannot read '${2:-}'"
      options+=(--secret "id=pip_conf,src=$2"); shift 2 ;;
    --ca-bundle)
      [[ -r "${2:-}" ]] || die "--ca-bundle: cannot read '${2:-}'"
      options+=(--secret "id=ca_bundle,src=$2"); shift 2 ;;
    --network) options+=(--network "${2:?--network needs a mode}"); shift 2 ;;
    --push) push=yes; shift ;;
    -h | --help) usage; exit ;;
    frontend | acoustic | vocoder) services+=("$1"); shift ;;
    *) usage >&2; die "unknown argument $1" ;;
  esac
done
((${#services[@]})) || services=(frontend acoustic vocoder)

command -v "$DOCKER" >/dev/null || die "$DOCKER is missing; set DOCKER to docker or podman"
"$DOCKER" info >/dev/null 2>&1 || die "$DOCKER does not answer: is its daemon running?"
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

for service in "${services[@]}"; do
  image="${prefix}speechmesh-$service:$tag"
  echo "build.sh: $image"
  "$DOCKER" build "${options[@]}" --file "deploy/docker/$service.Dockerfile" --tag "$image" \
    --build-arg "VERSION=$tag" --build-arg "REVISION=$revision" .
  if [[ $push ]]; then "$DOCKER" push "$image"; fi
done
for service in "${services[@]}"; do
  "$DOCKER" image inspect --format '{{index .RepoTags 0}}: {{.Size}} bytes' "${prefix}speechmesh-$service:$tag"
done
