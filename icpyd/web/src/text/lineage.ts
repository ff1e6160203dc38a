// What is left of a text when the daemon was killed, and what others had changed may be gone with it.

import { ChangeSet, type Text } from "@codemirror/state";
import type { SentEdit } from "./shared_text.ts";

/** A revision that is known. */
export interface Known {
  rev: number;
  /** What it has changed of the text before. */
  changes: ChangeSet;
  /** How it was sent, where it is ours. */
  own: SentEdit | null;
}

/** The text with those of our edits that the daemon has, and what of ours it has not: as if others had changed nothing. */
export function withoutOthers(
  settled: Text,
  revisions: Known[],
  pending: ChangeSet,
  accepted: number,
): { base: Text; own: ChangeSet } {
  const ours = new OursAlone(settled);
  let base = settled;
  let own = ChangeSet.empty(settled.length);
  let count = 0;
  const take = (changes: ChangeSet, isAccepted: boolean) => {
    const alone = ours.take(changes);
    if (isAccepted) {
      base = alone.apply(base);
      own = ChangeSet.empty(base.length);
    } else {
      own = own.compose(alone);
    }
  };
  for (const { changes, own: edit } of revisions) {
    if (edit) take(changes, ++count <= accepted);
    else ours.skip(changes);
  }
  take(pending, false);
  return { base, own };
}

/** Carries our changes back over what others have changed. */
class OursAlone {
  /** The text with our changes alone. */
  #text: Text;
  /** What makes the real text of it; nothing where it is the same. */
  #others: ChangeSet | null = null;

  constructor(text: Text) {
    this.#text = text;
  }

  /** A change of others. */
  skip(changes: ChangeSet): void {
    this.#others = this.#others ? this.#others.compose(changes) : changes;
  }

  /** A change of ours, for the real text. Returns what it is for the text without others. */
  take(changes: ChangeSet): ChangeSet {
    if (!this.#others) {
      this.#text = changes.apply(this.#text);
      return changes;
    }
    const back = this.#others.invert(this.#text);
    const alone = changes.map(back);
    const real = changes.apply(this.#others.apply(this.#text));
    const others = this.#others.map(alone, true);
    const text = alone.apply(this.#text);
    // Where we have changed what others wrote, the two do not meet: then it is found by way of the text before.
    const isSame = others.apply(text).eq(real);
    this.#others = isSame ? others : alone.invert(this.#text).compose(this.#others).compose(changes);
    this.#text = text;
    return alone;
  }
}
