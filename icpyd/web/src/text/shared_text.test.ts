// Several type at once, lose their connection, and the daemon dies: all end with one text, and nothing typed is lost.

import { ChangeSet, EditorSelection } from "@codemirror/state";
import { expect, test } from "vitest";
import { type Difference, loadDifference } from "./changes.ts";
import type { Draft } from "./draft.ts";
import { ReferenceDaemon } from "./reference_daemon.ts";
import { type SentEdit, SharedText, type TextViewer } from "./shared_text.ts";

/** A generator of numbers that gives the same ones again: mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A window that edits the daemon's text, over a connection with its own pace. */
class Editor {
  text: SharedText;
  /** Edits on their way, and answers on their way back. */
  #sent: SentEdit | null = null;
  #answer: { edit: SentEdit; rev: number } | null = null;
  readonly #daemon: ReferenceDaemon;

  constructor(client: string, daemon: ReferenceDaemon) {
    this.text = new SharedText(client, daemon);
    this.#daemon = daemon;
  }

  type(changes: { from: number; to?: number; insert?: string }[]): void {
    const set = ChangeSet.of(changes, this.text.doc.length);
    const cursor = EditorSelection.single(0);
    this.text.edit({ changes: set, before: cursor, after: cursor, userEvent: "input.type" }, null);
  }

