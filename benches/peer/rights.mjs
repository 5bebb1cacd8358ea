// Finds the offer that fits a viewer by territory, window and plan. The denial names the offer that came closest.
import { equal } from "./bytes.mjs";
import { Denial } from "./reply.mjs";

const STEPS = ["offer_changed", "territory", "window_not_open", "window_closed", "plan"];

export function permit(title, country, plans, site, now) {
  return best(title, country, site, (offer) => {
    const missing = offer.plans.length > 0 && !offer.plans.some((plan) => plans.includes(plan));
    return misfit(offer, country, now) ?? (missing ? "plan" : undefined);
  });
}

/** Decides again for a running session: an offer of its class, in its territory and window, whose plan was proved. */
export function stillPermitted(title, country, session, site, now) {
  return best(title, country, site, (offer) => {
    if (!equal(offer.class, session.class)) return "offer_changed";
    const missing = offer.plans.length > 0 && !session.hasPlan;
    return misfit(offer, country, now) ?? (missing ? "plan" : undefined);
  });
}

function best(title, country, site, misfit) {
  if (!country && (site.geography?.unknown ?? "deny") === "deny") {
    throw new Denial("geography_unknown", "the viewer's country is unknown");
  }
  let found;
  let closest = "no_offer";
  const height = (offer) => offer.caps.max_height ?? Infinity;
  for (const offer of title.offers) {
    const reason = misfit(offer);
    if (reason === undefined) {
      if (!found || height(found) < height(offer)) found = offer;
    } else if (STEPS.indexOf(reason) > STEPS.indexOf(closest)) {
      closest = reason;
    }
  }
  if (found) return found;
  const place = country ?? "an unknown place";
  const detail = `none of the ${title.offers.length} offers of \`${title.id}\` fits a viewer in ${place}`;
  throw new Denial(closest, detail);
}

function misfit({ territories, from, until }, country, now) {
  const inside = (list = []) => list.includes("*") || list.includes(country);
  if (!inside(territories.allow) || inside(territories.deny)) return "territory";
  if (now < from) return "window_not_open";
  return now >= until ? "window_closed" : undefined;
}
