// Keeps a shared text and the daemon's the same: sends what is typed, one edit at a time, and takes what others do.
//
// A connection that comes back goes on where it was. Where events were missed, or the daemon was killed, our edits that may be
// lost are sent again as they were, and what else differs is what others have done.

import type { Events, FileChanged, FileText, FileTextStateChanged, OpenFile, TextRevision } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { ConnectionLost, RpcError } from "../connection/message.ts";
import { type Difference, loadDifference } from "./changes.ts";
import { type SentEdit, SharedText } from "./shared_text.ts";

/** How a text stands to its file. */
export type TextState = Pick<FileTextStateChanged, "revision" | "isDirty" | "version" | "charset" | "hasBom" | "conflicts">;

/** Is told of a text. */
export interface TextListener {
  /** The text is there, and the same as the daemon's, for the first time. */
  opened?(text: SharedText): void;
  /** It stands to its file in another way. */
  state?(state: TextState): void;
  /** It was written to its file. */
  saved?(revision: TextRevision): void;
  /** What is sent, or may be lost, is something else than before. */
  progress?(): void;
  /** The file on disk was changed by others, and that is in the text now. */
  merged?(): void;
  /** It cannot be opened, or not be edited. */
  failed?(error: unknown): void;
}

interface Fetched {
  file: FileText;
  accepted: number;
  difference: Difference | null;
}

/** How long what the daemon could not do just now is left alone, in milliseconds. */
const RETRY_MS = 400;
/** How long, and how often, is asked whether edits that were sent again are stored. */
const DURABLE_MS = 25;
const DURABLE_ASKS_MAX = 400;

export class TextLink {
  readonly fileId: string;
  text: SharedText | null;
  /** Whether an edit was refused for good, say because this user may only look. */
  isReadOnly = false;
  readonly #connection: Connection;
  readonly #listener: TextListener;
  /** As events name it: without symbolic links. */
  #path: FileText["path"] | null = null;
  #isOpened = false;
  #isWhole = false;
  #isSending = false;
  /** Each time that the text is fetched, answers of before mean nothing any more. */
  #turn = 0;
  #end: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: Array<() => void> = [];

  constructor(
    connection: Connection,
    file: Pick<OpenFile, "fileId">,
    listener: TextListener,
    text: SharedText | null = null,
  ) {
    this.#connection = connection;
    this.fileId = file.fileId;
    this.#listener = listener;
    this.text = text;
    this.#follow();
  }

  /** Ends it. What is not sent stays in the draft. */
  close(): void {
    this.#turn = -1;
    this.#isWhole = false;
    clearTimeout(this.#timer);
    this.#end();
  }

  /** Something was typed. */
  typed(): void {
    this.#listener.progress?.();
    this.#send();
  }

  /** Waits until all that was typed is confirmed, or, where that is asked for, safe. */
  async flush(isSettled = false): Promise<void> {
    while (!this.text || (isSettled ? this.text.isUnsettled : this.text.isUnconfirmed)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #follow(): void {
    this.#end();
    this.#end = this.#connection.follow<Fetched>({
      fetch: () => this.#fetch(),
      apply: (fetched) => this.#apply(fetched),
      failed: (error) => this.#refused(error),
      events: {
        "file:changed": (changed) => this.#changed(changed),
        "file:durable": ({ path, revision }) => this.#durable(path, revision),
        "file:saved": ({ path, revision }) => this.#isOurs(path) && this.#listener.saved?.(revision),
        "file:text_state_changed": (state) => this.#isOurs(state.path) && this.#listener.state?.(state),
        "file:renamed": (renamed) => this.#renamed(renamed),
      },
    });
  }

  /** Sends what may be lost again, and fetches the text. */
  async #fetch(): Promise<Fetched> {
    const turn = ++this.#turn;
    this.#isWhole = false;
    this.#isSending = false;
    const { fileId } = this;
    if (!this.text) return { file: await this.#connection.call("file:get_text", { fileId }), accepted: 0, difference: null };
    const difference = await loadDifference();
    let accepted = 0;
    let rev = 0;
    for (const edit of this.text.unsettled()) {
      const answer = await this.#edit(edit).catch((error) => {
        if (error instanceof RpcError && error.kind === "conflict") return null;
        throw error;
      });
      if (!answer || turn !== this.#turn) break;
      accepted++;
      rev = answer.revision.rev;
    }
    for (let ask = 0; ; ask++) {
      const file = await this.#connection.call("file:get_text", { fileId });
      if (file.durableRev >= rev || ask >= DURABLE_ASKS_MAX) return { file, accepted, difference };
      await new Promise((resolve) => setTimeout(resolve, DURABLE_MS));
    }
  }

  #apply({ file, accepted, difference }: Fetched): void {
    this.#path = file.path;
    const present = { ...file.revision, text: file.text };
    const isNew = !this.#isOpened;
    this.#isOpened = true;
    if (this.text && difference) this.text.resync(present, accepted, difference);
    else this.text = new SharedText(crypto.randomUUID(), present);
    this.#isWhole = true;
    if (isNew) this.#listener.opened?.(this.text);
    this.#listener.state?.(file);
    this.#moved();
    this.#send();
  }

  #send(): void {
    if (!this.#isWhole || this.#isSending || this.isReadOnly) return;
    const edit = this.text?.next();
    if (!edit) return;
    const turn = this.#turn;
    this.#isSending = true;
    this.#edit(edit).then(
      () => {
        if (turn !== this.#turn) return;
        this.#isSending = false;
        this.text?.answered(edit);
        this.#moved();
        this.#send();
      },
      (error) => {
        if (turn === this.#turn) this.#unsent(error);
      },
    );
  }

  #edit(edit: SentEdit) {
    return this.#connection.call("file:edit", { fileId: this.fileId, ...edit }, { repeat: true });
  }

  #unsent(error: unknown): void {
    this.#isSending = false;
    if (error instanceof ConnectionLost) return;
    const isRetryable = error instanceof RpcError && error.data.retryable === true;
    if (error instanceof RpcError && error.kind === "conflict") this.#follow();
    else if (isRetryable) this.#again();
    else this.#refused(error);
  }

  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), RETRY_MS);
  }

  #refused(error: unknown): void {
    if (error instanceof RpcError && error.kind === "permission_denied" && this.text) this.isReadOnly = true;
    if (error instanceof RpcError && error.data.retryable === true) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#follow(), RETRY_MS);
      return;
    }
    this.#listener.failed?.(error);
  }

  #changed({ path, revision, edits, origin }: FileChanged): void {
    const { text } = this;
    if (!text || !this.#isOurs(path)) return;
    if (revision.epoch !== text.epoch || revision.rev > text.rev + 1) {
      this.#follow();
      return;
    }
    if (revision.rev <= text.rev) return;
    const { client = null, clientSeq = null } = origin;
    text.changed({ rev: revision.rev, edits, client, clientSeq });
    if (origin.kind === "disk") this.#listener.merged?.();
    this.#moved();
  }

  #durable(path: FileText["path"], { epoch, rev }: TextRevision): void {
    if (!this.text || !this.#isOurs(path) || epoch !== this.text.epoch) return;
    this.text.durable(rev);
    this.#moved();
  }

  #renamed({ file, from }: Events["file:renamed"]): void {
    if (file.fileId !== this.fileId && !this.#isOurs(from)) return;
    // The text is asked for under its new path: it may lead there by symbolic links.
    this.#path = file.path;
    this.#follow();
  }

  #moved(): void {
    this.#listener.progress?.();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #isOurs(path: FileText["path"]): boolean {
    return JSON.stringify(path) === JSON.stringify(this.#path);
  }
}
