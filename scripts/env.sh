# Sourced by the other scripts: where the tools are, what the scripts print, how they install Debian's packages, what they took.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/stagedoor"
TOOLS="$CACHE/tools"
TARGET_DIR="${CARGO_TARGET_DIR:-$ROOT/target}"

CARGO_DENY_VERSION=0.20.2
CARGO_FUZZ_VERSION=0.13.2
CARGO_LLVM_COV_VERSION=0.9.1

# rustup installs here, and a shell that was open before does not know it yet. Node 24 comes with package.json.
export PATH="$ROOT/node_modules/.bin:$HOME/.cargo/bin:$PATH"

# No telemetry and no look-ups of the developer's own place from tools that are meant to run without a network.
export WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false DO_NOT_TRACK=1

# wasm-bindgen's macros read it: asynchronous exports go through js-sys, as the `worker` crate's own do.
export WASM_BINDGEN_USE_JS_SYS=1

# A sysroot of our own, for machines whose Rust has no wasm target to add (see scripts/setup).
SYSROOT="$CACHE/wasm-sysroot"
if [ -f "$SYSROOT/ready" ]; then
    # shellcheck source=/dev/null
    . "$SYSROOT/ready"
fi

say() { printf '\033[1m%s\033[0m\n' "stagedoor: $*" >&2; }

die() {
    printf '\033[31m%s\033[0m\n' "stagedoor: $1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# step WHAT USUALLY COMMAND...: runs a command whose output is shown only when it fails. Meanwhile the time, and the last line of
# its output: on a terminal in place, each second, and elsewhere in a line each five seconds.
step() {
    local what=$1 usually=$2 log status=0
    shift 2
    log=$(mktemp)
    say "$what (usually $usually)"
    start_heartbeat last_line "$log"
    # Without a terminal, cargo counts its crates only when told to.
    CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=120 "$@" >"$log" 2>&1 || status=$?
    stop_heartbeat
    [ "$status" = 0 ] || lines <"$log" | grep -v '^ *Building \[' >&2
    rm -f "$log"
    return "$status"
}

# Lines that a terminal would show: carriage returns begin a new one, and colours are left out.
lines() { tr '\r' '\n' | sed $'s/\033\\[[0-9;]*[A-Za-z]//g'; }

# The last line of a log that is being written. Of cargo's bar, the numbers: `12 of 345 crates: serde`.
last_line() {
    tail -c 4000 "$1" 2>/dev/null | lines | grep '[^[:space:]]' | tail -n 1 |
        sed -e 's/^ *//' -e 's/ *$//' -e 's|^Building \[[=> ]*\] \([0-9]*\)/\([0-9]*\): |\1 of \2 crates: |' | cut -c "1-$(($(columns) - 12))"
}

columns() { tput cols 2>/dev/null || echo 100; }

# Where lines of several commands mix, each heartbeat is a line of its own: IN_PLACE is empty there.
IN_PLACE=
[ ! -t 2 ] || IN_PLACE=1

# start_heartbeat COMMAND...: prints the time and the output of COMMAND, until `stop_heartbeat` or the end of the script.
start_heartbeat() {
    heartbeat "$@" &
    HEARTBEAT=$!
}

stop_heartbeat() {
    kill "$HEARTBEAT" 2>/dev/null
    wait "$HEARTBEAT" 2>/dev/null || true
    [ -z "$IN_PLACE" ] || printf '\r\033[K' >&2
}

heartbeat() {
    local seconds=0 every=5 format='  %d s: %s\n'
    [ -z "$IN_PLACE" ] || every=1 format='\r\033[K  %d s: %s'
    while sleep "$every" >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        seconds=$((seconds + every))
        # shellcheck disable=SC2059
        printf "$format" "$seconds" "$("$@")" >&2
    done
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# nginx and Caddy, with which the files of deploy/ are tested.
PROXIES="$TOOLS/proxies"

APT_UPDATED=
# Without a network apt-get gives up within a minute.
PATIENCE=(-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
read_packages() {
    [ -z "$APT_UPDATED" ] || return 0
    step "reading Debian's list of packages" "10 s" as_root apt-get update -qq "${PATIENCE[@]}" || die "apt-get update failed" "Check the machine's network and /etc/apt/sources.list."
    APT_UPDATED=1
}

# debian PACKAGE...: installs packages; elsewhere than on Debian, says what is needed.
debian() {
    if ! have apt-get; then
        die "this machine lacks: $*" "Install them (the names are Debian's) with your package manager and run this again."
    fi
    [ "$(id -u)" = 0 ] || have sudo || die "this machine lacks: $*" "Run as root, or install sudo, or: apt-get install $*"
    read_packages
    step "installing from Debian: $*" "a minute or two" \
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${PATIENCE[@]}" "$@" ||
        die "apt-get install $* failed" "The lines above are apt-get's own."
}

# What `make bench` prints of `make demo` and `make test`: how long they took when they last ran here. A run is cold when neither
# crates nor packages had been built or installed in this clone.
TIMINGS="$TARGET_DIR/timings"
WARMTH=warm
[ -d "$TARGET_DIR" ] || [ -d "$ROOT/node_modules" ] || WARMTH=cold

# processor_seconds: of the commands that have ended, in the calling shell (not in a subshell).
processor_seconds() {
    local file
    file=$(mktemp)
    times >"$file"
    PROCESSOR_SECONDS=$(awk 'NR == 2 { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4) }' "$file")
    rm -f "$file"
}

# record COMMAND: keeps what it took from the start of the script until now.
record() {
    mkdir -p "$TIMINGS"
    processor_seconds
    printf '%s processor %s wall %s on %s\n' "$WARMTH" "$PROCESSOR_SECONDS" "$SECONDS" "$(date -u +%Y-%m-%d)" >"$TIMINGS/$1-$WARMTH"
}
