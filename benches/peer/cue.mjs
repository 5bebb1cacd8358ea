// The peer of cue.rs: decodes messages of SCTE 35 with npm's scte35, and tells how long one takes.
//
// Standard input has {"messages": [base64...], "ms": how long to measure}; standard output gets {"times": [pts_time or null...], "ns"}.
import { text } from "node:stream/consumers";
import { build } from "esbuild";

// Its modules import each other as bundlers allow and Node does not.
const { outputFiles } = await build({
  entryPoints: [new URL("../../node_modules/scte35/build/lib/scte35.js", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  write: false,
});
const module = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
const { SCTE35 } = await import(module);

// It complains of each message that it misreads; printing that is no part of decoding.
for (const name of ["debug", "error", "info", "log", "warn"]) console[name] = () => {};

const { messages, ms } = JSON.parse(await text(process.stdin));
const decode = (message) => SCTE35.parseFromB64(message);
const times = messages.map((message) => {
  const { spliceCommandType, spliceCommand } = decode(message);
  return spliceCommandType === 6 && spliceCommand.specified ? spliceCommand.pts : null;
});

/** Nanoseconds of processor time for one message. */
function measure() {
  const begin = process.cpuUsage();
  const until = performance.now() + ms;
  let count = 0;
  while (performance.now() < until) {
    for (const message of messages) decode(message);
    count += messages.length;
  }
  const { user, system } = process.cpuUsage(begin);
  return ((user + system) * 1000) / count;
}

// The first round warms the code up.
measure();
const rounds = Array.from({ length: 7 }, measure);
process.stdout.write(JSON.stringify({ times, ns: Math.min(...rounds) }));
