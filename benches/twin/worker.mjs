// The twin: the least that a Worker can do for a request. It reads the headers and members of `cf` that Stagedoor reads
// (src/worker/facts.rs), and sends the reply that it was taught for the URL, with the same status, headers and bytes, out of
// memory. It checks nothing, decides nothing and looks up no document.
//
// `PUT` teaches it a reply: the body is the reply's body, the header `Reply-Head` holds status and headers (teach.mjs).

const BELOW_A_SESSION = /^[^/]*\/\/[^/]*\/~/;
const HEADERS = ["CF-Connecting-IP", "Origin", "If-None-Match", "If-Modified-Since"];
const PLACE = ["country", "regionCode", "continent", "metroCode", "postalCode", "latitude", "longitude", "asn"];

/** Replies by URL without its query: viewer tokens stand in it, and some scenarios have thousands. */
const replies = new Map();

/** How many headers and members were there, so that no engine may leave out reading them. */
let found = 0;

export default {
  fetch(request) {
    const { method, url, headers, cf } = request;
    if (method === "PUT") return learn(request);
    for (const name of HEADERS) if (headers.get(name) !== null) found++;
    if (headers.get("Range") !== null && headers.get("If-Range") !== null) found++;
    for (const name of PLACE) if (cf?.[name] !== undefined) found++;
    if (!BELOW_A_SESSION.test(url)) {
      for (const member of [cf?.httpProtocol, cf?.botManagement?.ja3Hash, cf?.botManagement?.ja4]) {
        if (member !== undefined) found++;
      }
      for (const [, value] of headers) if (value !== "") found++;
    }
    const { body, init } = replies.get(withoutQuery(url));
    return new Response(body, init);
  },
};

async function learn(request) {
  const { status, headers } = JSON.parse(request.headers.get("Reply-Head"));
  const body = new Uint8Array(await request.arrayBuffer());
  replies.set(withoutQuery(request.url), { body, init: { status, headers: new Headers(headers) } });
  return new Response(`${found}`);
}

function withoutQuery(url) {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}
