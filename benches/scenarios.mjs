// The requests that every side gets.
import { LENGTHS } from "./fixture.mjs";
import { ENTRIES, PERIODS } from "./mpds.mjs";

/** Stagedoor remembers 4,000 verified signatures, the peer 2,000 tokens: with more tokens in turn, neither finds one in memory. */
const COLD = 5_000;

/**
 * @param {{session: string, mint: (alg: string, claims?: object) => Promise<string>}} viewer
 * @returns {Promise<{name: string, to?: string, peer?: string, country?: string, status?: number,
 *                    paths: (round: number) => string[] | Promise<string[]>}[]>}
 *          `paths(0)` is for warming up, `paths(1)` and on are for the rounds. `to` names the scenario in front of it that this one is
 *          more expensive than.
 */
export async function scenarios({ session, mint }) {
  const viewers = { HS256: await mint("HS256"), ES256: await mint("ES256") };
  const below = (path) => () => [`/~${session}/harbour/${path}`];
  const entry = (path, alg = "ES256") => () => [`/harbour/${path}?token=${viewers[alg]}`];
  const number = (length) => length.toLocaleString("en");
  return [
    { name: "master, at the entry", paths: entry("master.m3u8") },
    ...LENGTHS.map((length) => ({
      name: `${number(length)} segments, below the session`,
      paths: below(`video/${length}.m3u8`),
    })),
    {
      name: "1,000 segments, below the session, the peer sends what it need not change as it is",
      peer: "lenient",
      paths: below("video/1000.m3u8"),
    },
    { name: "live, 450 segments, below the session", paths: below("live/plain.m3u8") },
    { name: "live, 450 segments with a break, below the session", to: "live, 450 segments, below the session", paths: below("live/break.m3u8") },
    { name: "live, 450 segments, at the entry", paths: entry("live/plain.m3u8") },
    { name: "live, 450 segments with a break, at the entry", to: "live, 450 segments, at the entry", paths: entry("live/break.m3u8") },
    ...LENGTHS.map((length) => ({
      name: `${number(length)} segments, at the entry`,
      paths: entry(`video/${length}.m3u8`),
    })),
    { name: `MPD, timelines of ${number(ENTRIES)} entries, below the session`, paths: below("dash/live.mpd") },
    {
      name: `MPD, timelines of ${number(ENTRIES)} entries, below the session, the peer sends what it need not change as it is`,
      peer: "lenient",
      paths: below("dash/live.mpd"),
    },
    { name: `MPD, timelines of ${number(ENTRIES)} entries, at the entry`, paths: entry("dash/live.mpd") },
    ...PERIODS.map((count) => ({ name: `MPD, periods: ${count}, below the session`, paths: below(`dash/periods-${count}.mpd`) })),
    ...PERIODS.map((count) => ({ name: `MPD, periods: ${count}, at the entry`, paths: entry(`dash/periods-${count}.mpd`) })),
    { name: "MPD on demand, below the session", paths: below("dash/vod.mpd") },
    { name: "MPD on demand, at the entry", paths: entry("dash/vod.mpd") },
    { name: "segment of 4 KiB", paths: below("video/4k.m4s") },
    { name: "segment of 200 KiB", paths: below("video/200k.m4s") },
    { name: "segment of 2 MiB", paths: below("video/2m.m4s") },
    { name: "token cold, HS256", paths: cold("HS256", mint) },
    { name: "token cold, ES256", paths: cold("ES256", mint) },
    { name: "token warm, HS256", paths: entry("video/10.m3u8", "HS256") },
    { name: "denied: country", country: "KP", status: 403, paths: entry("master.m3u8") },
  ];
}

/** Tokens of different viewers, other ones for each round; both sides get the same. */
function cold(alg, mint) {
  const rounds = new Map();
  return async (round) => {
    if (!rounds.has(round)) {
      const tokens = Array.from({ length: COLD }, (_, at) => mint(alg, { sub: `viewer-${round}-${at}` }));
      rounds.set(round, await Promise.all(tokens));
    }
    return rounds.get(round).map((token) => `/harbour/video/10.m3u8?token=${token}`);
  };
}
