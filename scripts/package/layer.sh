#!/bin/bash
# Runs a program in a root that is this machine's with an empty layer over it: what the program installs, no other sees, and it is
# gone afterwards. In a mount namespace of its own: unshare --mount bash layer.sh PROGRAM [ARGUMENT…]
set -euo pipefail
mount --make-rprivate /
layer=$(mktemp -d)
mount -t tmpfs none "$layer"
trap 'umount -R "$layer" && rmdir "$layer"' EXIT
mkdir "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
for directory in /dev /proc; do
    mount --rbind "$directory" "$layer/root$directory"
done
chroot "$layer/root" "$@"
