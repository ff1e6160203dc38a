// A text that is shared with others: what the daemon has confirmed, what was typed here since, and how the two meet.
//
// Nothing here waits or knows a connection. Whoever shows it is a `TextViewer`; all viewers of a window show the same text, and
// have one history to undo.

import { history, redo, undo } from "@codemirror/commands";
import { ChangeSet, type EditorSelection, EditorState, Text, Transaction } from "@codemirror/state";
import type { TextEdit } from "$protocol";
import { type Difference, editsOf, partsOf } from "./changes.ts";
import type { Draft } from "./draft.ts";
import { type Known, withoutOthers } from "./lineage.ts";

/** Shows the text somewhere. */
export interface TextViewer {
  /** Takes what others have changed, or another viewer. A selection comes where it is to be shown. */
  apply(changes: ChangeSet, selection: EditorSelection | null): void;
}

/** An edit as it was sent, to be sent again exactly so. */
export interface SentEdit {
  epoch: string;
  baseRev: number;
  client: string;
  clientSeq: number;
  edits: TextEdit[];
}

/** A revision that the daemon tells. */
export interface Revision {
  rev: number;
  edits: TextEdit[];
  client: string | null;
  clientSeq: number | null;
}

/** The text as the daemon has it. */
export interface Present {
  epoch: string;
  rev: number;
  text: string;
}

/** What a viewer has its user do. */
export interface LocalEdit {
  changes: ChangeSet;
  before: EditorSelection;
  after: EditorSelection;
  userEvent: string | undefined;
}

export class SharedText {
  /** Names whoever counts the edits: for this text alone, since the daemon makes an edit of the same count but once. */
  readonly client: string;
  #epoch: string;
  #rev: number;
  #seq = 0;
  /** The text at the revision. */
  #confirmed: Text;
  /** The edit under way, and what it changes of the confirmed text. */
  #sent: { edit: SentEdit; changes: ChangeSet } | null = null;
  /** What was typed since. */
  #pending: ChangeSet;
  /** The text at a revision up to which nothing of ours can be lost any more. */
  #settled: Text;
  /** The revisions since that. */
  #since: Known[] = [];
  /** The text as it is shown, with what can be undone. */
  #state: EditorState;
  readonly #viewers = new Set<TextViewer>();

  constructor(client: string, present: Present) {
    this.client = client;
    this.#epoch = present.epoch;
    this.#rev = present.rev;
    this.#confirmed = Text.of(present.text.split("\n"));
    this.#settled = this.#confirmed;
    this.#pending = ChangeSet.empty(this.#confirmed.length);
    this.#state = stateOf(this.#confirmed);
  }

  /** The text of a tab that has ended. It counts on: what that tab has sent after the draft was written is made once. */
  static restore(draft: Draft): SharedText {
    const text = new SharedText(draft.client, { epoch: draft.epoch, rev: draft.settledRev, text: draft.settled });
    text.#seq = draft.seq;
    for (const { rev, changes, own } of draft.since) {
      const known = { rev, changes: ChangeSet.fromJSON(changes), own };
      text.#since.push(known);
      text.#confirmed = known.changes.apply(text.#confirmed);
      text.#rev = rev;
    }
    text.#pending = ChangeSet.empty(text.#confirmed.length);
    let shown = text.#confirmed;
    if (draft.sent) {
      text.#sent = { edit: draft.sent.edit, changes: ChangeSet.fromJSON(draft.sent.changes) };
      shown = text.#sent.changes.apply(shown);
    }
    text.#pending = ChangeSet.fromJSON(draft.pending);
    text.#state = stateOf(text.#pending.apply(shown));
    return text;
  }

  get doc(): Text {
    return this.#state.doc;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get rev(): number {
    return this.#rev;
  }

  /** Whether something was typed that the daemon has not confirmed. */
  get isUnconfirmed(): boolean {
    return this.#sent !== null || !this.#pending.empty;
  }

  /** Whether something was typed that a crash of the daemon could lose. */
  get isUnsettled(): boolean {
    return this.isUnconfirmed || this.#since.some(({ own }) => own !== null);
  }

  /** What is shown of the confirmed text: to carry places from there to here, or back. */
  get unconfirmed(): ChangeSet {
    return this.#sent ? this.#sent.changes.compose(this.#pending) : this.#pending;
  }

