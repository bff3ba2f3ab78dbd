#!/bin/bash
# Copies a golden system, a read-only subvolume, to where a state directory has it on the file system in an image.
# Runs in a mount namespace of its own: nothing stays mounted, whatever ends this.
set -o errexit -o nounset -o pipefail
image=$1
golden=$2

mount -o loop,noatime "$image" /mnt
mkdir -p -m 700 /mnt/store/golden
btrfs --quiet send "$golden" | btrfs --quiet receive /mnt/store/golden
umount /mnt
