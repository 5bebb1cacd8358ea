// An MPD rewritten with cml-xml: parse, leave out Representations above the cap, check or set each URI, serialise.
//
// At the entry, one BaseURL in front carries the session, and relative URIs inherit it; a live MPD says in Location
// where the next one is to be had. cml-xml's serialiser writes texts and attributes as they are, so that they are
// escaped here; comments and the white space between elements do not come back. `unchangedAsIs` skips the writing
// where nothing changed.
import { processUriTemplate } from "@svta/cml-dash";
import { parseXml, serializeXml } from "@svta/cml-xml";
import { isLowEnough } from "./picture.mjs";
import { LOCAL, PLAIN, baseWithin, foreign, isAbsolute, within } from "./place.mjs";
import { Denial, Fault } from "./reply.mjs";

export function rewriteMpd(wanted, { token, caps, prefix }, source, text, unchangedAsIs) {
  const mpd = parse(source, text);
  const limited = limit(mpd, caps);
  const signed = sign(mpd, wanted, source, `/~${token}/${wanted.title}/`, prefix);
  if (unchangedAsIs && !limited && !signed) return text;
  escape(mpd);
  return serializeXml({ nodeName: "#document", childNodes: [mpd] });
}

const children = (element, name) => element.childNodes.filter(({ localName }) => localName === name);

