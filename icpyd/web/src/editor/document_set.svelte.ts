// The documents of a window: one for each open file that was shown, and of the others whether they are saved.

import { SvelteMap } from "svelte/reactivity";
import { pathOf, pathText } from "../protocol.ts";
import { Drafts } from "../text/drafts.ts";
import { SharedText } from "../text/shared_text.ts";
import { TextLink } from "../text/text_link.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import type { WorkspaceFile } from "../workbench/workspaces.svelte.ts";
import { TextDocument } from "./documents.svelte.ts";

/** One for the whole tab, whichever workspaces it shows. */
let tabDrafts: Drafts | null = null;

export class DocumentSet {
  readonly drafts: Drafts;
  readonly #workbench: Workbench;
  readonly #all = new SvelteMap<string, TextDocument>();
  /** Of files that were not shown yet, by their paths. */
  readonly #unsaved = new SvelteMap<string, boolean>();
  /** What was typed into files that others have closed meanwhile, by their paths. */
  readonly #typed = new Map<string, SharedText>();
  readonly #ends: Array<() => void>;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
    const isFirst = tabDrafts === null;
    tabDrafts ??= new Drafts();
    this.drafts = tabDrafts;
    if (isFirst) void this.#recover();
    const { connection } = workbench;
    this.#ends = [
      connection.on("file:saved", ({ path }) => this.#unsaved.set(pathText(path), false)),
      connection.on("file:changed", ({ path, origin }) => {
        const key = pathText(path);
        if (origin.kind !== "disk" && this.#unsaved.get(key) !== true) this.#unsaved.set(key, true);
      }),
      connection.on("file:text_state_changed", ({ path, isDirty }) => this.#unsaved.set(pathText(path), isDirty)),
      connection.onState(({ kind }) => {
        for (const document of this.#all.values()) document.setOnline(kind === "open");
      }),
    ];
  }

  get all(): TextDocument[] {
    return [...this.#all.values()];
  }

  find(fileId: string): TextDocument | undefined {
    return this.#all.get(fileId);
  }

  /** The document of a file that is shown. */
  of(file: WorkspaceFile): TextDocument {
    const known = this.#all.get(file.fileId);
    if (known) return known;
    const typed = this.#typed.get(file.path) ?? null;
    this.#typed.delete(file.path);
    const document = new TextDocument(this.#workbench, this.drafts, file, typed);
    this.#all.set(file.fileId, document);
    return document;
  }

  isDirty(file: WorkspaceFile): boolean {
    const document = this.#all.get(file.fileId);
    if (document) return document.isDirty;
    return this.#unsaved.get(file.path) ?? file.path.startsWith("untitled:");
  }

  /** Takes which files are open now. Returns those that were closed. */
  follow(files: WorkspaceFile[]): string[] {
    const closed: string[] = [];
    for (const [fileId, document] of this.#all) {
      const file = files.find((it) => it.fileId === fileId);
      if (file) {
        document.setPath(file.path);
        continue;
      }
      closed.push(fileId);
      this.#all.delete(fileId);
      const unsent = document.close();
      if (unsent) void this.#reopen(document.path, unsent);
    }
    return closed;
  }

  /** Asks whether files are saved that were not shown yet. */
  async look(files: WorkspaceFile[]): Promise<void> {
    for (const { fileId, path, purpose } of files) {
      if (purpose || this.#all.has(fileId) || this.#unsaved.has(path)) continue;
      const difference = await this.#workbench.connection.call("file:diff", { fileId }).catch(() => null);
      if (!this.#unsaved.has(path)) this.#unsaved.set(path, Boolean(difference?.patch));
    }
  }

  /** What is shown goes away; what was typed is sent all the same. */
  end(): void {
    for (const end of this.#ends) end();
    for (const document of this.#all.values()) void document.retire();
    this.#all.clear();
  }

  /** Somebody has closed a file while this user typed in it. */
  async #reopen(path: string, typed: SharedText): Promise<void> {
    this.#typed.set(path, typed);
    const workspaceId = this.#workbench.workspaces.current?.workspaceId ?? null;
    this.#workbench.notices.info("A file was closed elsewhere while you typed in it: it is open again");
    await this.#workbench.connection.call(
      "file:open",
      { path: pathOf(path), mayBeNew: true, workspaceId },
      { repeat: true },
    );
  }

  /** Sends what was typed in tabs that have ended. */
  async #recover(): Promise<void> {
    const { connection, notices, workspaces } = this.#workbench;
    await this.drafts.recover(async (draft) => {
      const text = SharedText.restore(draft);
      const workspaceId = workspaces.current?.workspaceId ?? null;
      const path = pathOf(draft.path);
      const wasUnconfirmed = text.isUnconfirmed;
      try {
        const { files } = await connection.call("file:list", {}, { repeat: true });
        const open = () => connection.call("file:open", { path, mayBeNew: true, workspaceId }, { repeat: true });
        const file = files.find((it) => pathText(it.path) === draft.path) ?? (await open()).file;
        const link = new TextLink(connection, file, { failed: (error) => notices.failure("Restore", error) }, text);
        await link.flush(true);
        link.close();
        await this.drafts.remove(draft.path, draft.tab);
        if (wasUnconfirmed) notices.info(`What was typed in ${draft.path} before the window ended is restored`);
      } catch (error) {
        notices.failure(`What was typed in ${draft.path} before the window ended waits in this browser`, error);
      }
    });
  }
}
