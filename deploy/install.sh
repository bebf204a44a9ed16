#!/bin/sh
# Installs the program on a Linux without dpkg, or without systemd. Run it again to upgrade. See --help.
set -eu
name=backup-monitor
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
prefix=/usr/local
download=
start=yes
# For building packages and images: everything goes below it, no user is made, nothing is started.
destdir=${DESTDIR:-}

usage() {
	cat <<END
Usage: sudo ./install.sh [--prefix DIR] [--no-start] [--download URL]

  --prefix DIR     where the program goes (default /usr/local): DIR/bin, DIR/lib/backup-monitor
  --no-start       install only; with systemd it is otherwise enabled and started
  --download URL   fetch the archive for this machine and SHA256SUMS from below URL, and install that

Settings: /etc/default/backup-monitor. Data: /var/lib/backup-monitor. Both are kept over upgrades.
Without --download nothing is fetched. To remove it again: DIR/lib/backup-monitor/uninstall.sh
END
}

refuse() {
	echo "install.sh: $1" >&2
	exit "${2:-1}"
}

while [ $# -gt 0 ]; do
	case $1 in
	--prefix | --download)
		[ $# -ge 2 ] || refuse "$1 needs a value. See --help" 2
		if [ "$1" = --prefix ]; then prefix=$2; else download=$2; fi
		shift
		;;
	--prefix=*) prefix=${1#*=} ;;
	--download=*) download=${1#*=} ;;
	--no-start) start= ;;
	--help | -h)
		usage
		exit 0
		;;
	*) refuse "there is no option $1. See --help" 2 ;;
	esac
	shift
done

