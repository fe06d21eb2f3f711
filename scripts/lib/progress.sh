# Progress lines on standard error. Sourced.

: "${progress_started:=$(date +%s)}"
export progress_started

# Prints one line with the seconds since the script started.
say() {
    printf '[%4ds] %s\n' "$(($(date +%s) - progress_started))" "$*" >&2
}

# Ends the script with a reason and, optionally, what to do about it.
die() {
    printf 'error: %s\n' "$1" >&2
    if [ $# -gt 1 ]; then printf '  %s\n' "$2" >&2; fi
    exit 3
}

# Runs a long command: its output is shown only when it fails.
# Usage: quietly LOG COMMAND...
quietly() {
    quietly_log=$1
    shift
    mkdir -p "$(dirname "$quietly_log")"
    "$@" >"$quietly_log" 2>&1 && return 0
    quietly_status=$?
    tail -n 40 "$quietly_log" >&2
    printf 'error: %s failed, its whole output is in %s\n' "$1" "$quietly_log" >&2
    return "$quietly_status"
}
