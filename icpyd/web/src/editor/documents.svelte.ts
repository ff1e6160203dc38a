// The files that are shown, or were: each with its text, or what it is instead.

import type { Text } from "@codemirror/state";
import type { FilePath, FsReadFileResult, FsStatResult, OpenFile, TextConflict, TextRevision } from "$protocol";
import { RpcError, sentence } from "../connection/message.ts";
import { pathOf } from "../protocol.ts";
import { DraftKeeper } from "../text/draft_keeper.ts";
import type { Drafts } from "../text/drafts.ts";
import type { SharedText } from "../text/shared_text.ts";
import { TextLink, type TextState } from "../text/text_link.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import type { WorkspaceFile } from "../workbench/workspaces.svelte.ts";
import { PLAIN_TEXT } from "./languages.ts";
import { type LineEnds, lineEndsOf } from "./line_ends.ts";

/** What is shown of a file. */
export type Content =
  | { kind: "opening" }
  | { kind: "text"; text: SharedText }
  | { kind: "compare"; with: FilePath }
  | { kind: "merge"; local: FilePath; remote: FilePath; base: FilePath }
  | { kind: "image"; size: number; mime: string }
  | { kind: "large"; size: number }
  | { kind: "binary"; size: number; mime: string | null }
  | { kind: "failed"; message: string };

/** How much of a file is looked at to see how its lines end. */
const SAMPLE_BYTES = 64 << 10;
/** What can wait waits so long at most. */
const IDLE_MS = 300;
/** How long it is said that others have changed the file. */
const MERGED_MS = 5_000;

type Status = Pick<FsStatResult, "size" | "mime">;

export class TextDocument {
  readonly fileId: string;
  content = $state.raw<Content>({ kind: "opening" });
  /** Whether its text is there. */
  isOpened = $state(false);
  /** Whether the text is another one than on disk. */
  isDirty = $state(false);
  /** Whether something was typed that the daemon has not confirmed. */
  isUnsent = $state(false);
  /** Whether there is no file on disk. */
  isMissing = $state(false);
  isReadOnly = $state(false);
  conflicts = $state.raw<TextConflict[]>([]);
  charset = $state("UTF-8");
  hasBom = $state(false);
  lineEnds = $state<LineEnds>("lf");
  language = $state(PLAIN_TEXT);
  /** Whether others have just changed the file on disk. */
  isMerged = $state(false);
  readonly #workbench: Workbench;
  readonly #drafts: Drafts;
  #path: string;
  #link: TextLink | null = null;
  #keeper: DraftKeeper | null = null;
  #typed: SharedText | null;
  #hadFile = false;
  /** The text as it is on disk, where that is known. */
  #saved: Text | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  /** Shows a file: with what was typed before it was opened, where that is given. */
  constructor(workbench: Workbench, drafts: Drafts, file: WorkspaceFile, typed: SharedText | null = null) {
    this.#workbench = workbench;
    this.#drafts = drafts;
    this.#typed = typed;
    this.fileId = file.fileId;
    this.#path = file.path;
    void this.open(file);
  }

  /** Its text, where that is known. */
  get text(): SharedText | null {
    return this.#link?.text ?? null;
  }

  /** The file, as a key. */
  get path(): string {
    return this.#path;
  }

  /** Whether its text can be typed into, now or when it is there. */
  get isTypable(): boolean {
    return this.content.kind === "opening" || (this.content.kind === "text" && this.conflicts.length === 0);
  }

  get isUntitled(): boolean {
    return this.#path.startsWith("untitled:");
  }

