// Draws items beside the content: the film squeezed into a frame, a band over it, a picture while the viewer pauses.
import { Tracking } from "./tracking.js";
import { $, element } from "./words.js";

const TICK_MS = 200;

export class BesideTheContent {
  #video;
  #items = [];
  #pause = null;
  #shown = null;
  #played = 0;
  #told;
  #timer = null;

  /** @param {HTMLVideoElement} video @param {(name: string, event: string) => void} told hears of each tracking event */
  constructor(video, told) {
    this.#video = video;
    this.#told = told;
    for (const event of ["pause", "playing"]) video.addEventListener(event, () => this.#paused(event === "pause"));
  }

  /** Shows the items of a break one by one. Their times count from now. @param {import("./hls-ads.js").Beside[]} items */
  begin(items) {
    this.#hide();
    this.#items = inTurn(items.filter(({ layout }) => layout !== "PAUSE"));
    this.#pause = items.find(({ layout }) => layout === "PAUSE") ?? this.#pause;
    this.#played = 0;
    clearInterval(this.#timer);
    if (this.#items.length > 0) this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#hide();
    this.#items = [];
    this.#pause = null;
  }

  #tick() {
    if (this.#video.paused) return;
    this.#played += TICK_MS / 1000;
    const due = this.#items.find(({ starts, seconds }) => this.#played >= starts && this.#played < starts + seconds);
    if (due !== this.#shown?.item) due ? this.#show(due) : this.#hide();
    if (this.#items.every(({ starts, seconds }) => this.#played >= starts + seconds)) clearInterval(this.#timer);
  }

  #paused(isPaused) {
    if (!isPaused && this.#shown?.item === this.#pause) this.#hide();
    // The end of the film pauses the video too, and so does the start of an ad.
    if (isPaused && this.#pause && !this.#video.ended && !this.#video.seeking && !this.#shown) this.#show(this.#pause);
  }

  #show(item) {
    this.#hide();
    const [width, height] = pair(item.viewport);
    const part = ([x, y]) => [(100 * x) / width, (100 * y) / height];
    const [left, top] = part(pair(item.position));
    const [wide, high] = part(pair(item.size));
    const picture = element("img", "", { src: item.uri, alt: `Advertisement: ${item.name}`, class: "beside" });
    Object.assign(picture.style, { left: `${left}%`, top: `${top}%`, width: `${wide}%`, height: `${high}%` });
    if (item.squeeze) {
      const [x, y] = part(pair(item.squeezePosition));
      this.#video.style.transform = `translate(${x}%, ${y}%) scale(${item.squeeze})`;
      this.#video.before(picture);
    } else {
      this.#video.after(picture);
    }
    $("screen").dataset.beside = item.layout.toLowerCase();
    this.#shown = { item, picture };
    new Tracking(item.tracking, item.seconds, (event) => this.#told(item.name, event));
  }

  #hide() {
    this.#shown?.picture.remove();
    this.#shown = null;
    this.#video.style.transform = "";
    delete $("screen").dataset.beside;
  }
}

/** An item that would begin while another is shown follows it. */
function inTurn(items) {
  let free = 0;
  return items
    .toSorted((one, other) => one.starts - other.starts)
    .map((item) => {
      const starts = Math.max(item.starts, free);
      free = starts + item.seconds;
      return { ...item, starts };
    });
}

/** Reads `1920x1080`. */
const pair = (text) => text.split("x").map(Number);
