#!/usr/bin/env bash
# A backup script that writes one line per run into the monitor's metrics file. Change the four settings and the two
# commands; everything else may stay. Needs bash, coreutils and, for the example, restic.
set -u -o pipefail

metrics_file="${METRICS_FILE:-/data/metrics.jsonl}"
job="${JOB:-nas}"
source_dir="${SOURCE_DIR:-/srv}"
export RESTIC_REPOSITORY="${RESTIC_REPOSITORY:-/mnt/backup/restic}"

# Text as the inside of a JSON string: backslash, quote, control characters.
json_text() {
	local text="${1//\\/\\\\}"
	text="${text//\"/\\\"}"
	text="${text//$'\n'/\\n}"
	text="${text//$'\r'/\\r}"
	text="${text//$'\t'/\\t}"
	printf '%s' "$text" | tr -d '\000-\037'
}

# One call, one line, one write: two scripts that end at the same time do not cut each other.
# report success|warning|failure CATEGORY SENTENCE; the last two are "" where there is nothing to say.
report() {
	local outcome=$1 success=true category=null message=null log=null
	[ "$outcome" = failure ] && success=false
	[ -n "$2" ] && category="\"$2\""
	[ -n "$3" ] && message="\"$(json_text "$3")\""
	if [ "$outcome" != success ]; then
		# The reason often stands a few lines above the last one.
		local end
		end="$(printf '%s' "$output" | tail -n 50)"
		[ "${#end}" -gt 8000 ] && end="${end: -8000}"
		log="\"$(json_text "$end")\""
	fi
	printf '{"timestamp":"%s","backup_id":"%s","job":"%s","success":%s,"outcome":"%s","exit_code":%d,"duration_total":%d,"duration_snapshot":%d,"duration_upload":%d,"size_bytes":%s,"error_category":%s,"error_message":%s,"log":%s}\n' \
		"$started" "$backup_id" "$(json_text "$job")" "$success" "$outcome" "$status" "$((SECONDS - begun))" "$snapshot_seconds" \
		"$upload_seconds" "${size_bytes:-null}" "$category" "$message" "$log" >>"$metrics_file"
}

begun=$SECONDS
started="$(date -Iseconds)"
backup_id="$(date +%F_%H%M%S)"
snapshot_seconds=0 upload_seconds=0 size_bytes=null

# 1. Whatever has to happen before the copy: a database dump, a file system snapshot.
phase=$SECONDS
sync
snapshot_seconds=$((SECONDS - phase))

# 2. The copy itself. The exit status is taken at once, before anything else can change it.
phase=$SECONDS
output="$(restic backup --json --quiet "$source_dir" 2>&1)"
status=$?
upload_seconds=$((SECONDS - phase))

size="$(printf '%s' "$output" | grep -o '"total_bytes_processed":[0-9]*' | tail -n 1 | cut -d: -f2)"
[ -n "$size" ] && size_bytes=$size

# Why it failed: the line that says so (before restic 0.18 its last line may be only the place), else the last one. In
# the JSON of later versions the sentence is the "message" of an error.
says='^Fatal: |^unable to |"message_type":"exit_error"'
[ "$status" -eq 3 ] && says='"message_type":"error"|^error: '
reason="$(printf '%s' "$output" | grep -m 1 -E "$says" ||
	printf '%s' "$output" | grep -v -E '^\{"message_type":"(summary|status)"|^Warning: at least one' | tail -n 1)"
sentence="$(printf '%s' "$reason" | sed -n 's/.*"message":"\(\([^"\\]\|\\.\)*\)".*/\1/p' | sed 's/\\n/ /g; s/\\\(.\)/\1/g')"
reason="$(printf '%s' "${sentence:-$reason}" | cut -c 1-500)"

# restic's 3: the snapshot was made, but some files could not be read. Whoever reads it decides whether they matter.
# 10 to 12 (since 0.17) are reasons of their own.
case "$status" in
	0) report success "" "" ;;
	3) report warning source_unreadable "some files could not be read: $reason" ;;
	10) report failure repo_missing "$reason" ;;
	11) report failure repo_locked "$reason" ;;
	12) report failure auth "$reason" ;;
	*) report failure upload_failed "restic exit status $status: $reason" ;;
esac
exit "$status"