  /** Something goes on: an edit leaves, arrives, a revision comes, or an answer. */
  step(random: (below: number) => number): void {
    const { epoch, rev } = this.text;
    if (epoch !== this.#daemon.epoch) return;
    const what = random(3);
    if (what === 0 && !this.#sent && !this.#answer) this.#sent = this.text.next();
    if (what === 1 && this.#sent) {
      const made = this.#daemon.edit(this.#sent);
      if (made !== null) this.#answer = { edit: this.#sent, rev: made };
      this.#sent = null;
    }
    if (what === 2 && rev < this.#daemon.rev) this.text.changed(this.#daemon.revision(rev + 1));
    else if (this.#answer && rev >= this.#answer.rev) {
      this.text.answered(this.#answer.edit);
      this.#answer = null;
    }
    if (rev >= this.#daemon.durableRev) this.text.durable(this.#daemon.durableRev);
  }

  /** Comes back after events were lost. */
  reconnect(difference: Difference): void {
    this.#sent = null;
    this.#answer = null;
    let accepted = 0;
    for (const edit of this.text.unsettled()) {
      if (this.#daemon.edit(edit) === null) break;
      accepted++;
    }
    this.#daemon.durableRev = this.#daemon.rev;
    this.text.resync(this.#daemon, accepted, difference);
  }

  /** The tab dies, and another goes on. */
  crash(): void {
    const draft: Draft = JSON.parse(JSON.stringify({ ...this.text.draft(), tab: "", path: "" }));
    const shown = this.text.doc.toString();
    this.text = SharedText.restore(draft);
    expect(this.text.doc.toString()).toBe(shown);
    this.#sent = null;
    this.#answer = null;
  }
}

function settle(editors: Editor[], daemon: ReferenceDaemon, random: (below: number) => number): void {
  const isDone = ({ text }: Editor) => !text.isUnconfirmed && text.rev === daemon.rev;
  for (let turn = 0; !editors.every(isDone); turn++) {
    if (turn > 20_000) throw new Error("they do not come to an end");
    for (const editor of editors) editor.step(random);
  }
}

function typeSomething(editor: Editor, random: (below: number) => number, mark: string | null): void {
  const { length } = editor.text.doc;
  const from = random(length + 1);
  // A mark is never removed, so that it can be counted at the end.
  const end = mark ? from : Math.min(length, from + random(4));
  const words = ["a", "bc", "\n", "", "😀"];
  const places = [{ from, to: end, insert: mark ?? words[random(words.length)] }];
  if (!mark && random(3) === 0 && end < length) places.push({ from: length, to: length, insert: "z" });
  editor.type(places);
}

test("several who type at once end with one text", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = randomOf(seed);
    const daemon = new ReferenceDaemon("one\ntwo\nthree");
    const editors = ["a", "b", "c"].map((client) => new Editor(client, daemon));
    for (let step = 0; step < 120; step++) {
      const editor = editors[random(editors.length)] as Editor;
      if (random(4) === 0) typeSomething(editor, random, null);
      editor.step(random);
      if (random(3) === 0) daemon.durableRev = daemon.rev;
    }
    settle(editors, daemon, random);
    for (const { text } of editors) expect(text.doc.toString(), `seed ${seed}`).toBe(daemon.text);
  }
});

test("nothing that was typed is lost or doubled by lost connections, killed daemons and crashed tabs", async () => {
  const difference = await loadDifference();
  for (let seed = 0; seed < 300; seed++) {
    const random = randomOf(seed);
    const daemon = new ReferenceDaemon("one\ntwo\nthree");
    const editors = ["a", "b"].map((client) => new Editor(client, daemon));
    const marks: string[] = [];
    for (let step = 0; step < 150; step++) {
      const editor = editors[random(editors.length)] as Editor;
      if (random(4) === 0) {
        marks.push(String.fromCodePoint(0x4e00 + marks.length));
        typeSomething(editor, random, marks.at(-1) ?? "");
      }
      editor.step(random);
      if (random(5) === 0) daemon.durableRev = Math.max(daemon.durableRev, daemon.rev - random(3));
      const disaster = random(40);
      if (disaster === 0) daemon.crash();
      if (disaster === 1) editor.crash();
      if (disaster <= 2) for (const it of editors) it.reconnect(difference);
    }
    for (const it of editors) if (it.text.epoch !== daemon.epoch) it.reconnect(difference);
    settle(editors, daemon, random);
    for (const { text } of editors) expect(text.doc.toString(), `seed ${seed}`).toBe(daemon.text);
    for (const mark of marks) expect(daemon.text.split(mark).length - 1, `${mark} with seed ${seed}`).toBe(1);
  }
});

test("undoing takes back what was done in this window, and leaves what others did", () => {
  const daemon = new ReferenceDaemon("text");
  const editor = new Editor("a", daemon);
  const shown: string[] = [];
  const viewer: TextViewer = { apply: () => shown.push(editor.text.doc.toString()) };
  editor.text.attach(viewer);
  editor.type([{ from: 0, insert: "mine " }]);
  daemon.edit({ epoch: daemon.epoch, baseRev: 0, client: "b", clientSeq: 1, edits: [{ from: 4, text: " theirs" }] });
  editor.text.changed(daemon.revision(1));
  expect(editor.text.doc.toString()).toBe("mine text theirs");
  expect(editor.text.reverse("undo", viewer)).toBe(true);
  expect(editor.text.doc.toString()).toBe("text theirs");
  expect(editor.text.reverse("redo", viewer)).toBe(true);
  expect(editor.text.doc.toString()).toBe("mine text theirs");
  expect(shown.at(-1)).toBe("mine text theirs");
});

test("what a tab has sent after its draft was written is not there twice", async () => {
  const daemon = new ReferenceDaemon("");
  const text = new SharedText("a", daemon);
  const type = (insert: string) => {
    const changes = ChangeSet.of({ from: text.doc.length, insert }, text.doc.length);
    text.edit({ changes, before: EditorSelection.single(0), after: EditorSelection.single(0), userEvent: undefined }, null);
  };
  type("one ");
  const first = text.next() as SentEdit;
  type("two");
  const draft: Draft = JSON.parse(JSON.stringify({ ...text.draft(), tab: "", path: "" }));
  daemon.edit(first);
  text.changed(daemon.revision(1));
  text.answered(first);
  daemon.edit(text.next() as SentEdit);

  const restored = SharedText.restore(draft);
  const accepted = restored.unsettled().filter((edit) => daemon.edit(edit) !== null).length;
  restored.resync(daemon, accepted, await loadDifference());
  daemon.edit(restored.next() as SentEdit);
  expect(daemon.text).toBe("one two");
});