  /** Finds out what the file is, and shows that. */
  async open({ purpose }: Pick<OpenFile, "purpose">): Promise<void> {
    this.content = { kind: "opening" };
    if (purpose?.kind === "compare") {
      this.content = { kind: "compare", with: purpose.with };
    } else if (purpose?.kind === "merge") {
      const { local, remote, base } = purpose;
      this.content = { kind: "merge", local, remote, base };
    }
    // The text is asked for meanwhile, as most files have one.
    const stat = this.isUntitled ? null : this.#stat();
    this.#follow();
    const status = await stat;
    if (status) this.#hadFile = true;
    if (this.#showImage(status)) this.#link?.close();
  }

  /** Something was typed into it. */
  typed(): void {
    this.#link?.typed();
  }

  /** Waits until the daemon has all that was typed. */
  async flush(): Promise<void> {
    await this.#link?.flush();
  }

  /** Has a listener called whenever something was confirmed or taken in. */
  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The connection is there, or not. */
  setOnline(isOnline: boolean): void {
    if (!this.#keeper) return;
    this.#keeper.isOnline = isOnline;
    this.#keeper.check();
  }

  setPath(path: string): void {
    if (path === this.#path) return;
    this.#path = path;
    if (this.#keeper) this.#keeper.path = path;
  }

  /** The tab goes away: what is not safe is written down. */
  last(): void {
    this.#keeper?.last();
  }

  /** The file is closed. Returns what was typed that the daemon does not have. */
  close(): SharedText | null {
    clearTimeout(this.#timer);
    this.#link?.close();
    const unsent = this.text?.isUnconfirmed ? this.text : null;
    if (!unsent) void this.#keeper?.forget();
    return unsent;
  }

  /** It is not shown any more: what was typed is sent before it ends. */
  async retire(): Promise<void> {
    if (this.text) await this.#link?.flush(true);
    this.#link?.close();
  }

  #follow(): void {
    const { connection } = this.#workbench;
    this.#keeper = new DraftKeeper(this.#drafts, this.#path, () => this.text);
    this.#keeper.isOnline = this.#workbench.connectionState.kind === "open";
    this.#link = new TextLink(
      connection,
      this,
      {
        opened: (text) => this.#opened(text),
        state: (state) => this.#take(state),
        saved: (revision) => this.#takeSaved(revision),
        progress: () => this.#progress(),
        merged: () => this.#merge(),
        failed: (error) => void this.#fail(error),
      },
      this.#typed,
    );
    this.#typed = null;
  }

  #opened(text: SharedText): void {
    this.isOpened = true;
    if (this.content.kind === "opening") this.content = { kind: "text", text };
    void this.#findLineEnds();
  }

  #take({ revision, isDirty, version, charset, hasBom, conflicts }: TextState): void {
    this.isDirty = isDirty;
    this.#saved = isDirty ? null : (this.text?.textAt(revision.epoch, revision.rev) ?? null);
    this.charset = charset;
    this.hasBom = hasBom ?? false;
    this.conflicts = conflicts ?? [];
    if (version) this.#hadFile = true;
    this.isMissing = this.#hadFile && !version && !this.isUntitled;
  }

  #takeSaved({ epoch, rev }: TextRevision): void {
    this.#saved = this.text?.textAt(epoch, rev) ?? null;
    this.#hadFile = true;
    this.isMissing = false;
    this.#progress();
  }

  #progress(): void {
    const { text } = this;
    this.#keeper?.check();
    this.isUnsent = text?.isUnconfirmed ?? false;
    if (text) this.isDirty = this.#saved ? !text.doc.eq(this.#saved) : this.isDirty || this.isUnsent;
    for (const listener of this.#listeners) listener();
  }

  #merge(): void {
    this.isMerged = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isMerged = false;
    }, MERGED_MS);
  }

  async #fail(error: unknown): Promise<void> {
    const kind = error instanceof RpcError ? error.kind : null;
    if (this.text) {
      if (kind === "permission_denied") this.isReadOnly = true;
      else if (kind !== "not_found") this.#workbench.notices.failure("What was typed could not be sent", error);
      return;
    }
    this.#link?.close();
    const status = await this.#stat();
    if (this.#showImage(status)) return;
    const size = status?.size ?? 0;
    if (kind === "too_large") this.content = { kind: "large", size };
    else if (kind === "unsupported") this.content = { kind: "binary", size, mime: status?.mime ?? null };
    else this.content = { kind: "failed", message: sentence(error) };
  }

  /** Shows an image, where it is one that is no text. */
  #showImage(status: Status | null): boolean {
    if (!status?.mime?.startsWith("image/") || status.mime.includes("svg")) return false;
    this.content = { kind: "image", size: status.size, mime: status.mime };
    return true;
  }

  async #stat(): Promise<Status | null> {
    try {
      return await this.#workbench.connection.call("fs:stat", { path: pathOf(this.#path) }, { repeat: true });
    } catch {
      return null;
    }
  }

  async #findLineEnds(): Promise<void> {
    if (this.isUntitled) return;
    await untilIdle();
    const params = { path: pathOf(this.#path), offset: 0, length: SAMPLE_BYTES, charset: this.charset };
    const sample = await this.#workbench.connection
      .call("fs:read_file", params, { repeat: true })
      .catch((): FsReadFileResult | null => null);
    if (sample?.content && sample.encoding === "utf-8") this.lineEnds = lineEndsOf(sample.content);
  }
}

/** Lets what is shown be shown first. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: IDLE_MS });
    else setTimeout(resolve, IDLE_MS);
  });
}
