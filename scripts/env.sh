# Sourced by the other scripts: where the pinned tools are, and how they are found.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/stagedoor"
TOOLS="$CACHE/tools"

WORKER_BUILD_VERSION=0.8.7
CARGO_FUZZ_VERSION=0.13.2
# wasm-bindgen's command has to be of the very version of its library.
WASM_BINDGEN_VERSION=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock")

export WASM_BINDGEN_BIN="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin/wasm-bindgen"
export WASM_OPT_BIN="$ROOT/node_modules/.bin/wasm-opt"
export ESBUILD_BIN="$ROOT/node_modules/.bin/esbuild"
WORKER_BUILD="$TOOLS/worker-build-$WORKER_BUILD_VERSION/bin/worker-build"

# rustup installs here, and a shell that was open before does not know it yet. Node 24 comes with package.json.
export PATH="$ROOT/node_modules/.bin:$HOME/.cargo/bin:$PATH"

# No telemetry and no look-ups of the developer's own place from tools that are meant to run without a network.
export WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false DO_NOT_TRACK=1

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
