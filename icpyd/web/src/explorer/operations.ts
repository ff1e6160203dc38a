// What is done with files: made, moved, copied, deleted, and taken back. What is there already is never replaced unasked.

import type { FsBatchResult, FsListDirectoryResult, FsListPlace, FsTransfer } from "$protocol";
import type { CallOptions, Connection } from "../connection/connection.ts";
import { RpcError, sentence } from "../connection/message.ts";
import { nameOf, pathOf, pathText } from "../protocol.ts";
import type { Dialogs } from "../workbench/dialogs.svelte.ts";
import type { Notices } from "../workbench/notices.svelte.ts";
import { copyName } from "./names.ts";
import { isWithin, joined, lastPart, outermost, parentOf, shownName } from "./paths.ts";

/** What to do where there is something already. */
export type Answer = "replace" | "keep" | "skip";

interface Parts {
  connection: Connection;
  notices: Notices;
  dialogs: Dialogs;
  /** Is told of paths at which something has changed. */
  onChanged: (paths: string[]) => void;
}

/** News that offer to take something back stay for so long; it can be taken back afterwards too. */
const UNDO_MS = 15_000;
/** What takes longer is told of, with a way to end it. */
const PATIENCE_MS = 1_000;

export class Operations {
  readonly #parts: Parts;
  /** What was done here and can be taken back, the last at the end; each may be several operations. */
  #done: string[][] = [];
  #closeLast: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes an empty file, with the folders in its name. Returns its path. */
  async createFile(folder: string, name: string): Promise<string> {
    const path = joined(folder, name);
    const params = { path: pathOf(path), content: "", mustBeNew: true, makeFolders: name.includes("/") };
    await this.#parts.connection.call("fs:write_file", params);
    this.#changed([path, joined(folder, name.slice(0, name.indexOf("/") + 1).replace("/", ""))]);
    return path;
  }

  /** Makes a folder, with those in its name. Returns its path. */
  async createFolder(folder: string, name: string): Promise<string> {
    const path = joined(folder, name.replace(/\/$/, ""));
    const made = await this.#parts.connection.call("fs:create_directory", { path: pathOf(path) });
    if (made.operationId) this.#done.push([made.operationId]);
    this.#changed(made.created.map(pathText));
    return path;
  }

  /** Gives something another name in its folder. Returns its path. */
  async rename(path: string, name: string): Promise<string> {
    const to = joined(parentOf(path) ?? "/", name);
    if (to === path) return path;
    const result = await this.#transfer("fs:move", [{ from: pathOf(path), to: pathOf(to) }], false);
    const error = result.items[0]?.error;
    if (error) throw new RpcError(error.message, error.data);
    if (result.operationId) this.#done.push([result.operationId]);
    return to;
  }

