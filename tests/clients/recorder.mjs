// A proxy that records requests, because clients on the command line do not report them.
import { request as ask, createServer } from "node:http";

/**
 * Listens on an address of this machine, and forwards everything to a port of the loopback interface.
 * @returns {Promise<{url: string, requests: Recorded[], stop: () => Promise<void>}>}
 *
 * @typedef {{path: string, query: string, status: number | null, location: string | null, body: string | null, at: number}} Recorded `body` is that of a
 *   manifest or of a refusal
 */
export async function startRecorder(address, port) {
  const requests = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url, "http://recorder");
    const entry = { path: pathname, query: search.slice(1), status: null, location: null, body: null, at: Date.now() };
    requests.push(entry);
    const passed = ask({ host: "127.0.0.1", port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      entry.status = answer.statusCode;
      entry.location = answer.headers.location ?? null;
      if (/\.(m3u8|mpd)$/.test(pathname) || answer.statusCode >= 400) {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => (entry.body = Buffer.concat(chunks).toString()));
      }
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, address, resolve));
  return {
    url: `http://${address}:${server.address().port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
