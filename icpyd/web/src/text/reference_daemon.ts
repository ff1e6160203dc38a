// A text as the daemon keeps it, by the rules of docs/texts.md: for tests of what meets it.

import type { TextEdit } from "$protocol";
import type { Revision, SentEdit } from "./shared_text.ts";

interface Splice {
  at: number;
  removed: number;
  inserted: string;
}

interface Made {
  splices: Splice[];
  client: string;
  clientSeq: number;
}

export class ReferenceDaemon {
  text: string;
  epoch = "epoch-0";
  rev = 0;
  durableRev = 0;
  #log: Made[] = [];
  #texts: string[];
  /** Epochs before, and up to which revision they hold. */
  readonly #former = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
    this.#texts = [text];
  }

  /** Makes an edit. Returns its revision, or nothing where what it was made for is not known. */
  edit(edit: SentEdit): number | null {
    const seen = this.#log.findLastIndex((it) => it.client === edit.client && it.clientSeq >= edit.clientSeq);
    if (seen >= 0) return seen + 1;
    const known = edit.epoch === this.epoch ? this.rev : (this.#former.get(edit.epoch) ?? -1);
    if (edit.baseRev > known) return null;
    let splices = normal(edit.edits);
    for (const { splices: other } of this.#log.slice(edit.baseRev)) splices = over(splices, other);
    if (splices.length === 0) return this.rev;
    this.text = applied(this.text, splices);
    this.rev++;
    this.#log.push({ splices, client: edit.client, clientSeq: edit.clientSeq });
    this.#texts.push(this.text);
    return this.rev;
  }

  /** What is told of a revision. */
  revision(rev: number): Revision {
    const { splices, client, clientSeq } = this.#log[rev - 1] as Made;
    const edits = splices.map(({ at, removed, inserted }) => ({ from: at, to: at + removed, text: inserted }));
    return { rev, edits, client, clientSeq };
  }

  /** Dies and comes back: what was not stored is gone. */
  crash(): void {
    this.#former.set(this.epoch, this.durableRev);
    for (const [epoch, rev] of this.#former) this.#former.set(epoch, Math.min(rev, this.durableRev));
    this.epoch = `epoch-${this.#former.size}`;
    this.rev = this.durableRev;
    this.#log = this.#log.slice(0, this.rev);
    this.#texts = this.#texts.slice(0, this.rev + 1);
    this.text = this.#texts[this.rev] ?? "";
  }
}

function normal(edits: TextEdit[]): Splice[] {
  const splices: Splice[] = [];
  for (const { from, to, text } of edits) {
    push(splices, { at: Number(from), removed: Number(to ?? from) - Number(from), inserted: text ?? "" });
  }
  return splices;
}

function push(splices: Splice[], splice: Splice): void {
  const last = splices.at(-1);
  if (splice.removed === 0 && splice.inserted === "") return;
  if (last && last.at + last.removed === splice.at && (last.removed === 0 || splice.inserted === "")) {
    last.inserted += splice.inserted;
    last.removed += splice.removed;
  } else {
    splices.push({ ...splice });
  }
}

function applied(text: string, splices: Splice[]): string {
  for (const { at, removed, inserted } of splices.toReversed()) {
    text = text.slice(0, at) + inserted + text.slice(at + removed);
  }
  return text;
}

/** What some splices become when others were made before: who came first stands first. */
function over(splices: Splice[], others: Splice[]): Splice[] {
  const result: Splice[] = [];
  let next = 0;
  let shift = 0;
  const pass = () => {
    const other = others[next++] as Splice;
    shift += other.inserted.length - other.removed;
  };
  for (const { at, removed, inserted } of splices) {
    while (next < others.length && endOf(others[next]) <= at) pass();
    const here = others[next];
    const place = here && here.at <= at ? here.at + shift + here.inserted.length : at + shift;
    push(result, { at: place, removed: 0, inserted });
    let begin = at;
    const remove = (end: number) => {
      if (begin < end) push(result, { at: begin + shift, removed: end - begin, inserted: "" });
    };
    let isInside = false;
    while (next < others.length && (others[next] as Splice).at < at + removed) {
      const other = others[next] as Splice;
      remove(other.at);
      begin = Math.max(begin, endOf(other));
      isInside = endOf(other) > at + removed;
      if (isInside) break;
      pass();
    }
    if (!isInside) remove(at + removed);
  }
  return result;
}

function endOf(splice: Splice | undefined): number {
  return splice ? splice.at + splice.removed : Number.POSITIVE_INFINITY;
}
