// Changes of a text as CodeMirror has them, and as the daemon tells and takes them. See docs/texts.md.

import { ChangeSet, type Text } from "@codemirror/state";
import type { TextEdit, TextPlace } from "$protocol";

/** Finds what makes one text of another. */
export type Difference = (before: Text, after: Text) => ChangeSet;

/** How long a comparison may look for the shortest difference, in milliseconds. */
const COMPARE_MS_MAX = 500;

/** Changes as `file:edit` takes them: each of its own, although they may touch each other. */
export function editsOf(changes: ChangeSet): TextEdit[] {
  const edits: TextEdit[] = [];
  changes.iterChanges((from, to, _from, _to, text) => edits.push({ from, to, text: text.toString() }), true);
  return edits;
}

/** What a revision changes, in two parts, of which the second is made for the text after the first: what is inserted stands first. */
export function partsOf(edits: TextEdit[], length: number): ChangeSet[] {
  const inserted = edits.map((edit) => ({ from: offsetOf(edit.from), insert: edit.text ?? "" }));
  let shift = 0;
  const removed = edits.map((edit) => {
    const from = offsetOf(edit.from);
    shift += (edit.text ?? "").length;
    return { from: from + shift, to: offsetOf(edit.to ?? edit.from) + shift };
  });
  return [ChangeSet.of(inserted, length), ChangeSet.of(removed, length + shift)].filter((part) => !part.empty);
}

/** Loads what compares texts. */
export async function loadDifference(): Promise<Difference> {
  const { diff } = await import("@codemirror/merge");
  return (before, after) => {
    if (before.eq(after)) return ChangeSet.empty(before.length);
    const text = after.toString();
    const parts = diff(before.toString(), text, { timeout: COMPARE_MS_MAX });
    return ChangeSet.of(
      parts.map(({ fromA, toA, fromB, toB }) => ({ from: fromA, to: toA, insert: text.slice(fromB, toB) })),
      before.length,
    );
  };
}

/** The daemon tells places as offsets. */
function offsetOf(place: TextPlace): number {
  if (typeof place !== "number") throw new Error("a place is told as line and character");
  return place;
}
