// The media origin of the player tests: the demo's titles below /vod/, live channels of HLS below /live/, titles and channels of
// DASH below /dash/. Beside it, the page with the players, and what hears of the events of ads below /beacon/.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".m4s": "video/mp4",
  ".mp4": "video/mp4",
  ".ts": "video/mp2t",
  ".vtt": "text/vtt; charset=utf-8",
};

/** Folders that are served as they are. */
const FOLDERS = { "/vod/": "demo/media/", "/page/": "tests/players/page/" };

/** The players, from their packages. */
const FILES = {
  "/lib/hls.js": "node_modules/hls.js/dist/hls.min.js",
  "/lib/dash.js": "node_modules/dashjs/dist/modern/umd/dash.all.min.js",
  "/lib/shaka.js": "node_modules/shaka-player/dist/shaka-player.compiled.js",
  "/lib/video.js": "node_modules/video.js/dist/video.min.js",
  "/lib/video.css": "node_modules/video.js/dist/video-js.min.css",
};

/** @param {{"/live": import("../../demo/stack/live/packager.mjs").Packager, "/dash": import("./dash.mjs").Dash}} made generated files, by folder */
export async function startOrigin(made) {
  const server = createServer((request, response) => {
    serve(request, response, made).catch((error) => response.destroy(error));
  });
  // A connection that is closed while idle may break a request that the edge sends on it at that moment.
  server.keepAliveTimeout = 0;
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(request, response, made) {
  const folder = Object.keys(made).find((folder) => request.url.startsWith(`${folder}/`));
  if (folder) {
    request.url = request.url.slice(folder.length);
    return made[folder].handle(request, response);
  }
  const { pathname } = new URL(request.url, "http://origin");
  if (pathname.startsWith("/beacon/")) return response.writeHead(204).end();
  const body = await file(pathname);
  response.writeHead(body ? 200 : 404, { "Content-Type": TYPES[extname(request.url)] ?? "application/octet-stream" });
  response.end(body);
}

async function file(path) {
  const folder = Object.keys(FOLDERS).find((folder) => path.startsWith(folder));
  const name = folder ? FOLDERS[folder] + normalize(path.slice(folder.length)) : FILES[path];
  if (!name || name.includes("..")) return null;
  return readFile(join(root, name)).catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}
