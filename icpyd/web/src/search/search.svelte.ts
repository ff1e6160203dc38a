// The search of a window: what is looked for, and what was found. It stays when another view is shown.

import { ConnectionLost, RpcError } from "../connection/message.ts";
import { pathText } from "../protocol.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { EMPTY, paramsOf, problemOf, type Query } from "./query.ts";
import { replaceIn } from "./replacing.ts";
import { type FileResult, lineKey, type ResultRow, rowsOf, totalOf, withLines } from "./results.ts";
import { Collector, find, LINES_MAX, type Outcome, type Params, preview } from "./searching.ts";

export type SearchState = "idle" | "running" | "done" | "cancelled" | "failed";

/** A search begins when nothing was typed for so long. */
const TYPING_MS = 250;
const NO_OUTCOME: Outcome = { hasMore: false, skipped: [], failed: 0 };

export class Search {
  query = $state.raw<Query>(EMPTY);
  /** What takes the place of what is found; nothing while it is only searched. */
  replacement = $state.raw<string | null>(null);
  state = $state.raw<SearchState>("idle");
  /** What is wrong with the pattern or a glob, as a sentence. */
  problem = $state.raw<string | null>(null);
  outcome = $state.raw<Outcome>(NO_OUTCOME);
  files = $state.raw<readonly FileResult[]>([]);
  /** The row with the focus. */
  active = $state.raw<string | null>(null);
  /** Whether the field for globs is shown. */
  hasDetails = $state(false);
  /** Open files that were searched as they are on disk, and have other text. */
  unsaved = $state.raw<ReadonlySet<string>>(new Set());
  readonly workbench: Workbench;
  #collapsed = $state.raw<ReadonlySet<string>>(new Set());
  readonly rows = $derived(rowsOf(this.files, (path) => this.#collapsed.has(path)));
  readonly total = $derived(totalOf(this.files));
  readonly #places = $derived(new Map(this.rows.map((row, index) => [row.key, index])));
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | null = null;

  constructor(workbench: Workbench) {
    this.workbench = workbench;
    workbench.workspaces.onOpen(() => this.clear());
    const look = ({ operation }: { operation: { kind: string } }) => {
      if (operation.kind === "replace" && this.state === "done" && this.query.text !== "") this.searchSoon();
    };
    workbench.connection.on("fs:operation_done", look);
    workbench.connection.on("fs:operation_undone", look);
  }

  /** The folders that are searched. */
  get roots(): string[] {
    const workspace = this.workbench.workspaces.current;
    return workspace ? [workspace.root, ...(workspace.folders ?? [])].map(pathText) : [];
  }

  get params(): Params {
    return paramsOf(this.query, this.workbench.preferences.get<string[]>("files.exclude", []));
  }

  /** Changes what is looked for, and looks for it soon. */
  change(change: Partial<Query>): void {
    this.query = { ...this.query, ...change };
    this.searchSoon();
  }

  setReplacement(replacement: string | null): void {
    this.replacement = replacement;
    this.searchSoon();
  }

  searchSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.search(), TYPING_MS);
  }

