#!/bin/sh
# Collects what the program needs around it in an otherwise empty root: rootfs.sh FROM_ROOT TO_ROOT
set -eu
from=$1
to=$2

# Links are followed inside FROM_ROOT: Debian's loader is an absolute link, which here would lead to the builder's own.
copy() {
	path=$1
	while [ -L "$from$path" ]; do
		link=$(readlink "$from$path")
		case $link in
		/*) path=$link ;;
		*) path=$(dirname "$path")/$link ;;
		esac
	done
	mkdir -p "$to$(dirname "$1")"
	cp "$from$path" "$to$1"
}

if [ -e "$from/lib/ld-linux-aarch64.so.1" ]; then
	copy /lib/ld-linux-aarch64.so.1
	libs=/lib/aarch64-linux-gnu
elif [ -e "$from/lib/x86_64-linux-gnu/libc.so.6" ]; then
	copy /lib64/ld-linux-x86-64.so.2
	libs=/lib/x86_64-linux-gnu
else
	echo "$from holds no glibc for amd64 or arm64" >&2
	exit 1
fi

# What the executable is linked against.
for name in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2; do copy "$libs/$name"; done
# Loaded by libc to look up host names; empty shells since glibc 2.34, needed before it.
for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do copy "$libs/$name"; done

mkdir -p "$to/etc"
# glibc before 2.34 reads /etc/hosts only where this says so.
echo "hosts: files dns" >"$to/etc/nsswitch.conf"
# Names for the number in `ls` and `docker top`.
echo "backup-monitor:x:65532:65532::/data:/none" >"$to/etc/passwd"
echo "backup-monitor:x:65532:" >"$to/etc/group"
