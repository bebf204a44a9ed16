#!/bin/sh
# Runs an image's root as a container would, without a container engine: unshare --mount --pid --fork contain.sh ROOT DATA COMMAND…
# PID 1 of its own, the root read-only, DATA on /data the only place to write, uid 65532, no capabilities.
# CONTAIN_PROC: options of its /proc. CONTAIN_WITH: what enters the root and leaves uid 0, instead of setpriv and chroot.
set -eu
root=$1
data=$2
shift 2

mount --bind "$root" "$root"
# The folders that an engine makes for what it mounts.
mkdir -p "$root/proc" "$root/dev"
mount -t tmpfs -o mode=755,size=64k tmpfs "$root/dev"
for device in null zero urandom; do
	touch "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
mount -t proc ${CONTAIN_PROC:+-o "$CONTAIN_PROC"} proc "$root/proc"
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"
# Leaving uid 0 drops the capabilities, and nothing gives them back.
# shellcheck disable=SC2086 # words of a command
exec ${CONTAIN_WITH:-setpriv --no-new-privs chroot --userspec=65532:65532 --groups=} "$root" "$@"
