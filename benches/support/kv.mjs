// A KV namespace, as workerd's KV binding asks for one: `GET /{key}` over HTTP, 404 for a key that is not there.
import documents from "documents.json";

const values = new Map(Object.entries(documents).map(([key, document]) => [key, JSON.stringify(document)]));

export default {
  fetch(request) {
    if (request.method !== "GET") return new Response("read only", { status: 405 });
    const value = values.get(decodeURIComponent(new URL(request.url).pathname.slice(1)));
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
  },
};
