#!/bin/bash
# Proves compose.yaml on a real Engine: Debian's docker.io (trixie), in namespaces of its own on this machine, with nothing pulled from an image
# registry. What the Dockerfile begins FROM is made here of Debian 12's packages and this machine's Node, laid out as the official image. Packages
# of Debian and npm come over a relay, since those namespaces have no network but loopback and the Engine's own bridges.
# Needs root, mmdebstrap, util-linux, Chromium; takes some ten minutes. Leaves nothing; with KEEP=1 it leaves its directory, and WORK=DIRECTORY
# takes the systems of one that was left; SEED=STATE takes the golden system of a state directory that nobody uses.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(git -C "$here" rev-parse --show-toplevel)
work=${WORK:-$(mktemp -d "${TMPDIR:-/var/tmp}/vethlab-compose.XXXXXX")}
engine=$work/engine
relay='' namespaces=''
say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }

clear_up() {
  set +e
  [ -z "$namespaces" ] || inside docker compose --project-directory /src down --volumes --timeout 20 > /dev/null 2>&1
  [ -z "$namespaces" ] || { kill "$namespaces"; for _ in $(seq 100); do [ -d "/proc/$namespaces" ] || break; sleep 0.1; done; kill -KILL "$namespaces"; } 2> /dev/null
  [ -z "$relay" ] || kill "$relay" 2> /dev/null
  for group in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2> /dev/null
  done
  [ -n "${KEEP:-}" ] && say "kept: $work" || rm -rf --one-file-system "$work"
}
trap clear_up EXIT

# A program in the Engine's namespaces and root.
inside() {
  nsenter --target "$namespaces" --mount --net --pid --uts --ipc --root env -i --chdir=/src \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DOCKER_BUILDKIT=0 COMPOSE_PROGRESS=plain \
    http_proxy=http://172.17.0.1:3128 https_proxy=http://172.17.0.1:3128 no_proxy=127.0.0.1,localhost "$@"
}

if [ ! -d "$work/base/usr/local/lib/node_modules/npm" ]; then
say 'the Engine: packages of Debian trixie'
mmdebstrap --quiet --mode=root --variant=minbase --include=docker.io,docker-cli,docker-compose,iptables,iproute2,ca-certificates,procps trixie "$engine"
say 'what the image begins from: packages of Debian bookworm, and Node'
mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates bookworm "$work/base"
modules=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$work/base/usr/local/lib/node_modules"
cp "$(readlink -f "$(command -v node)")" "$work/base/usr/local/bin/node"
cp -a "$modules" "$work/base/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/local/bin/npm"
fi

mkdir -p "$engine/src" "$work/docker" "$engine/var/lib/docker" "$engine/lib/modules"
rm -rf "$engine/src" && mkdir "$engine/src"
# As whoever is behind a proxy has it: for containers, and for builds (docker-cli's documentation, "proxies").
mkdir -p "$engine/root/.docker"
proxy=http://172.17.0.1:3128
printf '{"proxies": {"default": {"httpProxy": "%s", "httpsProxy": "%s", "noProxy": "127.0.0.1,localhost"}}}\n' $proxy $proxy > "$engine/root/.docker/config.json"
git -C "$source" archive "${COMMIT:-HEAD}" | tar -x -C "$engine/src"
rm -f "$engine/relay"
node "$here/relay.mjs" outside "$engine/relay" &
relay=$!

say 'starting the Engine'
unshare --mount --net --uts --ipc --pid --fork --kill-child bash -e -s -- "$engine" "$work" "$here" > "$work/engine.log" 2>&1 <<'START' &
engine=$1 work=$2 here=$3
mount --make-rprivate /
mount --bind "$engine" "$engine"
mount -t proc proc "$engine/proc"
mount -t sysfs sysfs "$engine/sys"
mount --rbind /sys/fs/cgroup "$engine/sys/fs/cgroup"
mount --rbind /dev "$engine/dev"
mount -t tmpfs tmpfs "$engine/run"
mount --bind "$work/docker" "$engine/var/lib/docker"
[ ! -d /lib/modules ] || mount --bind /lib/modules "$engine/lib/modules"
ip link set lo up
# It connects when it is asked, and stands in the Engine's root by then.
node "$here/relay.mjs" inside /relay &
for _ in $(seq 100); do ! ss -Hltn 'sport = :3128' | grep -q . || break; sleep 0.1; done
# Not chroot(2): who enters the namespaces of a container would stand in the root of this machine.
cd "$engine"
pivot_root . .
exec /bin/sh -c 'umount -l . && cd / && exec dockerd'
START
for _ in $(seq 100); do
  namespaces=$(pgrep -P $! || true)
  [ -z "$namespaces" ] || [ ! -S "/proc/$namespaces/root/run/docker.sock" ] || break
  sleep 0.2
done
inside docker version --format 'Engine {{.Server.Version}}' >&2
say 'importing what the image begins from'
# Whom this machine trusts: its way to the registry may have an authority of its own.
cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/machine.crt"
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || cat "$NODE_EXTRA_CA_CERTS" >> "$work/base/etc/ssl/certs/machine.crt"
inside docker image inspect node:20-bookworm-slim > /dev/null 2>&1 || tar -C "$work/base" -c . | inside docker import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/machine.crt' - node:20-bookworm-slim > /dev/null
say 'docker compose build'
# apt goes by the lower-case names, which Compose's classic builder does not set.
inside docker compose build --build-arg http_proxy --build-arg https_proxy > "$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; exit 1; }
say 'docker compose up: the golden system'
if [ -n "${SEED:-}" ]; then
  # The golden system of a state directory that nobody uses, to look at all the rest sooner.
  inside docker compose create > /dev/null 2>&1
  volume=$(inside docker volume inspect --format '{{.Mountpoint}}' src_state)
  cp --sparse=always "$SEED/store.img" "$work/docker/${volume#/var/lib/docker/}/"
fi
inside docker compose up --detach > "$work/up.log" 2>&1 || { tail -n 30 "$work/up.log" >&2; exit 1; }

ready() {
  for _ in $(seq 900); do
    address=$(inside docker compose logs --no-log-prefix --since "$1" 2> /dev/null | sed -n 's/.*vethlab is ready: //p' | tail -n 1)
    [ -z "$address" ] || return 0
    if ! inside docker compose ps --status running --quiet | grep -q .; then break; fi
    sleep 1
  done
  inside docker compose logs --no-log-prefix | tail -n 40 >&2
  say 'it did not become ready'
  exit 1
}
ready 0
say "first start: $address"
inside docker compose logs --no-log-prefix > "$work/first.log" 2>&1
# The browser is this machine's own, in the Engine's network.
nsenter --target "$namespaces" --net node "$here/learner.mjs" "$address" learn
say 'docker compose stop, and up again'
inside docker compose stop > "$work/stop.log" 2>&1
since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
inside docker compose up --detach >> "$work/up.log" 2>&1
ready "$since"
say "second start: $address"
nsenter --target "$namespaces" --net node "$here/learner.mjs" "$address" again
say 'docker compose down, and up: another container, the same volume'
inside docker compose down > "$work/stop.log" 2>&1
since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
inside docker compose up --detach >> "$work/up.log" 2>&1
ready "$since"
nsenter --target "$namespaces" --net node "$here/learner.mjs" "$address" again
say 'all of it works'
