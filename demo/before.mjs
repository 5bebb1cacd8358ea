#!/usr/bin/env node
// Before `make demo` builds anything: answers what needs nothing built, which is --help, a wrong argument, and a demo that runs
// already. The exit code is 0 if a demo is to be built and started, 3 if all is said, 1 or 2 for a refusal. It runs with Debian's Node
// and without packages.
import { Misuse, readArguments } from "./arguments.mjs";
import { pointToRunning, refuseReset, runningDemo } from "./running.mjs";

const SAID = 3;

async function before() {
  const { help, reset, folder } = readArguments(process.argv.slice(2));
  if (help) {
    console.log(help);
    return SAID;
  }
  if (!runningDemo(folder)) return 0;
  if (reset) refuseReset(folder);
  return (await pointToRunning(folder)) ? SAID : 0;
}

before().then(
  (code) => process.exit(code),
  (error) => {
    console.error(`demo: ${error.message}`);
    process.exit(error instanceof Misuse ? 2 : 1);
  },
);
