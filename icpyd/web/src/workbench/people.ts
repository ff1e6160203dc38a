// How people are told apart.

import type { PresenceInfo } from "$protocol";

/** Colours on which white can be read, apart from each other. */
const COLOURS = ["#b4235a", "#0b7285", "#8a4b00", "#5f3dc4", "#2b7a0b", "#c2410c", "#1864ab", "#862e9c"];

/** Somebody's colour: the same in every window. */
export function colourOf({ sessionId }: Pick<PresenceInfo, "sessionId">): string {
  let hash = 0;
  for (let at = 0; at < sessionId.length; at++) hash = (hash * 31 + sessionId.charCodeAt(at)) >>> 0;
  return COLOURS[hash % COLOURS.length] ?? "#1864ab";
}

/** What somebody is called. */
export function nameOfPresent({ name, user }: Pick<PresenceInfo, "name" | "user">): string {
  return name || user;
}
