// The media origin, in a process of its own. Every playlist is asked for once and then kept by the edge's cache.
import { createServer } from "node:http";
import { files } from "../fixture.mjs";

const server = createServer((request, response) => {
  const file = files.get(new URL(request.url, "http://media.example.com").pathname);
  if (!file) return response.writeHead(404).end();
  const headers = { "Content-Type": file.type, "Content-Length": file.body.length, ETag: file.etag };
  return response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : file.body);
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());
