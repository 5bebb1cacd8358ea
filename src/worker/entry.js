// The Worker's entry. The fast lane answers what it can without an await (lane.rs). All other requests go to the `worker`
// crate, whose promises take longer than most answers.
import Edge from "./worker.js";

export * from "./worker.js";

const { lane } = Edge.prototype;
const state = globalThis.__worker_init_state;

export default {
  fetch(request, env, context) {
    return atOnce(request, env) ?? new Edge(context, env).fetch(request);
  },
};

function atOnce(request, env) {
  if (state.criticalError || request.method === "POST") return undefined;
  try {
    return lane(request, env.GEOGRAPHY_OVERRIDE === "header");
  } catch (error) {
    console.error("Critical", error);
    // After a trap the instance is lost, and set up anew with the next request that goes through the crate: this one.
    state.criticalError ||= error instanceof WebAssembly.RuntimeError;
    return undefined;
  }
}
