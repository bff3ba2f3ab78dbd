#!/bin/bash
# Copies a golden system and the disk that its hosts begin with, two read-only subvolumes, to where a state directory has them on the
# file system in an image.
# Runs in a mount namespace of its own: nothing stays mounted, whatever ends this.
set -o errexit -o nounset -o pipefail
image=$1
shift

mount -o loop,noatime "$image" /mnt
mkdir -p -m 700 /mnt/store/golden
for subvolume in "$@"; do
  btrfs --quiet send "$subvolume" | btrfs --quiet receive /mnt/store/golden
done
umount /mnt
