#!/bin/sh
# First of all in the container of the Dockerfile: what a machine has and a container may lack, then vethlab.
# The store is a file that is mounted. Docker gives a privileged container those loop devices that were there when it was made; the kernel
# (loop(4): major 7) makes others when they are wanted, and then their nodes are missing.
for number in $(seq 0 63); do
  [ -e "/dev/loop$number" ] || mknod -m 660 "/dev/loop$number" b 7 "$number"
done
exec vethlab "$@"