  /** The confirmed text at a revision, where that is still known. */
  textAt(epoch: string, rev: number): Text | null {
    const first = this.#rev - this.#since.length;
    if (epoch !== this.#epoch || rev > this.#rev || rev < first) return null;
    if (rev === this.#rev) return this.#confirmed;
    return this.#since.slice(0, rev - first).reduce((text, { changes }) => changes.apply(text), this.#settled);
  }

  /** Shows it in one more place, until the function is called that this returns. */
  attach(viewer: TextViewer): () => void {
    this.#viewers.add(viewer);
    return () => this.#viewers.delete(viewer);
  }

  /** Takes what a viewer shows already. */
  edit({ changes, before, after, userEvent }: LocalEdit, viewer: TextViewer | null): void {
    if (!this.#state.selection.eq(before)) this.#state = this.#state.update({ selection: before }).state;
    this.#state = this.#state.update({ changes, selection: after, userEvent }).state;
    this.#pending = this.#pending.compose(changes);
    for (const other of this.#viewers) if (other !== viewer) other.apply(changes, null);
  }

  /** Takes back what was last done in this window, or that. Returns whether there was something. */
  reverse(kind: "undo" | "redo", viewer: TextViewer): boolean {
    const dispatch = (transaction: Transaction) => {
      this.#state = transaction.state;
      this.#pending = this.#pending.compose(transaction.changes);
      for (const other of this.#viewers)
        other.apply(transaction.changes, other === viewer ? transaction.newSelection : null);
    };
    return (kind === "undo" ? undo : redo)({ state: this.#state, dispatch });
  }

  /** What is to be sent next, or again; nothing where there is none. */
  next(): SentEdit | null {
    if (!this.#sent && !this.#pending.empty) {
      const edits = editsOf(this.#pending);
      const { client } = this;
      const edit = { epoch: this.#epoch, baseRev: this.#rev, client, clientSeq: ++this.#seq, edits };
      this.#sent = { edit, changes: this.#pending };
      this.#pending = ChangeSet.empty(this.#pending.newLength);
    }
    return this.#sent?.edit ?? null;
  }

  /** Takes the revision after the last one. */
  changed({ rev, edits, client, clientSeq }: Revision): void {
    if (rev !== this.#rev + 1) throw new Error(`revision ${rev} comes after ${this.#rev}`);
    this.#rev = rev;
    const sent = this.#sent?.edit;
    if (sent && client === sent.client && clientSeq === sent.clientSeq) {
      this.#confirm(rev);
      return;
    }
    const parts = partsOf(edits, this.#confirmed.length);
    for (const part of parts) this.#receive(part);
    const none = ChangeSet.empty(this.#confirmed.length);
    const [first = none, second] = parts;
    this.#since.push({ rev, changes: second ? first.compose(second) : first, own: null });
  }

  /** Takes the answer to an edit, once all revisions up to its own were taken. */
  answered(edit: SentEdit): void {
    // Others have removed all that it was about: there is no revision that would tell of it.
    if (this.#sent?.edit === edit) this.#confirm(null);
  }

  /** Takes that nothing can be lost any more up to a revision. */
  durable(rev: number): void {
    while (this.#since[0] && this.#since[0].rev <= rev) {
      const { changes } = this.#since.shift() as Known;
      this.#settled = changes.apply(this.#settled);
    }
  }

  /** Our edits that may be lost, the first one first, as they were sent. */
  unsettled(): SentEdit[] {
    const edits = this.#since.flatMap(({ own }) => (own ? [own] : []));
    return this.#sent ? [...edits, this.#sent.edit] : edits;
  }

  /** Takes the daemon's text when events were missed. It has those of the unsettled edits that were accepted, and no other. */
  resync(present: Present, accepted: number, difference: Difference): void {
    const { base, own } = this.#known(present.epoch, accepted);
    const theirs = Text.of(present.text.split("\n"));
    const foreign = difference(base, theirs);
    const pending = own.map(foreign);
    const shown = own.apply(base);
    const change = shown.eq(this.doc) ? foreign.map(own, true) : difference(this.doc, pending.apply(theirs));
    this.#epoch = present.epoch;
    this.#rev = present.rev;
    this.#confirmed = theirs;
    this.#settled = theirs;
    this.#since = [];
    this.#sent = null;
    this.#pending = pending;
    this.#show(change);
  }

  /** What is needed to go on in another tab. */
  draft(): Omit<Draft, "path" | "tab"> {
    return {
      client: this.client,
      seq: this.#seq,
      epoch: this.#epoch,
      settledRev: this.#rev - this.#since.length,
      settled: this.#settled.toString(),
      since: this.#since.map(({ rev, changes, own }) => ({ rev, changes: changes.toJSON(), own })),
      sent: this.#sent && { edit: this.#sent.edit, changes: this.#sent.changes.toJSON() },
      pending: this.#pending.toJSON(),
    };
  }

  /** The text that the daemon and we both know, and what is ours on it. */
  #known(epoch: string, accepted: number): { base: Text; own: ChangeSet } {
    const isSentAccepted = this.#sent !== null && accepted >= this.unsettled().length;
    if (epoch === this.#epoch) {
      const base = isSentAccepted && this.#sent ? this.#sent.changes.apply(this.#confirmed) : this.#confirmed;
      return { base, own: isSentAccepted ? this.#pending : this.unconfirmed };
    }
    const last: Known[] = this.#sent ? [{ rev: 0, changes: this.#sent.changes, own: this.#sent.edit }] : [];
    return withoutOthers(this.#settled, [...this.#since, ...last], this.#pending, accepted);
  }

  #confirm(rev: number | null): void {
    if (!this.#sent) return;
    const { edit, changes } = this.#sent;
    this.#confirmed = changes.apply(this.#confirmed);
    if (rev !== null) this.#since.push({ rev, changes, own: edit });
    this.#sent = null;
  }

  #receive(changes: ChangeSet): void {
    this.#confirmed = changes.apply(this.#confirmed);
    let rest = changes;
    if (this.#sent) {
      const { edit, changes: own } = this.#sent;
      this.#sent = { edit, changes: own.map(rest) };
      rest = rest.map(own, true);
    }
    const own = this.#pending;
    this.#pending = own.map(rest);
    this.#show(rest.map(own, true));
  }

  #show(changes: ChangeSet): void {
    const annotations = [Transaction.addToHistory.of(false), Transaction.remote.of(true)];
    this.#state = this.#state.update({ changes, annotations, filter: false }).state;
    for (const viewer of this.#viewers) viewer.apply(changes, null);
  }
}

function stateOf(doc: Text): EditorState {
  return EditorState.create({ doc, extensions: [history(), EditorState.allowMultipleSelections.of(true)] });
}
