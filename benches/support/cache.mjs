// The Cache API's back end, as workerd asks for one: PUT brings a whole HTTP/1.1 response as its body, GET is
// answered with `CF-Cache-Status`. It keeps everything in memory, honours max-age, one range, and If-None-Match.

const entries = new Map();

export default {
  async fetch(request) {
    if (request.method === "PUT") {
      const entry = read(new Uint8Array(await request.arrayBuffer()));
      if (entry.until > Date.now()) entries.set(request.url, entry);
      return new Response(null, { status: 204 });
    }
    const entry = entries.get(request.url);
    if (request.method !== "GET" || !(entry?.until > Date.now())) {
      return new Response(null, { status: 504, headers: { "CF-Cache-Status": "MISS" } });
    }
    return answer(entry, request.headers);
  },
};

function read(message) {
  const end = message.findIndex((_, at) => "\r\n\r\n" === String.fromCharCode(...message.subarray(at, at + 4)));
  const [, ...lines] = new TextDecoder().decode(message.subarray(0, end)).split("\r\n");
  const headers = lines.map((line) => line.split(/:\s*(.*)/s, 2)).filter(([name]) => !/^transfer-encoding$/i.test(name));
  headers.push(["CF-Cache-Status", "HIT"]);
  const { "cache-control": policy, etag } = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const seconds = Number(/max-age=(\d+)/.exec(policy)?.[1] ?? 0);
  return { headers, etag, body: message.slice(end + 4), until: Date.now() + seconds * 1000 };
}

function answer({ headers, etag, body }, asked) {
  if (etag && asked.get("If-None-Match") === etag) return new Response(null, { status: 304, headers });
  const range = /^bytes=(\d+)-(\d+)$/.exec(asked.get("Range"));
  if (!range) return new Response(body, { headers });
  const [first, last] = [Number(range[1]), Math.min(Number(range[2]), body.length - 1)];
  const part = new Headers(headers);
  if (first > last) {
    part.set("Content-Range", `bytes */${body.length}`);
    return new Response(null, { status: 416, headers: part });
  }
  part.set("Content-Range", `bytes ${first}-${last}/${body.length}`);
  part.set("Content-Length", String(last - first + 1));
  return new Response(body.subarray(first, last + 1), { status: 206, headers: part });
}
