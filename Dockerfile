# Builds the monitor into an image that holds the program, the C library it needs, and nothing else.
# One base image is enough: it is the builder (on the building machine) and, for the target's architecture, only a
# source of files. So an arm64 image is built on x64 without emulation:
#   docker buildx build --platform linux/arm64,linux/amd64 --build-arg BUILD_COMMIT=$(git rev-parse --short=12 HEAD) .
# On a base that scanners know, with CA certificates and time zones (the program has both inside) and still no shell:
#   docker buildx build --build-arg BASE=gcr.io/distroless/base-debian12:nonroot .
ARG BASE=scratch

FROM oven/bun:1.4.5 AS target

FROM --platform=$BUILDPLATFORM oven/bun:1.4.5 AS build
WORKDIR /source
# Before the sources, so that a change in them does not install the packages again.
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY public public
COPY src src
COPY deploy/rootfs.sh deploy/
ARG TARGETARCH
ARG BUILD_COMMIT=unknown
ARG BASE
# TARGETARCH is BuildKit's: a plain builder builds for its own machine.
RUN --mount=type=bind,from=target,source=/,target=/target \
	set -eu; \
	case "${TARGETARCH:-$(dpkg --print-architecture)}" in \
		amd64) target=linux-x64 ;; \
		arm64) target=linux-arm64 ;; \
		*) echo "Bun runs on amd64 and arm64, not on ${TARGETARCH:-this machine}" >&2; exit 1 ;; \
	esac; \
	BUILD_COMMIT="$BUILD_COMMIT" bun scripts/build.ts --target "$target" --runtime /target/usr/local/bin/bun; \
	mkdir /rootfs; \
	if [ "$BASE" = scratch ]; then sh deploy/rootfs.sh /target /rootfs; fi; \
	mv "dist/$target/backup-monitor" /rootfs/backup-monitor; \
	mkdir -p /owned/data; \
	chown 65532:65532 /owned/data

# Said although it is the default: buildah keeps the builder's platform from the stage above, and would take its base.
FROM --platform=$TARGETPLATFORM ${BASE}
LABEL org.opencontainers.image.title="Homelab Backup Monitor" \
	org.opencontainers.image.description="Did it run, is it plausible, is it really there, could I restore?" \
	org.opencontainers.image.licenses="MIT"
COPY --from=build /rootfs/ /
# A parent folder, because COPY --chown leaves a folder that exists already as it was. New volumes inherit this owner.
COPY --from=build /owned/ /
ENV DATA_DIR=/data \
	HOST=0.0.0.0 \
	PORT=5001 \
	# Without compiling JavaScript to machine code it needs 12 MB less memory, and is fast enough by far.
	BUN_JSC_useJIT=0 \
	# The runtime never calls home, not even after a crash.
	BUN_ENABLE_CRASH_REPORTING=0 \
	DO_NOT_TRACK=1
USER 65532:65532
WORKDIR /
VOLUME /data
EXPOSE 5001
# There is no shell and no wget in here: the program asks itself.
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 CMD ["/backup-monitor", "healthcheck"]
ENTRYPOINT ["/backup-monitor"]
CMD ["serve"]
