// Between workerd and the bindings that scripts/build-edge generates: the class of the entry point, and the Durable Objects.
//
// After a trap (a panic, memory that ran out) the state of the WebAssembly instance is unknown. Whoever sees the trap sets
// `criticalError`: the panic hook of the `worker` crate, or `call` below. The next call starts a new instance, and each
// Durable Object gets a new object in it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as bindings from "./index.js";

Error.stackTraceLimit = 100;

const state = bindings.__worker_init_state();

addEventListener("error", ({ error }) => noteTrap(error));

function noteTrap(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}

/** Calls into WebAssembly, in a new instance if the last one is lost. */
function call(body) {
  if (state.criticalError) {
    console.log("Reinitializing Wasm application");
    bindings.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId += 1;
  }
  try {
    return body();
  } catch (error) {
    noteTrap(error);
    throw error;
  }
}

export default class Edge extends WorkerEntrypoint {
  fetch(request) {
    return call(() => bindings.fetch(request, this.env, this.ctx));
  }
}
Edge.prototype.lane = bindings.lane;
Edge.prototype.remembered = bindings.remembered;

const durableObject = (Binding) =>
  class extends DurableObject {
    #object;
    #instanceId;

    constructor(ctx, env) {
      super(ctx, env);
      this.#call(() => {});
    }

    #call(body) {
      return call(() => {
        if (this.#instanceId !== state.instanceId) {
          this.#object = new Binding(this.ctx, this.env);
          this.#instanceId = state.instanceId;
        }
        return body(this.#object);
      });
    }

    fetch(request) {
      return this.#call((object) => object.fetch(request));
    }

    alarm() {
      return this.#call((object) => object.alarm());
    }
  };

export const Streams = durableObject(bindings.Streams);
export const AdRate = durableObject(bindings.AdRate);
export const Caps = durableObject(bindings.Caps);
export const WantedCreatives = durableObject(bindings.WantedCreatives);
export const Viewers = durableObject(bindings.Viewers);
export const UsedTokens = durableObject(bindings.UsedTokens);
