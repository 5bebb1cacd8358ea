// Free ports of the loopback interface.
import { createServer } from "node:net";

/** The ports that the demo asks for first. */
export const PORTS = { edge: 8787, origin: 8788, media: 8789, page: 8790, ads: 8791 };

/** Ports of nobody else's, for tests. */
export const ANY_PORTS = { edge: 0, origin: 0, media: 0, page: 0, ads: 0 };

const TRIES = 50;

/** The wanted port, or the next free one behind it; 0 is any. */
export async function freePort(wanted, taken = []) {
  if (wanted === 0) return probe(0);
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port += 1) {
    if (!taken.includes(port) && (await probe(port))) return port;
  }
  throw new Error(`expected a free port from ${wanted} to ${wanted + TRIES - 1}, found none`);
}

/** The port if it can be listened on, else null. */
function probe(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => {
      const { port: found } = server.address();
      server.close(() => resolve(found));
    });
  });
}
