// The explorer of a window: which folders are open, what is selected, and what is being named.

import { untrack } from "svelte";
import { pathText } from "../protocol.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import type { Entry } from "./entry.ts";
import { Folders } from "./folders.svelte.ts";
import { matcherOf } from "./globs.ts";
import { Operations } from "./operations.ts";
import { isWithin, moved, parentOf, relativePath, shownName } from "./paths.ts";
import { type Draft, layOut, type Row } from "./rows.ts";
import { Uploads } from "./uploads.svelte.ts";

/** What all windows of the workspace share. */
interface Remembered {
  /** The folders that are open. */
  expanded?: string[];
  /** The folders at the top that are not open, where there are several. */
  closed?: string[];
  hidesIgnored?: boolean;
}

const KEY = "panel/web/explorer";
const EXPANDED_MAX = 500;

export class Explorer {
  /** The path of the row that has the focus. */
  active = $state.raw<string | null>(null);
  selected = $state.raw<ReadonlySet<string>>(new Set());
  draft = $state.raw<Draft | null>(null);
  /** What was cut or copied. */
  clipboard = $state.raw<{ paths: string[]; isCut: boolean } | null>(null);
  /** A row that is to be brought into view. */
  wanted = $state.raw<{ path: string } | null>(null);
  /** Whether the rows are to have the focus. */
  wantsFocus = $state(false);
  readonly workbench: Workbench;
  readonly folders: Folders;
  readonly operations: Operations;
  readonly uploads: Uploads;
  readonly #remembered = $derived.by(() => this.workbench.records.get<Remembered>(KEY) ?? {});
  readonly #expanded = $derived(new Set(this.#remembered.expanded));
  readonly #closed = $derived(new Set(this.#remembered.closed));
  readonly #excluded = $derived.by(() => this.workbench.preferences.get<string[]>("files.exclude", []));
  readonly #isExcluded = $derived(this.#excluded.length > 0 ? matcherOf(this.#excluded) : null);
  readonly #layout = $derived.by(() =>
    layOut({
      roots: this.roots,
      contents: this.folders.contents,
      isOpen: (folder) => this.isOpen(folder),
      isLeftOut: (entry) => this.#isLeftOut(entry),
      draft: this.draft,
    }),
  );
  readonly #places = $derived(new Map(this.rows.map((row, index) => [row.key, index])));
  #rootsText = $derived.by(() => JSON.stringify(this.#rootPaths()));
  readonly roots = $derived((JSON.parse(this.#rootsText) as string[]).map(rootOf));
  #anchor: string | null = null;
  #isStarted = false;

  constructor(workbench: Workbench) {
    this.workbench = workbench;
    const { connection, notices, dialogs } = workbench;
    this.folders = new Folders(connection, (from, to) => this.#follow(from, to));
    const onChanged = (paths: string[]) => this.folders.look(paths);
    this.operations = new Operations({ connection, notices, dialogs, onChanged });
    this.uploads = new Uploads({ connection, notices, operations: this.operations, onChanged });
  }

  /** Shows what there is from now on. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    $effect.root(() => {
      $effect(() => {
        this.folders.start(this.roots);
        return () => this.folders.end();
      });
      $effect(() => this.folders.show(this.#layout.open));
      $effect(() => {
        const { activePath, records } = this.workbench;
        // What is open is known by then, so that nothing of it is forgotten.
        if (activePath === null || !records.isKnown || this.roots.length === 0) return;
        untrack(() => this.reveal(activePath));
      });
    });
  }

  get rows(): Row[] {
    return this.#layout.rows;
  }

  get hidesIgnored(): boolean {
    return this.#remembered.hidesIgnored ?? false;
  }

  set hidesIgnored(hidesIgnored: boolean) {
    this.#remember({ hidesIgnored });
  }

  /** Where the row of a path is; -1 where there is none. */
  indexOf(path: string | null): number {
    return (path === null ? undefined : this.#places.get(path)) ?? -1;
  }

  entryAt(path: string | null): Entry | null {
    const row = this.rows[this.indexOf(path)];
    return row?.kind === "entry" ? row.entry : null;
  }

  isOpen(folder: Entry): boolean {
    return this.#isTop(folder.path) ? !this.#closed.has(folder.path) : this.#expanded.has(folder.path);
  }

  setOpen(folder: string, isOpen: boolean): void {
    if (this.#isTop(folder)) this.#remember({ closed: without(this.#closed, folder, !isOpen) });
    else this.#remember({ expanded: without(this.#expanded, folder, isOpen).slice(-EXPANDED_MAX) });
    // What is not seen any more is not meant.
    if (!isOpen && this.active !== null && this.active !== folder && isWithin(this.active, folder)) this.select(folder);
  }

  collapseAll(): void {
    const root = this.roots.find(({ path }) => this.active !== null && isWithin(this.active, path));
    let top = this.active;
    while (top !== null && root && parentOf(top) !== root.path && top !== root.path) top = parentOf(top);
    this.#remember({ expanded: [] });
    if (top !== null) this.select(top);
  }

  /** What is meant by a command: what is selected, where the row with the focus is among it, or that row. */
  get meant(): string[] {
    const { active } = this;
    if (active === null || this.indexOf(active) < 0) return [];
    return this.selected.has(active) ? [...this.selected].filter((path) => this.indexOf(path) >= 0) : [active];
  }

  /** The same without the folders at the top, which are changed elsewhere. */
  get changeable(): string[] {
    return this.meant.filter((path) => !this.roots.some((root) => root.path === path));
  }

  /** The folder in which something new is made: the one that is meant, or the one that what is meant is in. */
  get targetFolder(): string | null {
    const entry = this.entryAt(this.active);
    if (!entry) return this.roots[0]?.path ?? null;
    return entry.isFolder ? entry.path : parentOf(entry.path);
  }

  /** Selects one row, and brings it into view. */
  select(path: string): void {
    this.active = path;
    this.selected = new Set([path]);
    this.#anchor = path;
    this.wanted = { path };
  }

  /** Adds a row to those selected, or takes it away. */
  toggle(path: string): void {
    this.selected = new Set(without(this.selected, path, !this.selected.has(path)));
    this.active = path;
    this.#anchor = path;
  }

  /** Selects all rows from the last one that was selected by itself. */
  extendTo(path: string): void {
    const [from, to] = [this.indexOf(this.#anchor ?? path), this.indexOf(path)].sort((a, b) => a - b) as [number, number];
    const rows = this.rows.slice(Math.max(0, from), to + 1);
    this.selected = new Set(rows.filter((row) => row.kind === "entry").map((row) => row.key));
    this.active = path;
    this.wanted = { path };
  }

  selectAll(): void {
    this.selected = new Set(this.rows.filter((row) => row.kind === "entry").map((row) => row.key));
  }

  /** Opens the folders above a path, and selects it as soon as it is there. */
  reveal(path: string): void {
    const root = this.roots.find((it) => it.path !== path && isWithin(path, it.path));
    if (!root) return;
    const above: string[] = [];
    for (let folder = parentOf(path); folder !== null && folder !== root.path; folder = parentOf(folder)) above.push(folder);
    const closed = above.filter((folder) => !this.#expanded.has(folder));
    if (closed.length > 0) this.#remember({ expanded: [...this.#expanded, ...closed].slice(-EXPANDED_MAX) });
    if (this.#closed.has(root.path)) this.setOpen(root.path, true);
    this.select(path);
  }

  /** Begins to name something new, in the folder that is meant or in another one. */
  beginNew(kind: "file" | "folder", folder: string | null = this.targetFolder): void {
    if (folder === null) return;
    if (!this.roots.some((root) => root.path === folder) || this.#closed.has(folder)) this.setOpen(folder, true);
    this.draft = { kind, folder, path: null };
    this.wanted = { path: "draft" };
  }

  /** Begins to give the row with the focus another name. */
  beginRename(path: string | null = this.active): void {
    if (path === null || !this.entryAt(path) || this.roots.some((root) => root.path === path)) return;
    this.draft = { kind: "rename", folder: parentOf(path) ?? "/", path };
    this.wanted = { path: "draft" };
  }

  /** Ends the naming: with a name, something comes of it. */
  async endDraft(name: string | null, takesFocus: boolean): Promise<void> {
    const { draft } = this;
    if (!draft) return;
    this.draft = null;
    this.wantsFocus = takesFocus;
    if (name === null) return;
    try {
      if (draft.kind === "file") await this.#openNew(await this.operations.createFile(draft.folder, name));
      else if (draft.kind === "folder") this.reveal(await this.operations.createFolder(draft.folder, name));
      else if (draft.path !== null) this.reveal(await this.operations.rename(draft.path, name));
    } catch (error) {
      this.workbench.notices.failure(draft.kind === "rename" ? "Rename" : `New ${draft.kind}`, error);
    }
  }

  /** A path as it is shown below the folders at the top. */
  relative(path: string): string {
    const roots = this.roots.map((root) => root.path);
    return relativePath(path, roots);
  }

  async #openNew(path: string): Promise<void> {
    this.reveal(path);
    await this.workbench.openFile(path);
  }

  #rootPaths(): string[] {
    const workspace = this.workbench.workspaces.current;
    return workspace ? [workspace.root, ...(workspace.folders ?? [])].map(pathText) : [];
  }

  #isTop(path: string): boolean {
    return this.roots.length > 1 && this.roots.some((root) => root.path === path);
  }

  #isLeftOut(entry: Entry): boolean {
    if (this.hidesIgnored && entry.isIgnored) return true;
    return this.#isExcluded?.(this.relative(entry.path)) ?? false;
  }

  #remember(change: Remembered): void {
    this.workbench.records.set(KEY, { ...this.#remembered, ...change });
  }

  /** What was moved stays open and selected. */
  #follow(from: string, to: string): void {
    const expanded = [...this.#expanded];
    const changed = expanded.map((path) => moved(path, from, to));
    if (changed.some((path, at) => path !== expanded[at])) this.#remember({ expanded: [...new Set(changed)] });
    this.selected = new Set([...this.selected].map((path) => moved(path, from, to)));
    if (this.active !== null) this.active = moved(this.active, from, to);
    if (this.#anchor !== null) this.#anchor = moved(this.#anchor, from, to);
  }
}

function without(all: Iterable<string>, one: string, isAdded: boolean): string[] {
  const others = [...all].filter((it) => it !== one);
  return isAdded ? [...others, one] : others;
}

function rootOf(path: string): Entry {
  return {
    path,
    name: shownName(path),
    kind: "directory",
    isFolder: true,
    isIgnored: false,
    isMisleading: false,
    linkTarget: null,
    isBroken: false,
  };
}

const explorers = new WeakMap<Workbench, Explorer>();

/** The explorer of a window. */
export function explorerOf(workbench: Workbench): Explorer {
  const explorer = explorers.get(workbench) ?? new Explorer(workbench);
  explorers.set(workbench, explorer);
  return explorer;
}
