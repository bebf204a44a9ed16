#!/bin/sh
# Installed as /usr/bin/backup-monitor: the program with the settings of the service, for people and for cron.
# Environment variables of the caller win over the file.
set -eu
program=/usr/lib/backup-monitor/backup-monitor
settings=/etc/default/backup-monitor
data=/var/lib/backup-monitor
user=backup-monitor
command=${1:-serve}

# Read, not sourced: what systemd takes for a value shall not be a command here. Whoever may not read it (it may hold
# secrets) still reaches the data folder.
read_settings() {
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		[A-Za-z_]*=*) ;;
		*) continue ;;
		esac
		name=${line%%=*}
		value=${line#*=}
		case $name in *[!A-Za-z0-9_]*) continue ;; esac
		case $value in
		\"*\") value=${value#\"} value=${value%\"} ;;
		\'*\') value=${value#\'} value=${value%\'} ;;
		esac
		eval "[ -n \"\${$name+set}\" ]" || export "$name=$value"
	done <"$settings"
}

case $command in
run)
	# What it starts is the user's backup, whose environment is none of ours: only the way to the data folder.
	if [ -z "${DATA_DIR:-}${DB_PATH:-}" ] && [ -r "$settings" ]; then
		for wanted in DATA_DIR DB_PATH; do
			found=$(read_settings && eval "printf %s \"\${$wanted:-}\"")
			if [ -n "$found" ]; then export "$wanted=$found"; fi
		done
	fi
	;;
*)
	if [ -r "$settings" ]; then read_settings; fi
	# Half the memory, a little slower: right for a machine that is small and has other things to do.
	export BUN_JSC_useJIT="${BUN_JSC_useJIT:-0}"
	;;
esac
if [ -z "${DATA_DIR:-}${DB_PATH:-}" ]; then export DATA_DIR="$data"; fi
export BUN_ENABLE_CRASH_REPORTING=0 DO_NOT_TRACK=1

# Root's files in the data folder would lock the service out, so root becomes the service's user for all that looks into
# it. The wrapper keeps the rights that the backup needs: it only hands over a file that the service may take.
case $command in
run | record | version | demo | check | completions | help | -*) ;;
*)
	if [ "$(id -u)" = 0 ] && [ -z "${BACKUP_MONITOR_AS_ROOT:-}" ] && id "$user" >/dev/null 2>&1; then
		exec setpriv --reuid="$user" --regid="$user" --init-groups -- "$program" "$@"
	fi
	;;
esac
exec "$program" "$@"
