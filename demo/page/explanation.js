// Why a request was refused: the trace of the edge's explain endpoint, in words.
import { post } from "./server.js";
import { $, countryName, element, marked, sentence } from "./words.js";

export class Explanation {
  /** The explanation that is wanted last. */
  #wanted = null;

  clear() {
    this.#wanted = null;
    $("explanation").hidden = true;
  }

  /** Asks the edge why it refused a request. @param {{url: string, country: string}} request */
  async show(request) {
    this.#wanted = request;
    const { ok, body: trace } = await post("/explain", request);
    if (this.#wanted !== request) return;
    $("explanation").hidden = false;
    if (!ok) {
      $("steps").replaceChildren();
      $("remedy").textContent = `The edge did not explain it: ${trace.detail ?? trace.title}`;
      $("trace").textContent = "";
      return;
    }
    $("steps").replaceChildren(...linesOf(trace).map(item));
    $("remedy").replaceChildren(...marked(remedyOf(trace)));
    $("trace").textContent = JSON.stringify(trace, null, 2);
  }
}

/**
 * The lines of a trace: whether a step passed, what it found, and its parts.
 * @typedef {{passed: boolean, text: string, parts?: Line[]}} Line
 * @returns {Line[]}
 */
export function linesOf({ outcome, stopped_at: stoppedAt, meaning, detail, steps }) {
  const lines = steps.flatMap(({ step, saw }) => STEPS[step]?.(saw) ?? []);
  if (outcome === "permit") lines.push({ passed: true, text: "Asked again now, the edge would let the viewer in." });
  else lines.push({ passed: false, text: `Stopped at the step \`${stoppedAt}\`. ${meaning}${detail ? ` ${sentence(detail)}` : ""}` });
  return lines;
}

/** What would change the outcome. */
export function remedyOf({ steps, remedy }) {
  const by = steps.find(({ step }) => step === "rights")?.saw.by;
  const cure = by?.decided.reason && by.decided.would_pass ? `It would pass with ${by.decided.would_pass}. ` : "";
  return cure + (remedy ?? "");
}

/** Each step in words. */
const STEPS = {
  facts: ({ method, host, resource, place }) => [{ passed: true, text: `A ${method} of ${resource} on ${host} from ${place ? placeName(place) : "an unknown place"}` }],
  route: ({ credential }) => [{ passed: true, text: credential === "session token" ? "Below the entry: the URL has to hold a session token" : "An entry: the request has to hold a viewer token" }],
  token: ({ dialect, keys, tried }) => [
    { passed: true, text: `A token of the dialect ${dialect} by ${keys}; keys to verify it with: ${tried.map(([kid, algorithm]) => `${kid} (${algorithm})`).join(", ") || "none"}` },
  ],
  grant: ({ algorithm, grant }) => [
    { passed: true, text: `Its signature (${algorithm}), times and audience are right: ${grant.plans?.length ? `plan ${grant.plans.join(", ")}` : "no plan"}, until ${grant.expires_at}` },
  ],
  credential: ({ refused }) => [refused ? { passed: false, text: `Times and revocations: ${refused.detail || refused.reason}` } : { passed: true, text: "Still valid, and not revoked" }],
  rights: ({ findings, by }) => [
    ...(by ? [{ passed: true, text: `The rights of ${by.key.replace(/^v1\//, "")}, revision ${by.revision}` }] : []),
    ...owners(findings).map(([of, rules]) => ownerInWords(of, rules)),
  ],
  document: ({ key, found }) => (found || key.startsWith("v1/revocations/") ? [] : [{ passed: false, text: `There is no document \`${key}\`` }]),
  permit: ({ offer }) => [{ passed: true, text: `Let in by the offer ${offer}` }],
};

function owners(findings) {
  return [...Map.groupBy(findings, ({ of }) => of)];
}

/** The rules of the title, an offer or a blackout. */
function ownerInWords(of, rules) {
  const missed = rules.filter(({ passed }) => !passed);
  const parts = missed.map(({ rule, mode, wanted, saw }) => ({
    passed: mode !== "enforce",
    text: `${rule}: expected ${wanted}, found ${saw}${mode === "enforce" ? "" : ` (mode ${mode}: does not refuse)`}`,
  }));
  const fits = parts.every(({ passed }) => passed);
  const text = of === "title" ? `The title’s own rules: ${fits ? "met" : "not met"}` : `${of[0].toUpperCase()}${of.slice(1)}: ${fits ? "fits" : "does not fit"}`;
  return { passed: fits, text, parts };
}

function item({ passed, text, parts = [] }) {
  const line = element("li", "", { class: passed ? "passed" : "missed" });
  line.append(element("span", passed ? "Passed: " : "Not met: ", { class: "spoken" }), ...marked(text));
  if (parts.length) {
    const list = element("ul");
    list.append(...parts.map(item));
    line.append(list);
  }
  return line;
}

const placeName = (place) => (/^[A-Z]{2}$/.test(place) ? `${countryName(place)} (${place})` : place);
