#!/bin/sh
# First of all in the container of the Dockerfile: what a machine has and a container may lack, then vethlab.
# The store is a file that is mounted. Docker gives a privileged container those loop devices that were there when it was made; the kernel
# (loop(4): major 7) makes others when they are wanted, and then their nodes are missing.
for number in $(seq 0 63); do
  [ -e "/dev/loop$number" ] || mknod -m 660 "/dev/loop$number" b 7 "$number"
done
# Programs are started without what the environment says; apt, and with it mmdebstrap, goes by its own settings.
: > /etc/apt/apt.conf.d/90vethlab-proxy
for scheme in http https; do
  eval "proxy=\${${scheme}_proxy:-}"
  [ -z "$proxy" ] || printf 'Acquire::%s::Proxy "%s";\n' "$scheme" "$proxy" >> /etc/apt/apt.conf.d/90vethlab-proxy
done
exec vethlab "$@"