  /** Searches now, and not any more for what was looked for before. */
  async search(): Promise<void> {
    clearTimeout(this.#timer);
    this.#controller.abort();
    if (this.query.text === "") return this.clear();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.state = "running";
    this.problem = null;
    try {
      const outcome = this.replacement === null ? await this.#find(signal) : await this.#preview(this.replacement, signal);
      if (signal.aborted) return;
      this.outcome = outcome;
      this.state = "done";
      void this.#lookForUnsaved(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ConnectionLost) return this.search();
      this.#fail(error);
    }
  }

  /** Ends the search. What was found so far stays. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#controller.abort(new DOMException("the search was cancelled", "AbortError"));
    if (this.state === "running") this.state = "cancelled";
  }

  /** Shows nothing any more. */
  clear(): void {
    this.cancel();
    this.state = "idle";
    this.problem = null;
    this.outcome = NO_OUTCOME;
    this.#show([]);
  }

  isCollapsed(path: string): boolean {
    return this.#collapsed.has(path);
  }

  setCollapsed(path: string, isCollapsed: boolean): void {
    const others = [...this.#collapsed].filter((it) => it !== path);
    this.#collapsed = new Set(isCollapsed ? [...others, path] : others);
  }

  /** Whether all files are closed. */
  get isAllCollapsed(): boolean {
    return this.files.length > 0 && this.files.every(({ path }) => this.#collapsed.has(path));
  }

  collapseAll(isCollapsed: boolean): void {
    this.#collapsed = new Set(isCollapsed ? this.files.map(({ path }) => path) : []);
  }

  indexOf(key: string | null): number {
    return (key === null ? undefined : this.#places.get(key)) ?? -1;
  }

  /** Takes a row out of the results. */
  dismiss(row: ResultRow): void {
    const at = this.indexOf(row.key);
    if (row.kind === "file") this.files = this.files.filter((file) => file !== row.file);
    else {
      const lines = row.file.lines.filter((line) => line !== row.line);
      const left = this.files.map((file) => (file === row.file ? withLines(file, lines) : file));
      this.files = left.filter((file) => file.lines.length > 0);
    }
    this.active = (this.rows[at] ?? this.rows.at(-1))?.key ?? null;
  }

  /** Opens the file of a row at its place. */
  async open({ file, ...row }: ResultRow, takesFocus = true): Promise<void> {
    const line = row.kind === "line" ? row.line : file.lines[0];
    await this.workbench.openFile(file.path, line ? { line: line.line, column: line.column } : null, takesFocus);
  }

  /** Goes to the next line that was found, or to the one before. */
  async go(step: 1 | -1): Promise<void> {
    const lines = this.files.flatMap((file) => file.lines.map((line) => ({ file, line, key: lineKey(file, line) })));
    if (lines.length === 0) return;
    const active = this.rows[this.indexOf(this.active)];
    // From a file's row it goes on with its first line, or with the last one before.
    const first = active ? lines.findIndex((it) => it.file === active.file) : -1;
    const at = active?.kind === "line" ? lines.findIndex((it) => it.key === active.key) : step > 0 ? first - 1 : first;
    const next = lines.at((at + step + lines.length) % lines.length);
    if (!next) return;
    this.setCollapsed(next.file.path, false);
    this.active = next.key;
    await this.open({ kind: "line", key: next.key, file: next.file, line: next.line, position: 0 });
  }

  /** Replaces what is shown of some files. */
  async replace(files: readonly FileResult[]): Promise<void> {
    if (this.replacement !== null && files.length > 0) await replaceIn(this, files, this.replacement);
  }

  async #find(signal: AbortSignal): Promise<Outcome> {
    const collectors: Collector[] = [];
    const all = { ...NO_OUTCOME };
    let isFirst = true;
    for (const root of this.roots) {
      const collector = new Collector(root);
      collectors.push(collector);
      const left =
        LINES_MAX - collectors.reduce((sum, it) => sum + it.files.reduce((n, file) => n + file.lines.length, 0), 0);
      if (left <= 0) {
        all.hasMore = true;
        break;
      }
      const onPart = (data: string) => {
        if (signal.aborted) return;
        collector.take(data);
        if (isFirst) this.#forget();
        isFirst = false;
        this.#showSoon(collectors);
      };
      const { hasMore, failed } = await find(this.workbench.connection, root, this.params, left, onPart, signal);
      all.hasMore ||= hasMore;
      all.failed += failed;
    }
    if (isFirst) this.#forget();
    this.#show(collectors.flatMap(({ files }) => files));
    return all;
  }

  async #preview(replacement: string, signal: AbortSignal): Promise<Outcome> {
    const all: Outcome = { hasMore: false, skipped: [], failed: 0 };
    const files: FileResult[] = [];
    for (const root of this.roots) {
      const search = { ...this.params, path: root };
      const found = await preview(this.workbench.connection, root, { search, replacement }, signal);
      files.push(...found.files);
      all.hasMore ||= found.hasMore;
      all.failed += found.failed;
      all.skipped.push(...found.skipped);
    }
    this.#show(files);
    return all;
  }

  /** Forgets what was done with the results before. */
  #forget(): void {
    this.#collapsed = new Set();
    this.active = null;
  }

  /** Shows what was found so far, once before the next picture. */
  #showSoon(collectors: Collector[]): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.files = collectors.flatMap(({ files }) => files);
    });
  }

  #show(files: FileResult[]): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.files = files;
    if (this.indexOf(this.active) < 0) this.active = null;
  }

  #fail(error: unknown): void {
    this.state = "failed";
    this.#show([]);
    const isTheirs = error instanceof RpcError && error.kind === "invalid_params";
    this.problem = problemOf(error instanceof Error ? error.message : String(error));
    if (!isTheirs) this.workbench.notices.failure("Search", error);
  }

  /** The daemon searches what is on disk: of open files with other text that is said. */
  async #lookForUnsaved(signal: AbortSignal): Promise<void> {
    this.unsaved = new Set();
    const found = new Set(this.files.map(({ path }) => path));
    const open = this.workbench.workspaces.files.filter(({ path }) => found.has(path));
    const unsaved = await Promise.all(
      open.map(async ({ fileId, path }) => {
        const text = await this.workbench.connection
          .call("file:get_text", { fileId }, { signal, repeat: true })
          .catch(() => null);
        return text?.isDirty ? path : null;
      }),
    );
    if (!signal.aborted) this.unsaved = new Set(unsaved.filter((path) => path !== null));
  }
}

const searches = new WeakMap<Workbench, Search>();

/** The search of a window. */
export function searchOf(workbench: Workbench): Search {
  const search = searches.get(workbench) ?? new Search(workbench);
  searches.set(workbench, search);
  return search;
}
