// Where this window is, as others are told: in the text that the daemon has, since that is the one all know.

import type { Whereabouts } from "../workbench/presence.svelte.ts";
import type { Editors } from "./editors.svelte.ts";

/** The daemon takes no more. */
const SELECTIONS_MAX = 100;

/** What is looked at, and what is selected there. */
export function whereabouts(editors: Editors): Whereabouts {
  const { file, document, view } = editors;
  const path = file?.path ?? null;
  if (!document?.text || !view) return { path, selections: [], viewport: null };
  const back = document.text.unconfirmed.invertedDesc;
  const place = (at: number) => back.mapPos(Math.min(at, back.length), -1);
  const { selection } = view.view.state;
  const ranges = [selection.main, ...selection.ranges.filter((range) => range !== selection.main)];
  const { from, to } = view.view.viewport;
  return {
    path,
    selections: ranges.slice(0, SELECTIONS_MAX).map(({ anchor, head }) => ({ anchor: place(anchor), head: place(head) })),
    viewport: { anchor: place(from), head: place(to) },
  };
}
