// Several editors of CodeMirror that edit one text of a daemon's at once, each as it happens to come.
//
// Standard input is one line: `{ socket, path, seed, editors, steps }`. Standard output is what came of it.

import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";

import { EditorState } from "@codemirror/state";
import { collab, sendableUpdates } from "@codemirror/collab";

import { SharedText } from "./shared_text.mjs";

/** Numbers from 0 to less than `end`, the same for each seed (mulberry32). */
function random(seed) {
  return (end) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** A connection, and what has come on it and was not looked at yet. */
class Peer {
  constructor(socket) {
    this.stream = connect(socket);
    this.inbox = [];
    this.asked = 0;
    createInterface({ input: this.stream }).on("line", (line) => {
      const message = JSON.parse(line);
      if (message.error) throw new Error(line);
      this.inbox.push(message);
    });
  }

  send(method, params) {
    this.stream.write(`${JSON.stringify({ jsonrpc: "2.0", id: ++this.asked, method, params })}\n`);
    return this.asked;
  }

  async ask(method, params) {
    const id = this.send(method, params);
    for (;;) {
      const place = this.inbox.findIndex((message) => message.id === id);
      if (place >= 0) return this.inbox.splice(place, 1)[0].result;
      await setImmediate();
    }
  }
}

/** Somebody who types without waiting for anything. */
class Editor {
  static async open(socket, path, clientID) {
    const editor = Object.assign(new Editor(), { peer: new Peer(socket), path, edits: 0, answers: new Map() });
    await once(editor.peer.stream, "connect");
    await editor.peer.ask("session:subscribe", { patterns: ["file:changed"] });
    const { text, revision } = await editor.peer.ask("file:get_text", { path });
    const state = EditorState.create({ doc: text, extensions: collab({ clientID }) });
    editor.shared = new SharedText(clientID, state, revision);
    return editor;
  }

  type(pick) {
    const text = this.shared.state.doc.toString();
    const places = [...text].reduce((all, letter) => [...all, all.at(-1) + letter.length], [0]);
    const texts = ["", "", "a", "bc", "é", "😀", "x\ny", "👍🏽", "\n"];
    // Near each other, so that they meet.
    const begin = pick(places.length);
    const place = () => places[Math.min(begin + pick(5), places.length - 1)];
    const changes = [];
    for (let count = 1 + pick(3); count > 0; count--) {
      const [from, to] = [place(), place()].sort((one, other) => one - other);
      if (changes.every((it) => it.to <= from || to <= it.from)) changes.push({ from, to, insert: texts[pick(texts.length)] });
    }
    this.shared.update({ changes });
    this.edits += 1;
  }

  send(pick) {
    const params = this.shared.sendable();
    // It may come twice, as from a client that has lost the answer.
    for (let times = params ? 1 + (pick(8) === 0) : 0; times > 0; times--) {
      this.answers.set(this.peer.send("file:edit", { path: this.path, ...params }), params.clientSeq);
    }
  }

  take() {
    const message = this.peer.inbox.shift();
    if (message?.method === "file:changed") this.shared.changed(message.params);
    else if (message?.result) this.shared.answered(message.result, this.answers.get(message.id));
  }

  get isDone() {
    return sendableUpdates(this.shared.state).length === 0 && this.peer.inbox.length === 0;
  }
}

const line = await once(createInterface({ input: process.stdin }), "line");
const { socket, path, seed, editors: count, steps } = JSON.parse(line[0]);
const pick = random(seed);
const opened = Array.from({ length: count }, () => Editor.open(socket, path, crypto.randomUUID()));
const editors = await Promise.all(opened);
for (let step = 0; step < steps; step++) {
  const editor = editors[pick(count)];
  [() => editor.type(pick), () => editor.send(pick), () => editor.take(), () => editor.take()][pick(4)]();
  if (pick(3) === 0) await setImmediate();
}
const last = async () => (await editors[0].peer.ask("file:get_text", { path })).revision.rev;
let isEnded = false;
while (!isEnded) {
  for (const editor of editors) {
    if (!editor.shared.sent) editor.send(() => 1);
    editor.take();
  }
  await setImmediate();
  const rev = editors.every((editor) => editor.isDone) ? await last() : NaN;
  isEnded = editors.every((editor) => editor.isDone && editor.shared.rev === rev);
}
const texts = editors.map((editor) => editor.shared.state.doc.toString());
const edits = editors.reduce((sum, editor) => sum + editor.edits, 0);
console.log(JSON.stringify({ texts, edits, rev: editors[0].shared.rev }));
process.exit();
