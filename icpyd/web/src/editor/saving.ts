// Saving files, by hand and by themselves, and closing them.

import { ChangeSet, EditorSelection } from "@codemirror/state";
import { RpcError } from "../connection/message.ts";
import { folderOf, nameOf, pathOf, pathText, relativeTo } from "../protocol.ts";
import type { WorkspaceFile } from "../workbench/workspaces.svelte.ts";
import type { TextDocument } from "./documents.svelte.ts";
import type { Editors } from "./editors.svelte.ts";

export class Saving {
  readonly #editors: Editors;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #end: () => void;

  constructor(editors: Editors) {
    this.#editors = editors;
    this.#end = editors.onTyped((document) => this.#typed(document));
  }

  end(): void {
    this.#end();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Saves a file. Returns whether it is saved. */
  async save(file: WorkspaceFile): Promise<boolean> {
    if (file.path.startsWith("untitled:")) return this.saveAs(file);
    const { connection, connectionState, notices } = this.#editors.workbench;
    const document = this.#editors.documents.find(file.fileId);
    if (document) this.#tidy(document);
    if (connectionState.kind !== "open") notices.info(`${nameOf(file.path)} is saved when the connection is back`);
    await document?.flush();
    try {
      await connection.call("file:save", { fileId: file.fileId }, { repeat: true });
      return true;
    } catch (error) {
      const isConflict = error instanceof RpcError && error.kind === "conflict";
      if (isConflict && document && document.conflicts.length > 0) {
        notices.tell("warning", `${nameOf(file.path)} was changed on disk too: choose what stays, and then save`);
      } else {
        notices.failure(`${nameOf(file.path)} was not saved`, error);
      }
      return false;
    }
  }

  /** Saves a file under another name. Returns whether it is saved. */
  async saveAs(file: WorkspaceFile): Promise<boolean> {
    const { connection, dialogs, workspaces, notices } = this.#editors.workbench;
    const root = pathText(workspaces.current?.root ?? "/");
    const isUntitled = file.path.startsWith("untitled:");
    const old = isUntitled ? `${nameOf(file.path)}.txt` : relativeTo(root, file.path);
    const check = (text: string) => (text.trim() === "" || text.endsWith("/") ? "The file needs a name" : null);
    const label = `Path, from ${nameOf(root)} or absolute`;
    const name = (await dialogs.prompt("Save as", label, old, check))?.trim();
    if (!name) return false;
    const to = name.startsWith("/") ? name : `${root}/${name}`;
    const document = this.#editors.documents.find(file.fileId);
    await document?.flush();
    const params = { fileId: file.fileId, to: pathOf(to) };
    try {
      await connection.call("file:save_as", params);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.kind === "already_exists") {
        const text = `There is a file of this name in ${folderOf(to)}. What it has now would be lost.`;
        const choices = [{ title: "Replace", value: true, isDangerous: true }];
        if (!(await dialogs.choose(`Replace ${nameOf(to)}?`, text, choices))) return false;
        await connection.call("file:save_as", { ...params, overwrite: true });
      } else {
        notices.failure(`${nameOf(to)} was not saved`, error);
        return false;
      }
    }
    return true;
  }

  async saveAll(): Promise<void> {
    const { documents, workbench } = this.#editors;
    for (const file of workbench.workspaces.files) if (documents.isDirty(file)) await this.save(file);
  }

  /** Closes a file in a group, and as a whole where no other group shows it. Returns whether it was closed. */
  async close(groupId: string, file: WorkspaceFile): Promise<boolean> {
    const { documents, workbench, groups } = this.#editors;
    const { connection, dialogs } = workbench;
    const isLast = !groups.some(({ id, files }) => id !== groupId && files.includes(file.fileId));
    let discard = false;
    if (isLast && documents.isDirty(file) && !(await this.#isEmptyUntitled(file))) {
      const choice = await dialogs.choose<"save" | "discard">(
        `Save the changes to ${nameOf(file.path)}?`,
        "What was changed is lost when it is discarded, for everybody who has the file open.",
        [
          { title: "Discard", value: "discard", isDangerous: true },
          { title: "Save", value: "save", isDefault: true },
        ],
      );
      if (choice === null || (choice === "save" && !(await this.save(file)))) return false;
      discard = choice === "discard";
    } else if (isLast && file.path.startsWith("untitled:")) {
      discard = true;
    }
    if (this.#editors.remove(groupId, file.fileId)) return true;
    if (!file.path.startsWith("untitled:")) this.#editors.rememberClosed(file.path);
    await connection.call("file:close", { fileId: file.fileId, discard }, { repeat: true });
    return true;
  }

  /** Whoever waits for the file goes on, with what is saved then or with nothing. */
  async finish(file: WorkspaceFile, discard: boolean): Promise<void> {
    const { documents, workbench } = this.#editors;
    if (!discard && documents.isDirty(file) && !(await this.save(file))) return;
    await workbench.connection.call("file:close", { fileId: file.fileId, discard }, { repeat: true });
  }

  /** Another file, or another window, gets the focus. */
  left(file: WorkspaceFile): void {
    const { documents, workbench } = this.#editors;
    if (workbench.preferences.get<string>("files.autoSave", "off") !== "on_focus_change") return;
    const document = documents.find(file.fileId);
    if (document && this.#saves(document)) void this.save(file);
  }

  #typed(document: TextDocument): void {
    const { preferences } = this.#editors.workbench;
    clearTimeout(this.#timers.get(document.fileId));
    const save = () => {
      // Asked then: it may be preferred just after something was typed.
      if (preferences.get<string>("files.autoSave", "off") !== "after_delay") return;
      const file = this.#editors.fileOf(document.fileId);
      if (file && this.#saves(document)) void this.save(file);
    };
    this.#timers.set(document.fileId, setTimeout(save, preferences.get("files.autoSaveDelayMs", 1000)));
  }

  /** Whether it is saved by itself. */
  #saves(document: TextDocument): boolean {
    const { isDirty, isUnsent, isUntitled, isMissing, conflicts } = document;
    return (isDirty || isUnsent) && !isUntitled && !isMissing && conflicts.length === 0;
  }

  async #isEmptyUntitled(file: WorkspaceFile): Promise<boolean> {
    if (!file.path.startsWith("untitled:")) return false;
    const { workbench, documents } = this.#editors;
    const text = documents.find(file.fileId)?.text?.doc;
    if (text) return text.length === 0;
    const { text: stored } = await workbench.connection.call("file:get_text", { fileId: file.fileId });
    return stored === "";
  }

  /** White space at the ends of lines, and the end of the last one, as they are preferred. */
  #tidy(document: TextDocument): void {
    const { preferences } = this.#editors.workbench;
    const { text } = document;
    if (!text) return;
    const changes: Array<{ from: number; to?: number; insert?: string }> = [];
    if (preferences.get("files.trimTrailingWhitespace", false)) {
      let at = 0;
      for (const line of text.doc.iterLines()) {
        const kept = line.trimEnd().length;
        if (kept < line.length) changes.push({ from: at + kept, to: at + line.length });
        at += line.length + 1;
      }
    }
    const { doc } = text;
    const isEnded = doc.length === 0 || doc.line(doc.lines).length === 0;
    if (preferences.get("files.insertFinalNewline", false) && !isEnded) changes.push({ from: doc.length, insert: "\n" });
    if (changes.length === 0) return;
    const selection = this.#editors.view?.view.state.selection ?? EditorSelection.single(0);
    const set = ChangeSet.of(changes, doc.length);
    text.edit({ changes: set, before: selection, after: selection.map(set), userEvent: "save" }, null);
    document.typed();
  }
}
