# Sourced by the other scripts: where the pinned tools are, and how they are found.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/stagedoor"
TOOLS="$CACHE/tools"
TARGET_DIR="${CARGO_TARGET_DIR:-$ROOT/target}"

CARGO_FUZZ_VERSION=0.13.2

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
