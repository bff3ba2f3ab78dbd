# vethlab in a container, for compose.yaml, which says what it may do.

FROM node:20-bookworm-slim AS build
WORKDIR /vethlab
COPY package.json package-lock.json ./
# No package of ours needs its scripts.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
# What `vethlab doctor` asks of a machine; kmod, since modules of the kernel are loaded from here; and skopeo, for `vethlab images add REFERENCE`.
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    bind9-dnsutils \
    btrfs-progs \
    conntrack \
    curl \
    debian-archive-keyring \
    iproute2 \
    iptables \
    iputils-arping \
    iputils-ping \
    kmod \
    mmdebstrap \
    mount \
    netcat-openbsd \
    nftables \
    runc \
    skopeo \
    tcpdump \
    util-linux \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /vethlab
COPY --from=build /vethlab/package.json ./
COPY --from=build /vethlab/node_modules node_modules
COPY --from=build /vethlab/dist dist
COPY --from=build /vethlab/labs labs
COPY --from=build /vethlab/docs/bench-racks.json docs/
COPY --from=build /vethlab/server/rack/eyes server/rack/eyes
COPY --from=build /vethlab/server/rack/golden/files server/rack/golden/files
COPY container/start.sh /usr/local/bin/vethlab-start
RUN ln -s /vethlab/dist/main.js /usr/local/bin/vethlab
VOLUME /var/lib/vethlab
ENTRYPOINT ["vethlab-start"]
CMD ["serve", "--host", "0.0.0.0"]
