// How long requests took, as the browser measured it: from its start to the last byte of the reply.
// https://www.w3.org/TR/resource-timing/

/** Measurements that nobody has asked for yet, and questions that wait for a measurement, by URL. */
const measured = new Map();
const asked = new Map();

/** A request that was stopped may never be measured. */
const PATIENCE_MS = 2_000;
const MOST_MEASURED = 500;

new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) {
    const waiting = asked.get(name)?.shift();
    if (waiting) waiting(duration);
    else measured.set(name, [...(measured.get(name) ?? []), duration]);
  }
  for (const url of [...measured.keys()].slice(0, -MOST_MEASURED)) measured.delete(url);
}).observe({ type: "resource" });

/** The milliseconds of the next finished request of a URL, or null. Each measurement answers once. @returns {Promise<number | null>} */
export function durationOf(url) {
  const known = measured.get(url);
  if (known) {
    const duration = known.shift();
    if (known.length === 0) measured.delete(url);
    return Promise.resolve(duration);
  }
  return new Promise((resolve) => {
    const waiting = asked.get(url) ?? [];
    asked.set(url, waiting);
    waiting.push(answer);
    const timer = setTimeout(answer, PATIENCE_MS, null);
    function answer(duration) {
      clearTimeout(timer);
      const at = waiting.indexOf(answer);
      if (at >= 0) waiting.splice(at, 1);
      if (waiting.length === 0) asked.delete(url);
      resolve(duration);
    }
  });
}

/** The middle of a list of numbers, or null. */
export function median(numbers) {
  if (numbers.length === 0) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
