// A text that is shared with others, in an editor of CodeMirror: what `file:edit` and `file:changed` are to @codemirror/collab.
// docs/texts.md says why each is as it is.

import { ChangeSet } from "@codemirror/state";
import { receiveUpdates, sendableUpdates } from "@codemirror/collab";

/** What a revision changes, in two parts, of which the second is made for the text after the first. */
export function partsOf(edits, length) {
  const inserted = edits.map((edit) => ({ from: edit.from, insert: edit.text ?? "" }));
  let shift = 0;
  const removed = edits.map((edit) => {
    shift += (edit.text ?? "").length;
    return { from: edit.from + shift, to: (edit.to ?? edit.from) + shift };
  });
  return [ChangeSet.of(inserted, length), ChangeSet.of(removed, length + shift)];
}

/** Changes as `file:edit` takes them: each of its own, although they may touch each other. */
export function editsOf(changes) {
  const edits = [];
  changes.iterChanges((from, to, _from, _to, text) => edits.push({ from, to, text: text.toString() }), true);
  return edits;
}

/** Keeps the state of an editor, which was made with `collab({ clientID })`, and a text of the daemon's the same. */
export class SharedText {
  constructor(clientID, state, revision) {
    Object.assign(this, { clientID, state, epoch: revision.epoch, rev: revision.rev, seq: 0, sent: null });
  }

  /** What the user does. */
  update(spec) {
    this.state = this.state.update(spec).state;
  }

  /** The params of `file:edit` for what is to be sent next, or again; nothing where there is none. */
  sendable() {
    const [first] = sendableUpdates(this.state);
    if (!this.sent && first) {
      const revision = { epoch: this.epoch, baseRev: this.rev };
      this.sent = { ...revision, client: this.clientID, clientSeq: ++this.seq, edits: editsOf(first.changes) };
    }
    return this.sent;
  }

  /** Takes the payload of `file:changed`: of each revision once, in their order. */
  changed({ revision, edits, origin }) {
    if (revision.rev !== this.rev + 1) throw new Error(`revision ${revision.rev} comes after ${this.rev}`);
    this.rev = revision.rev;
    if (origin.kind === "edit" && origin.client === this.clientID && origin.clientSeq === this.sent?.clientSeq) {
      this.#confirm();
    } else {
      for (const changes of partsOf(edits, this.#confirmedLength())) this.#receive({ clientID: "", changes });
    }
  }

  /** Takes the answer to `file:edit`, once all revisions up to its own were taken. */
  answered({ revision }, clientSeq) {
    if (revision.rev > this.rev) throw new Error(`the answer for ${revision.rev} is taken before that`);
    // Others have removed all that it was about: there is no revision that would tell of it.
    if (this.sent?.clientSeq === clientSeq) this.#confirm();
  }

  /** Of the text without what is not confirmed. */
  #confirmedLength() {
    return sendableUpdates(this.state)[0]?.changes.length ?? this.state.doc.length;
  }

  #confirm() {
    this.sent = null;
    this.#receive({ clientID: this.clientID, changes: sendableUpdates(this.state)[0].changes });
  }

  #receive(update) {
    this.state = receiveUpdates(this.state, [update]).state;
  }
}
