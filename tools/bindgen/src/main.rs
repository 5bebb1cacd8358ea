//! Generates the JavaScript bindings of the Worker's WebAssembly: `stagedoor-bindgen WASM FOLDER` writes `index.js` and
//! `index_bg.wasm` into `FOLDER`.
//!
//! The `wasm-bindgen` command does the same for every way to use WebAssembly, and brings an HTTP client and a test server
//! along. Stagedoor needs one way: an ES module around a compiled module that the runtime imports.

use std::env::args_os;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<_> = args_os().skip(1).collect();
    let [wasm, folder] = arguments.as_slice() else {
        bail!("expected a wasm file and a folder, found {} arguments", arguments.len());
    };
    Bindgen::new()
        .input_path(wasm)
        .out_name("index")
        .module(true)?
        .typescript(false)
        // After a trap, the shim starts a new instance in the same isolate (src/worker/shim.js).
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)
        .with_context(|| format!("cannot generate the bindings of {}", wasm.display()))
}
