// Asks the page's own server.

/** @returns {Promise<{ok: boolean, body: any}>} the reply; if there is none, a problem that says so */
export async function ask(path, init) {
  try {
    const response = await fetch(path, init);
    return { ok: response.ok, body: await response.json() };
  } catch {
    return { ok: false, body: { title: "No reply", detail: "The demo does not answer. Check that `make demo` is running." } };
  }
}

/** Posts a value as JSON. */
export function post(path, value) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
}
