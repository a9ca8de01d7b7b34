# The controller and the command line in one image: python and a virtual environment, nothing else.
#
#   docker build --tag localhost/chains-controller:0.1.0 .

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/chains
COPY requirements.lock ./
RUN /opt/chains/bin/pip install --no-compile --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY samples ./samples
COPY chains ./chains
RUN /opt/chains/bin/pip install --no-compile --no-deps --no-build-isolation --no-index .
# What only building needs goes; `pip check` stands guard over what stays, then pip itself goes.
RUN /opt/chains/bin/pip uninstall --yes editables hatchling packaging pathspec pluggy tomlkit trove-classifiers
RUN /opt/chains/bin/pip check && /opt/chains/bin/pip uninstall --yes pip
# The root file system is read-only later, so compile now; by content, for a file's time says nothing in an image.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/chains/lib

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="chains" \
      org.opencontainers.image.description="Signed SLSA provenance for Tekton runs: a drop-in for Tekton Chains in Python" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 65532 nonroot \
 && useradd --uid 65532 --gid 65532 --no-log-init --create-home --shell /usr/sbin/nologin nonroot \
 && python -m pip uninstall --yes --root-user-action=ignore pip \
 && python -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib/python3.12
COPY --from=build /opt/chains /opt/chains
ENV PATH=/opt/chains/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/home/nonroot
WORKDIR /home/nonroot
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["chains"]
CMD ["controller"]
