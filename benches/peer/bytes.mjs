// Small things about bytes.

const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

export const hash = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
