#!/bin/sh
# Removes what install.sh installed. Settings and data stay, unless --purge asks for their removal.
set -eu
name=backup-monitor
prefix=/usr/local
purge=

for argument in "$@"; do
	case $argument in
	--prefix=*) prefix=${argument#*=} ;;
	--purge) purge=yes ;;
	--help | -h)
		echo "Usage: sudo uninstall.sh [--prefix=DIR] [--purge]"
		echo "  --purge   also remove /etc/default/$name, /var/lib/$name (the backup history) and the user"
		exit 0
		;;
	*)
		echo "uninstall.sh: there is no option $argument. See --help" >&2
		exit 2
		;;
	esac
done

if [ "$(id -u)" != 0 ]; then
	echo "uninstall.sh: root is needed: sudo $0" >&2
	exit 1
fi
if [ ! -e "$prefix/lib/$name/$name" ] && [ -z "$purge" ]; then
	echo "uninstall.sh: there is no $prefix/lib/$name/$name. Installed elsewhere? --prefix=DIR" >&2
	exit 1
fi
# The Debian package's own files are dpkg's to remove.
if [ -e "/var/lib/dpkg/info/$name.prerm" ]; then
	echo "uninstall.sh: it is installed as a Debian package: apt remove $name" >&2
	exit 1
fi

if [ -d /run/systemd/system ]; then
	systemctl disable --quiet --now $name.service 2>/dev/null || true
else
	rm -f /etc/systemd/system/multi-user.target.wants/$name.service
fi
rm -f "/etc/systemd/system/$name.service" "$prefix/bin/$name"
rm -rf "${prefix:?}/lib/$name"
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

if [ -n "$purge" ]; then
	rm -rf "/var/lib/$name"
	rm -f "/etc/default/$name"
	if command -v userdel >/dev/null; then
		userdel $name 2>/dev/null || true
		groupdel $name 2>/dev/null || true
	else
		deluser $name 2>/dev/null || true
	fi
	echo "Removed, with settings and data."
else
	echo "Removed. Kept: /etc/default/$name, /var/lib/$name (the backup history) and the user $name."
	echo "To remove them too: $0 --purge (of the archive), or by hand."
fi
