// The peer of vast.mjs: a Worker that resolves VAST documents with @dailymotion/vast-client, and tells how many ads and URLs it found.
//
// The runtime has no parser of XML, so it has xmldom, as vast-client has it in Node.js.
import { VASTClient } from "@dailymotion/vast-client/dist/vast-client.js";
import { DOMParser } from "@xmldom/xmldom";

const isFilm = ({ apiFramework }) => !apiFramework;

export default {
  async fetch(request) {
    const { first, documents, times } = await request.json();
    const parser = new DOMParser({ onError: () => {} });
    const urlHandler = {
      async get(url) {
        const text = documents[url];
        if (text === undefined) return { error: new Error("404") };
        return { xml: parser.parseFromString(text, "text/xml"), details: { byteLength: text.length, statusCode: 200, rendered: false } };
      },
    };
    let ads = 0;
    let urls = 0;
    for (let turn = 0; turn < times; turn++) {
      const client = new VASTClient();
      const found = await client.get(first, { urlHandler, urlhandler: urlHandler, resolveAll: true });
      for (const ad of found.ads) {
        const linear = ad.creatives.find(({ type, mediaFiles }) => type === "linear" && mediaFiles.some(isFilm));
        if (!linear) continue;
        ads += 1;
        const events = Object.values(linear.trackingEvents).flat().length;
        urls += ad.impressionURLTemplates.length + ad.errorURLTemplates.length + events + linear.videoClickTrackingURLTemplates.length;
      }
    }
    return new Response(`${ads} ${urls}`);
  },
};
