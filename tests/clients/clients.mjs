// Media clients of Debian, run from the command line without a screen.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** The time limit for a client, in milliseconds; machines may be loaded. */
const LIMIT_MS = 60_000;

/** The user for clients that refuse to run as root: Debian's `nobody`. */
const NOBODY = 65_534;

/**
 * @typedef {object} Played
 * @property {number} frames decoded frames
 * @property {number} sounds decoded buffers or blocks of audio
 * @property {number | null} code the exit code; null if it was stopped after it had played enough
 * @property {string} said its last output
 */

/** Each client's command line, and how to read what it has decoded. */
const CLIENTS = {
  ffmpeg: {
    program: "ffmpeg",
    version: ["-version"],
    args: (url) => ["-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", "-i", url, "-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-"],
    tell: (line, played) => {
      const [, frames] = /^frame=(\d+)/.exec(line) ?? [];
      if (frames) played.frames = Number(frames);
      const [, time_us] = /^out_time_us=(\d+)/.exec(line) ?? [];
      if (time_us) played.sounds = Number(time_us);
    },
  },
  gstreamer: {
    program: "gst-launch-1.0",
    version: ["--version"],
    told: 0.6,
    args: (url) => [
      ...["-v", "playbin", "flags=audio+video", `uri=${url}`],
      ...["video-sink=fakesink name=pictures silent=false sync=false", "audio-sink=fakesink name=sound silent=false sync=false"],
      // For live streams, it must not pause on a short buffer: at the live edge the buffer is always short.
      ...["audiotestsrc", "is-live=true", "num-buffers=1", "!", "fakesink"],
    ],
    tell: (line, played) => {
      if (/pictures.*last-message = chain /.test(line)) played.frames += 1;
      if (/sound.*last-message = chain /.test(line)) played.sounds += 1;
    },
  },
  vlc: {
    program: "vlc",
    version: ["--version"],
    isNeverRoot: true,
    args: (url, { live }) => [
      ...["--intf", "oldrc", "--rc-fake-tty", "--no-color", "--ignore-config", "--no-media-library", "--no-metadata-network-access"],
      ...["--vout", "dummy", "--aout", "adummy", "--no-video-title-show", "--no-spu", "--rate", live ? "1" : "8", "--play-and-exit", url],
    ],
    /** It tells when it is asked. */
    ask: "stats\n",
    tell: (line, played) => {
      const [, what, count] = /(video|audio) decoded\s*:\s*(\d+)/.exec(line) ?? [];
      if (what === "video") played.frames = Math.max(played.frames, Number(count));
      if (what === "audio") played.sounds = Math.max(played.sounds, Number(count));
    },
  },
};

export const NAMES = Object.keys(CLIENTS);

/** The smallest share of frames that a client reports. Some omit the first or last, and GStreamer omits frames in quick succession. */
export function told(name) {
  return CLIENTS[name].told ?? 0.9;
}

/** A client's name and version, or null if it is not installed. */
export function version(name) {
  const { program, version } = CLIENTS[name];
  const { status, stdout } = spawnSync(program, version, { encoding: "utf8", ...credentials(CLIENTS[name]) });
  return status === 0 ? stdout.split("\n")[0] : null;
}

/**
 * Plays a URL to its end, until it has played enough, or up to a time limit.
 * @param {{enough?: false | ((played: Played) => boolean), limit_ms?: number, live?: boolean}} wish
 * @returns {Promise<Played>}
 */
export async function play(name, url, { enough = false, limit_ms = LIMIT_MS, live = false } = {}) {
  const client = CLIENTS[name];
  const home = await mkdtemp(join(tmpdir(), "stagedoor-client-"));
  const { uid, gid } = credentials(client);
  if (uid !== undefined) await chown(home, uid, gid);
  const env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home, LANG: "C.UTF-8", GST_REGISTRY: join(tmpdir(), "stagedoor-gst-registry.bin"), GST_DEBUG_NO_COLOR: "1" };
  const child = spawn(client.program, client.args(url, { live }), { env, cwd: "/", stdio: ["pipe", "pipe", "pipe"], ...credentials(client) });
  const played = { frames: 0, sounds: 0, code: null, said: "" };
  const tails = [];
  child.stdin.on("error", () => {});
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop();
      for (const line of lines) {
        client.tell(line, played);
        if (stream === child.stderr || /error/i.test(line)) tails.push(line.slice(0, 300));
      }
      tails.splice(0, Math.max(0, tails.length - 30));
    });
  }
  const ended = once(child, "close");
  const start = Date.now();
  let over = false;
  ended.then(() => (over = true));
  while (!over && !(enough && enough(played))) {
    if (Date.now() - start > limit_ms) break;
    if (client.ask && child.stdin.writable) child.stdin.write(client.ask);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  const stopped = !over;
  if (stopped) child.kill("SIGKILL");
  const [code] = await ended;
  await rm(home, { recursive: true, force: true });
  return { ...played, code: stopped ? null : code, said: tails.join("\n") };
}

function credentials({ isNeverRoot = false }) {
  return isNeverRoot && userInfo().uid === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}
