// The origin service's HTTP API, as a CMS uses it.

/** A refusal of the origin: its problem document. */
export class OriginProblem extends Error {
  constructor(status, problem) {
    super(problem.errors?.map(({ field, detail }) => `${field}: ${detail}`).join("; ") || problem.detail || `status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export class OriginApi {
  #base;
  #key;

  constructor(origin, key) {
    this.#base = `${origin}/api/v1`;
    this.#key = key;
  }

  /** Passes a request on as it is. @returns {Promise<Response>} */
  send(method, path, body, headers = {}) {
    return fetch(`${this.#base}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.#key}`, "Content-Type": "application/json", ...headers },
      body,
      signal: AbortSignal.timeout(10_000),
    });
  }

  list = (kind) => this.#json("GET", `/${kind}`);
  get = (kind, id) => this.#json("GET", `/${kind}/${encodeURIComponent(id)}`);
  put = (kind, id, document) => this.#json("PUT", `/${kind}/${encodeURIComponent(id)}`, document);
  sync = () => this.#json("GET", "/sync");
  revoke = (host, what) => this.#json("POST", `/revocations/${encodeURIComponent(host)}`, { what });
  retry = () => this.#json("POST", "/sync/retry");

  /** The document, or null. */
  async find(kind, id) {
    try {
      return await this.get(kind, id);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  async #json(method, path, value) {
    const response = await this.send(method, path, value && JSON.stringify(value));
    const body = await response.json();
    if (!response.ok) throw new OriginProblem(response.status, body);
    return body;
  }
}