  /** Copies or moves things into a folder. Returns where they are then. */
  async put(paths: string[], folder: string, isCopy: boolean): Promise<string[]> {
    const method = isCopy ? "fs:copy" : "fs:move";
    const moving = outermost(paths).filter((path) => isCopy || parentOf(path) !== folder);
    const inside = moving.find((path) => isWithin(folder, path));
    if (inside !== undefined) throw new Error(`the folder ${shownName(inside)} cannot be put into itself`);
    const all = moving.map((path) => ({ from: pathOf(path), to: pathOf(joined(folder, lastPart(path))) }));
    // What is copied into its own folder has another name there in any case.
    const [own, others] = split(all, ({ from, to }) => pathText(from) === pathText(to));
    const results = [
      ...(others.length > 0 ? [await this.#transfer(method, others, false)] : []),
      ...(own.length > 0 ? [await this.#transfer(method, await this.#renamed(own, folder), false)] : []),
    ];
    const [first] = others.length > 0 ? results : [];
    const taken = others.filter((_, at) => first?.items[at]?.error?.data.kind === "already_exists");
    if (taken.length > 0) results.push(...(await this.#settle(method, taken, folder)));
    const done = results.flatMap(({ items }) => items.filter((item) => !item.error).map((item) => pathText(item.path)));
    this.#tellDone(`${isCopy ? "Copied" : "Moved"} ${counted(done)} to ${shownName(folder)}.`, results, done.length);
    this.#tellFailed(isCopy ? "copied" : "moved", results);
    return done;
  }

  /** Copies things beside themselves. */
  async duplicate(paths: string[]): Promise<string[]> {
    const folders = Map.groupBy(outermost(paths), (path) => parentOf(path) ?? "/");
    const done: string[] = [];
    for (const [folder, those] of folders) done.push(...(await this.put(those, folder, true)));
    return done;
  }

  /** Moves things to the trash. */
  async trash(paths: string[]): Promise<void> {
    const deleted = outermost(paths);
    const params = { paths: deleted.map(pathOf) };
    const result = await this.#patiently(`Deleting ${counted(deleted)}`, (options) =>
      this.#parts.connection.call("fs:delete", params, options),
    );
    this.#changed(deleted);
    const hasTrash = (item: FsBatchResult["items"][number]) => item.error?.data.kind !== "unsupported";
    const gone = result.items.filter((item) => !item.error).map((item) => pathText(item.path));
    this.#tellDone(`Moved ${counted(gone)} to the trash.`, [result], gone.length);
    this.#tellFailed("deleted", [{ ...result, items: result.items.filter(hasTrash) }]);
    const left = result.items.filter((item) => !hasTrash(item)).map((item) => pathText(item.path));
    if (left.length > 0) await this.deleteForGood(left, "There is no trash on this disk. ");
  }

  /** Deletes things for good, when that is what is wanted. */
  async deleteForGood(paths: string[], because = ""): Promise<void> {
    const deleted = outermost(paths);
    const what = counted(deleted);
    const text = `${because}This cannot be undone.`;
    const choices = [{ title: "Delete for Good", value: true, isDangerous: true }];
    if (!(await this.#parts.dialogs.choose(`Delete ${what} for good?`, text, choices))) return;
    const params = { paths: deleted.map(pathOf), isPermanent: true };
    const result = await this.#patiently(`Deleting ${what}`, (options) =>
      this.#parts.connection.call("fs:delete", params, options),
    );
    this.#changed(deleted);
    this.#tellFailed("deleted", [result]);
  }

  /** Asks what to do with what is there already. Nothing when it is to be left. */
  ask(
    names: string[],
    folder: string,
    loss = "What was there goes to the trash when it is replaced.",
  ): Promise<Answer | null> {
    const [first] = names;
    const where = shownName(folder);
    const title = names.length > 1 ? `${names.length} of them exist in ${where}` : `${first} exists in ${where}`;
    const listed = names.length > 1 ? `${names.slice(0, 5).join(", ")}${names.length > 5 ? " and more" : ""}. ` : "";
    return this.#parts.dialogs.choose<Answer>(title, `${listed}${loss}`, [
      { title: "Skip", value: "skip" },
      { title: "Replace", value: "replace", isDangerous: true },
      { title: "Keep Both", value: "keep", isDefault: true },
    ]);
  }

  /** All names in a folder. */
  async namesIn(folder: string): Promise<Set<string>> {
    const names = new Set<string>();
    let after: FsListPlace | null = null;
    do {
      const params = { path: pathOf(folder), after };
      const page: FsListDirectoryResult = await this.#parts.connection.call("fs:list_directory", params, { repeat: true });
      for (const { name } of page.entries) names.add(pathText(name));
      after = page.nextAfter ?? null;
    } while (after);
    return names;
  }

  /** Tells of something that was done elsewhere and can be taken back. */
  remember(text: string, operationIds: string[]): void {
    this.#offerUndo(text, operationIds);
  }

  /** Takes the last thing back that was done here. */
  async undo(ids: string[] | undefined = this.#done.at(-1)): Promise<void> {
    this.#closeLast?.();
    if (!ids) {
      this.#parts.notices.info("There is nothing to undo: no file was changed in this window.");
      return;
    }
    this.#done = this.#done.filter((it) => it !== ids);
    for (const operationId of ids.toReversed()) {
      const { operation } = await this.#parts.connection.call("fs:undo", { operationId });
      this.#changed(operation.items.flatMap(({ path, from }) => [pathText(path), ...(from ? [pathText(from)] : [])]));
    }
    this.#parts.notices.info("The last change of files was undone.");
  }

  /** Copies or moves, and says so where it takes long. */
  async #transfer(method: "fs:copy" | "fs:move", items: FsTransfer[], overwrite: boolean): Promise<FsBatchResult> {
    const paths = items.map(({ from }) => pathText(from));
    const result = await this.#patiently(`${method === "fs:copy" ? "Copying" : "Moving"} ${counted(paths)}`, (options) =>
      this.#parts.connection.call(method, { items, overwrite }, options),
    );
    this.#changed(items.flatMap(({ from, to }) => [pathText(from), pathText(to)]));
    return result;
  }

  async #settle(method: "fs:copy" | "fs:move", items: FsTransfer[], folder: string): Promise<FsBatchResult[]> {
    const names = items.map(({ to }) => nameOf(pathText(to)));
    const answer = await this.ask(names, folder);
    if (answer === "replace") return [await this.#transfer(method, items, true)];
    if (answer === "keep") return [await this.#transfer(method, await this.#renamed(items, folder), false)];
    return [];
  }

  /** The same with names that nothing has yet. */
  async #renamed(items: FsTransfer[], folder: string): Promise<FsTransfer[]> {
    const taken = await this.namesIn(folder);
    return items.map(({ from, to }) => {
      const name = copyName(shownName(pathText(to)), taken, false);
      taken.add(name);
      return { from, to: pathOf(joined(folder, name)) };
    });
  }

  async #patiently<T>(what: string, run: (options: CallOptions) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    let close: (() => void) | undefined;
    const actions = [{ title: "Cancel", run: () => controller.abort() }];
    const timer = setTimeout(() => {
      close = this.#parts.notices.tell("info", `${what}...`, actions);
    }, PATIENCE_MS);
    try {
      return await run({ signal: controller.signal });
    } finally {
      clearTimeout(timer);
      close?.();
    }
  }

  #tellDone(text: string, results: FsBatchResult[], count: number): void {
    const ids = results.map(({ operationId }) => operationId).filter((id) => typeof id === "string");
    if (count > 0) this.#offerUndo(text, ids);
  }

  #offerUndo(text: string, ids: string[]): void {
    this.#closeLast?.();
    const { notices } = this.#parts;
    const run = () => this.undo(ids).catch((error) => notices.failure("Undo", error));
    if (ids.length > 0) this.#done.push(ids);
    const close = notices.tell("info", text, ids.length > 0 ? [{ title: "Undo", run }] : []);
    this.#closeLast = close;
    setTimeout(close, UNDO_MS);
  }

  #tellFailed(what: string, results: FsBatchResult[]): void {
    const failed = results.flatMap(({ items }) => items).filter(({ error }) => error);
    const others = failed.filter(({ error }) => error?.data.kind !== "already_exists");
    const [first] = others;
    if (!first?.error) return;
    const more = others.length > 1 ? ` (and ${others.length - 1} more)` : "";
    this.#parts.notices.error(`${shownName(pathText(first.path))} was not ${what}: ${sentence(first.error.message)}${more}`);
  }

  #changed(paths: string[]): void {
    this.#parts.onChanged(paths);
  }
}

function split<T>(all: T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

/** What is meant, by its name where it is one thing alone. */
export function counted(paths: string[]): string {
  const [first] = paths;
  return paths.length === 1 && first !== undefined ? shownName(first) : `${paths.length} items`;
}