case $prefix in
/*[!/]*) prefix=${prefix%/} ;;
*) refuse "--prefix is \"$prefix\"; expected a folder such as /usr/local" 2 ;;
esac
# It gets into a unit and a script as it is.
case $prefix in *[!A-Za-z0-9/._-]*) refuse "--prefix may hold letters, digits and / . _ - only" 2 ;; esac

look_at_machine() {
	[ "$(uname -s)" = Linux ] || refuse "this is for Linux, not for $(uname -s)"
	case $(uname -m) in
	x86_64) architecture=amd64 ;;
	aarch64 | arm64) architecture=arm64 ;;
	*) refuse "there is no program for $(uname -m): a 64-bit system is needed (Raspberry Pi OS 64-bit, x86_64)" ;;
	esac
	if [ -z "$destdir" ]; then
		[ "$(id -u)" = 0 ] || refuse "root is needed to make a user and a service: sudo $0"
		# Two packagings of the same thing would undo each other.
		if command -v dpkg-query >/dev/null &&
			dpkg-query --show --showformat='${db:Status-Status}' $name 2>/dev/null | grep -q '^installed$'; then
			refuse "it is installed as a Debian package: upgrade it with apt install ./$name*.deb, or remove it first"
		fi
	fi
	command -v sha256sum >/dev/null || refuse "sha256sum is needed to check what is installed (coreutils)"
}

fetch() {
	if command -v curl >/dev/null; then
		curl --fail --silent --show-error --location --max-time 600 --output "$2" "$1"
	elif command -v wget >/dev/null; then
		wget --quiet --timeout=60 --output-document="$2" "$1"
	else
		refuse "curl or wget is needed for --download"
	fi || refuse "could not fetch $1"
}

# Fetches the archive, and goes on with the installer in it.
install_from() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	fetch "${1%/}/SHA256SUMS" "$work/SHA256SUMS"
	line=$(grep -E "^[0-9a-f]{64}  ${name}_[^/ ]*_linux-$architecture\.tar(\.xz)?$" "$work/SHA256SUMS" | head -n 1) ||
		refuse "SHA256SUMS below $1 names no archive for $architecture"
	archive=${line#*  }
	fetch "${1%/}/$archive" "$work/$archive"
	(cd "$work" && echo "$line" | sha256sum --check --status) ||
		refuse "$archive is not what SHA256SUMS says: nothing was installed"
	tar -xf "$work/$archive" -C "$work" || refuse "$archive could not be unpacked (is xz installed?): nothing was installed"
	set -- --prefix "$prefix"
	if [ -z "$start" ]; then set -- "$@" --no-start; fi
	"$work/${archive%.tar*}/install.sh" "$@"
}

check_files() {
	for file in SHA256SUMS $name $name.sh $name.service $name.sysusers $name.default uninstall.sh; do
		[ -f "$here/$file" ] || refuse "$here/$file is missing: run this from the unpacked release archive"
	done
	(cd "$here" && sha256sum --check --status SHA256SUMS) ||
		refuse "a file in $here is not what SHA256SUMS says: nothing was installed. Fetch the archive again"
	if ! said=$("$here/$name" version 2>&1); then
		refuse "the program does not run here: $said. It needs glibc 2.17 or newer (not musl), for $architecture"
	fi
}

make_user() {
	if getent passwd $name >/dev/null 2>&1; then return 0; fi
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers "$here/$name.sysusers"
	elif command -v useradd >/dev/null; then
		groupadd --system $name 2>/dev/null || true
		useradd --system --gid $name --home-dir /var/lib/$name --no-create-home --shell /sbin/nologin $name
	elif command -v adduser >/dev/null; then
		addgroup -S $name 2>/dev/null || true
		adduser -S -D -H -G $name -h /var/lib/$name -s /sbin/nologin $name
	else
		refuse "no useradd, adduser or systemd-sysusers here: make a user $name first"
	fi
}

# Beside its place first: what runs is never written over, and a full disk leaves the old file.
put() {
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.new" || {
		rm -f "$2.new"
		refuse "$2 cannot be written (a full or read-only disk?): what was installed before is untouched"
	}
	chmod "$3" "$2.new"
	mv -f "$2.new" "$2"
}

with_prefix() {
	sed "s|/usr/lib/$name|$prefix/lib/$name|g; s|/usr/bin/$name|$prefix/bin/$name|g; s|^prefix=.*|prefix=$prefix|" "$1"
}

install_files() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	for file in $name.sh $name.service uninstall.sh; do with_prefix "$here/$file" >"$work/$file"; done
	library=$destdir$prefix/lib/$name
	mkdir -p "$library"
	if [ -e "$library/$name" ]; then ln -f "$library/$name" "$library/$name.before"; fi
	put "$here/$name" "$library/$name" 755
	put "$work/$name.sh" "$destdir$prefix/bin/$name" 755
	put "$work/uninstall.sh" "$library/uninstall.sh" 755
	if [ ! -e "$destdir/etc/default/$name" ]; then
		put "$here/$name.default" "$destdir/etc/default/$name" 640
		if [ -z "$destdir" ]; then chgrp $name /etc/default/$name; fi
	fi
	if [ -n "$systemd" ]; then put "$work/$name.service" "$destdir/etc/systemd/system/$name.service" 644; fi
}

make_folder() {
	if [ ! -d /var/lib/$name ]; then
		install -d -m 2775 -o $name -g $name /var/lib/$name /var/lib/$name/spool
		install -m 0664 -o $name -g $name /dev/null /var/lib/$name/metrics.jsonl
	fi
}

start_service() {
	systemctl daemon-reload
	if [ -z "$start" ]; then
		echo "Installed. To start it: systemctl enable --now $name"
		return 0
	fi
	systemctl --quiet enable $name.service
	systemctl reset-failed $name.service 2>/dev/null || true
	if systemctl restart $name.service; then
		echo "Installed and started: http://$(uname -n):5001 (settings: /etc/default/$name)"
		return 0
	fi
	journalctl --unit=$name --lines=10 --no-pager --output=cat >&2 2>/dev/null || true
	if [ -e "$library/$name.before" ]; then
		mv -f "$library/$name.before" "$library/$name"
		systemctl reset-failed $name.service 2>/dev/null || true
		systemctl restart $name.service || true
		refuse "the new version does not start: the one from before is in its place again, the data is untouched"
	fi
	refuse "installed, but it does not start (its last words are above). Then: systemctl restart $name"
}

look_at_machine
if [ -n "$download" ]; then
	install_from "$download"
	exit 0
fi
check_files
# Units have their place also where systemd does not run now, as in an image that is being built.
systemd=
if [ -d /run/systemd/system ] || [ -d "$destdir/etc/systemd/system" ]; then systemd=yes; fi
if [ -n "$destdir" ]; then
	install_files
	exit 0
fi
make_user
install_files
make_folder
if [ -d /run/systemd/system ]; then
	start_service
else
	echo "Installed. There is no running systemd here: have your own supervisor run, as user $name: $prefix/bin/$name serve"
fi
rm -f "$library/$name.before"