function parse(source, text) {
  // cml-xml takes a document that is cut off for whole, and never returns from a tag that is cut off.
  if (!/<\/(?:[\w.-]+:)?MPD\s*>\s*$/.test(text.slice(-256))) {
    throw new Fault("manifest_invalid", `${source.url}: expected the end of an MPD`);
  }
  let document;
  try {
    document = parseXml(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new Fault("manifest_invalid", `${source.url}: ${error.message}`);
  }
  const mpd = document.childNodes.find(({ nodeName }) => !nodeName.startsWith("#"));
  if (mpd?.localName !== "MPD" || children(mpd, "Period").length === 0) {
    throw new Fault("manifest_invalid", `${source.url}: expected an MPD with a Period`);
  }
  return mpd;
}

/** Leaves out Representations that are too high, and Adaptation Sets that have none left. */
function limit(mpd, { max_height: most }) {
  if (most === undefined) return false;
  let changed = false;
  for (const period of children(mpd, "Period")) {
    let [low, high] = [0, 0];
    const isKept = (set) => (representation) => {
      const { width, height } = { ...set.attributes, ...representation.attributes };
      if (representation.localName !== "Representation" || height === undefined) return true;
      const isLow = isLowEnough({ width: Number(width ?? 0), height: Number(height) }, most);
      if (isLow) low += 1;
      else high += 1;
      return isLow;
    };
    period.childNodes = period.childNodes.filter((set) => {
      if (set.localName !== "AdaptationSet") return true;
      const kept = set.childNodes.filter(isKept(set));
      if (kept.length === set.childNodes.length) return true;
      set.childNodes = kept;
      changed = true;
      return kept.some(({ localName }) => localName === "Representation");
    });
    if (high > 0 && low === 0) throw new Denial("no_variant", "a Period has no pictures within the limits");
  }
  return changed;
}

/** Attributes that are URIs; the attributes of SegmentTemplate hold identifiers. */
const URIS = {
  SegmentTemplate: ["media", "initialization", "index", "bitstreamSwitching"],
  SegmentURL: ["media", "index"],
  Initialization: ["sourceURL"],
  RepresentationIndex: ["sourceURL"],
  BitstreamSwitching: ["sourceURL"],
};

/** Elements whose text is a URI, resolved against the MPD's own. */
const DOCUMENTS = new Set(["Location", "PatchLocation", "ContentSteering"]);

/** Elements that have bases and segments, from the Period down. */
const LEVELS = new Set(["Period", "AdaptationSet", "Representation", "SubRepresentation"]);

/** Elements that say which segments there are. */
const SEGMENTS = new Set(["SegmentTemplate", "SegmentList", "SegmentBase"]);

/** Checks and sets every URI; tells whether one changed. */
function sign(mpd, wanted, source, root, prefix) {
  const below = root + wanted.folder;
  let changed = false;
  const set = (holder, name, uri) => {
    if (holder[name] === uri) return;
    holder[name] = uri;
    changed = true;
  };

  /** The base URLs of `element`, from the elements above it; sets its BaseURLs. */
  const bases = (element, above) => {
    const own = children(element, "BaseURL");
    if (own.length === 0) return above;
    return own.flatMap(({ childNodes: [text] }) => {
      const uri = text?.nodeValue ?? "";
      const [path] = above.map((base) => baseWithin(uri, base, source));
      if (text && (isAbsolute(uri) || (prefix && element === mpd))) set(text, "nodeValue", root + path);
      return above.map((base) => new URL(uri, base));
    });
  };

  /** The URIs of segments that stand in `element` itself; absolute ones are set. */
  const uris = (element) => {
    const found = [];
    for (const segments of element.childNodes) {
      if (!SEGMENTS.has(segments.localName)) continue;
      for (const holder of [segments, ...segments.childNodes]) {
        for (const name of URIS[holder.localName] ?? []) {
          const uri = holder.attributes[name];
          if (uri === undefined || LOCAL.test(uri)) continue;
          found.push(uri);
          if (isAbsolute(uri)) set(holder.attributes, name, root + baseWithin(uri, source.url, source));
        }
      }
    }
    return found;
  };

  /** Checks that the URLs of a Representation lie within the title: from its own elements and from the levels above. */
  const check = ({ id, bandwidth }, above, inherited) => {
    for (const uri of inherited) {
      const one = uri.includes("$") ? processUriTemplate(uri, id, 1, 1, Number(bandwidth), 1) : uri;
      if (!PLAIN.test(one)) for (const base of above) within(one, base, source);
    }
    // One file, which the base itself names.
    if (inherited.length === 0) for (const base of above) within("", base, source);
  };

  const walk = (element, above, inherited) => {
    if (element.attributes["xlink:href"]) throw foreign(source, "a remote element");
    const [here, found] = [bases(element, above), inherited.concat(uris(element))];
    if (element.localName === "Representation") check(element.attributes, here, found);
    for (const child of element.childNodes) if (LEVELS.has(child.localName)) walk(child, here, found);
  };
  walk(mpd, [source.url], []);

  for (const { localName, childNodes: [text] } of mpd.childNodes) {
    if (!text || !DOCUMENTS.has(localName)) continue;
    const path = within(text.nodeValue, source.url, source);
    if (prefix || isAbsolute(text.nodeValue)) set(text, "nodeValue", root + path);
  }
  if (prefix) {
    // In the order of the schema.
    if (children(mpd, "BaseURL").length === 0) insert(mpd, ["ProgramInformation"], "BaseURL", below);
    if (mpd.attributes.type === "dynamic" && children(mpd, "Location").length === 0) {
      insert(mpd, ["ProgramInformation", "BaseURL"], "Location", root + wanted.resource);
    }
  }
  return changed || prefix;
}

/** Puts an element with a text behind the last of some. */
function insert(mpd, behind, name, value) {
  const text = { nodeName: "#text", nodeValue: value, attributes: {}, childNodes: [] };
  const at = mpd.childNodes.findLastIndex(({ localName }) => behind.includes(localName)) + 1;
  mpd.childNodes.splice(at, 0, { nodeName: name, localName: name, attributes: {}, childNodes: [text] });
}

// The serialiser writes attributes as JSON has strings: a backslash or a line end would come out as two characters.
const SPECIAL = /[&<>"\\\x00-\x1f]/g;
const escaped = (text) => text.replace(SPECIAL, (sign) => `&#${sign.charCodeAt(0)};`);

/** Writes entities, which the parser has read and the serialiser does not write. */
function escape(node) {
  if (node.nodeName === "#cdata") node.nodeName = "#text";
  if (node.nodeName === "#text") {
    node.nodeValue = escaped(node.nodeValue);
    return;
  }
  for (const name in node.attributes) node.attributes[name] = escaped(node.attributes[name]);
  // A timeline is numbers.
  if (node.localName !== "SegmentTimeline") for (const child of node.childNodes) escape(child);
}
