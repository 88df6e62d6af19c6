# The text frontend's image. Build it from the repository's root: deploy/docker/build.sh frontend
#
# BASE is Debian with Python 3.11 or newer. For builds that repeat to the byte, give it with its digest:
# --build-arg BASE=python:3.11.14-slim-bookworm@sha256:...
ARG BASE=python:3.11.14-slim-bookworm

# The build stage is the same in all three files, so that one cache serves all three.
FROM ${BASE} AS build
# A package index other than PyPI. One that needs a password, or a private certificate authority, comes as a
# build secret (a pip.conf, a PEM bundle): secrets stay out of the layers and of the image's history.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_CONFIG_FILE=/run/secrets/pip_conf PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# /opt/speechmesh is what ships: it has no pip of its own.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/speechmesh
WORKDIR /src
COPY voices /voices
RUN chmod -R u=rwX,go=rX /voices
COPY LICENSE README.md hatch_build.py pyproject.toml ./
COPY protos protos
COPY services services
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf --mount=type=secret,id=ca_bundle \
    if [ -f /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi; \
    /opt/build/bin/pip wheel --quiet --no-deps --wheel-dir /dist .

FROM build AS install
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf --mount=type=secret,id=ca_bundle \
    if [ -f /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi; \
    /opt/build/bin/pip --python /opt/speechmesh/bin/python install --quiet "$(ls /dist/*.whl)[frontend]"

FROM ${BASE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="speechmesh-frontend" \
      org.opencontainers.image.description="speechmesh text frontend: text in, audio out, over gRPC" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=install /opt/speechmesh /opt/speechmesh
COPY --from=install /voices /voices
# ONNX Runtime's PyPI wheels report to their maker unless told not to before they are imported. MALLOC_*: what is freed
# goes back to the system, as in `speechmesh up` (cli/mesh.py, ALLOCATOR).
ENV PATH=/opt/speechmesh/bin:/usr/local/bin:/usr/bin:/bin \
    ORT_DISABLE_TELEMETRY=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=1048576 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SPEECHMESH_FRONTEND_HOST=0.0.0.0 \
    SPEECHMESH_FRONTEND_VOICES_DIR=/voices
# A number, so that Kubernetes can see that it is not root. Nothing is written: the root may be read-only.
USER 10001:10001
EXPOSE 50051
ENTRYPOINT ["python", "-m", "speechmesh.frontend.server"]
