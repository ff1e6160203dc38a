// The folders that are open: what is in them, kept the same as on disk.
//
// One watch for each root tells of what changes anywhere below it, but not of what git ignores. The folders that are shown and
// ignored, or led to by links, and the roots themselves have shallow watches, which tell of all. An event only says where to
// look: what is there then is asked.

import type { FileChangedOnDisk, FsOperationDone } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { ConnectionLost, RpcError, sentence } from "../connection/message.ts";
import { pathOf, pathText } from "../protocol.ts";
import { type Entry, withEntry, withoutEntry } from "./entry.ts";
import { describe, list } from "./listing.ts";
import { isWithin, joined, lastPart, parentOf, shownName } from "./paths.ts";
import type { Content } from "./rows.ts";

interface Folder extends Content {
  entry: Entry;
  /** Its path without links, by which events name what is in it, where that is not told by the folder above. */
  real: string | null;
  /** What changed in it and was not looked at yet. */
  changed: Set<string>;
  /** Whether changes are being looked at. */
  isLooking: boolean;
  /** Whether it is being listed: what changes meanwhile is looked at afterwards. */
  isListing: boolean;
  ended: AbortController;
  watchId: string | null;
}

/** What is told of a change: something went from one path to another. */
type Moved = (from: string, to: string) => void;

/** More changes than these in one folder are looked at by listing it, or more than one of so many entries. */
const LOOKS_MAX = 24;
const ENTRIES_PER_LOOK = 50;
/** Each takes a thread of the daemon's. */
const SHALLOW_WATCHES_MAX = 24;
/** Changes that come so close together are shown together. */
const GATHER_MS = 25;
const RETRY_MS = 3_000;
const IGNORE_FILES = new Set([".gitignore", ".ignore"]);

export class Folders {
  /** Rises with every change of what the folders hold. */
  #version = $state(0);
  readonly #connection: Connection;
  readonly #onMoved: Moved;
  readonly #open = new Map<string, Folder>();
  /** The watches of the roots, by the roots. */
  readonly #watches = new Map<string, string>();
  /** The open folders by their paths without links, once somebody asked. */
  #byReal: Map<string, Folder[]> | null = null;
  #roots: Entry[] = [];
  #end: (() => void) | undefined;
  #hasChanged = false;

  constructor(connection: Connection, onMoved: Moved) {
    this.#connection = connection;
    this.#onMoved = onMoved;
  }

  /** What is known of each folder that is open, by its path. */
  get contents(): ReadonlyMap<string, Content> {
    // Who reads it is to read it again when it changes.
    void this.#version;
    return this.#open;
  }

  /** Follows what is in folders below these. */
  start(roots: Entry[]): void {
    this.end();
    this.#roots = roots;
    this.#end = this.#connection.follow<object>({
      fetch: async () => {
        await this.#watchRoots();
        for (const folder of this.#open.values()) this.#load(folder);
        return {};
      },
      apply: () => {},
      events: {
        "file:changed_on_disk": (change) => this.#take(change),
        "fs:operation_done": (done) => this.#takeOperation(done, false),
        "fs:operation_undone": (done) => this.#takeOperation(done, true),
      },
    });
  }

  /** Follows nothing any more. */
  end(): void {
    this.#end?.();
    for (const folder of [...this.#open.values()]) this.#close(folder);
    for (const watchId of this.#watches.values()) this.#unwatch(watchId);
    this.#watches.clear();
  }

  /** Has these folders open, and no others. */
  show(entries: Entry[]): void {
    const wanted = new Map(entries.map((entry) => [entry.path, entry]));
    for (const folder of [...this.#open.values()]) if (!wanted.has(folder.entry.path)) this.#close(folder);
    for (const entry of entries) if (!this.#open.has(entry.path)) this.#begin(entry);
  }

  /** Looks at paths again, each of which may have come, changed or gone. */
  look(paths: string[]): void {
    for (const path of paths) {
      const folder = parentOf(path);
      const found = folder === null ? undefined : this.#open.get(folder);
      if (found) this.#note(found, path);
    }
  }

  /** Lists all that is open again. */
  refresh(): void {
    for (const folder of this.#open.values()) this.#load(folder);
  }

  async #watchRoots(): Promise<void> {
    for (const { path } of this.#roots) {
      const before = this.#watches.get(path);
      if (before) this.#unwatch(before);
      try {
        const watch = await this.#connection.call("fs:watch", { path: pathOf(path) });
        this.#watches.set(path, watch.watchId);
        const root = this.#open.get(path);
        if (root) this.#setReal(root, pathText(watch.path));
      } catch (error) {
        if (error instanceof ConnectionLost) throw error;
        // What is wrong with it is told when it is listed.
        this.#watches.delete(path);
      }
    }
    for (const folder of this.#open.values()) if (folder.watchId) void this.#watch(folder);
  }

  #begin(entry: Entry): void {
    const folder: Folder = {
      entry,
      entries: [],
      state: "loading",
      problem: null,
      real: null,
      changed: new Set(),
      isLooking: false,
      isListing: false,
      ended: new AbortController(),
      watchId: null,
    };
    this.#open.set(entry.path, folder);
    this.#byReal = null;
    const isRoot = this.#roots.some((root) => root.path === entry.path);
    if (isRoot || entry.isIgnored || entry.kind === "symlink" || this.#isElsewhere(folder)) void this.#watch(folder);
    this.#load(folder);
  }

  #close(folder: Folder): void {
    folder.ended.abort();
    if (folder.watchId) this.#unwatch(folder.watchId);
    this.#open.delete(folder.entry.path);
    this.#byReal = null;
    this.#tell();
  }

  /** Whether no root's watch tells of what is there, since a link leads to it. */
  #isElsewhere(folder: Folder): boolean {
    const real = this.#realOf(folder);
    return !this.#roots.some(({ path }) => isWithin(real, this.#open.get(path)?.real ?? path));
  }

  #realOf({ real, entry }: Folder): string {
    if (real !== null) return real;
    const above = this.#open.get(parentOf(entry.path) ?? "");
    return above ? joined(this.#realOf(above), lastPart(entry.path)) : entry.path;
  }

  #setReal(folder: Folder, real: string): boolean {
    const isOther = this.#realOf(folder) !== real;
    folder.real = real;
    this.#byReal = null;
    return isOther;
  }

  /** The open folders that a path without links is the path of: several where links lead there. */
  #at(real: string | null): Folder[] {
    this.#byReal ??= Map.groupBy(this.#open.values(), (folder) => this.#realOf(folder));
    return this.#byReal.get(real ?? "") ?? [];
  }

  /** Watches a folder by itself. */
  async #watch(folder: Folder): Promise<void> {
    const before = folder.watchId;
    if (before) this.#unwatch(before);
    else if ([...this.#open.values()].filter((it) => it.watchId).length >= SHALLOW_WATCHES_MAX) return;
    try {
      const params = { path: pathOf(folder.entry.path), isShallow: true };
      const watch = await this.#connection.call("fs:watch", params, { repeat: true });
      if (folder.ended.signal.aborted) return this.#unwatch(watch.watchId);
      folder.watchId = watch.watchId;
      // What changed before its events could be understood is listed.
      if (this.#setReal(folder, pathText(watch.path))) this.#load(folder);
    } catch {
      folder.watchId = null;
    }
  }

  #unwatch(watchId: string): void {
    // A watch that ended with its session is not known any more.
    this.#connection.call("fs:unwatch", { watchId }).catch(() => {});
  }

  #load(folder: Folder): void {
    folder.ended.abort();
    folder.ended = new AbortController();
    const { signal } = folder.ended;
    folder.isListing = true;
    const isFirst = folder.state !== "ready";
    const take = (entries: Entry[], isLast: boolean) => {
      // What is shown stays until all of what is new is known.
      if (!isFirst && !isLast) return;
      folder.entries = entries;
      folder.problem = null;
      this.#tell();
      if (!isLast) return;
      folder.state = "ready";
      folder.isListing = false;
      this.#lookSoon(folder);
    };
    list(this.#connection, folder.entry.path, take, signal).catch((error) => {
      if (!signal.aborted) this.#fail(folder, error);
    });
  }

  #fail(folder: Folder, error: unknown): void {
    if (error instanceof ConnectionLost) return;
    folder.isListing = false;
    folder.changed.clear();
    folder.state = "failed";
    folder.entries = [];
    folder.problem = this.#problemOf(folder, error);
    this.#tell();
    if (!this.#roots.some((root) => root.path === folder.entry.path)) return;
    const { signal } = folder.ended;
    setTimeout(async () => {
      if (signal.aborted) return;
      if (!this.#watches.has(folder.entry.path)) await this.#watchRoots().catch(() => {});
      if (!signal.aborted) this.#load(folder);
    }, RETRY_MS);
  }

  #problemOf(folder: Folder, error: unknown): string {
    const name = shownName(folder.entry.path);
    if (!(error instanceof RpcError)) return sentence(error);
    if (error.kind === "permission_denied") return `You may not read the folder ${name}.`;
    if (error.kind === "not_found") return `The folder ${name} is not there any more.`;
    return sentence(error);
  }

  #take({ path, kind, from, entry }: FileChangedOnDisk): void {
    const real = pathText(path);
    // Nothing of a file's content is shown.
    if (kind === "modified" && entry === "file" && !IGNORE_FILES.has(shownName(real))) return;
    const old = from ? pathText(from) : null;
    if (kind === "renamed" && old !== null) this.#tellMoved(old, real);
    for (const changed of old === null ? [real] : [old, real]) this.#noteReal(changed);
    if (kind !== "modified") for (const folder of this.#at(real)) this.#load(folder);
    if (kind === "unknown") this.#loadBelow(real);
    // What is ignored may be other files then.
    if (IGNORE_FILES.has(shownName(real))) this.#loadBelow(parentOf(real) ?? "/");
  }

  #loadBelow(real: string): void {
    for (const folder of this.#open.values()) if (isWithin(this.#realOf(folder), real)) this.#load(folder);
  }

  #takeOperation({ operation }: FsOperationDone, isUndone: boolean): void {
    for (const { path, from } of operation.items) {
      const [to, old] = [pathText(path), from ? pathText(from) : null];
      if (old !== null) this.#tellMoved(isUndone ? to : old, isUndone ? old : to);
      for (const changed of old === null ? [to] : [to, old]) this.#noteReal(changed);
    }
    if (operation.itemCount > operation.items.length) this.refresh();
  }

  #noteReal(real: string): void {
    for (const folder of this.#at(parentOf(real))) this.#note(folder, joined(folder.entry.path, lastPart(real)));
  }

  #tellMoved(from: string, to: string): void {
    const shown = (real: string) => {
      const [folder] = this.#at(parentOf(real));
      return folder ? joined(folder.entry.path, lastPart(real)) : real;
    };
    this.#onMoved(shown(from), shown(to));
  }

  #note(folder: Folder, path: string): void {
    folder.changed.add(path);
    this.#lookSoon(folder);
  }

  #lookSoon(folder: Folder): void {
    if (folder.isLooking || folder.isListing || folder.changed.size === 0) return;
    folder.isLooking = true;
    setTimeout(() => void this.#look(folder), GATHER_MS);
  }

  async #look(folder: Folder): Promise<void> {
    const paths = [...folder.changed];
    folder.changed.clear();
    const { signal } = folder.ended;
    try {
      const most = Math.max(LOOKS_MAX, folder.entries.length / ENTRIES_PER_LOOK);
      if (paths.length > most || folder.state === "failed") this.#load(folder);
      else await this.#lookAt(folder, paths, signal);
    } catch (error) {
      // After a lost connection all is listed again.
      if (!signal.aborted && !(error instanceof ConnectionLost)) this.#load(folder);
    }
    folder.isLooking = false;
    this.#lookSoon(folder);
  }

  async #lookAt(folder: Folder, paths: string[], signal: AbortSignal): Promise<void> {
    const found = await Promise.all(paths.map((path) => describe(this.#connection, path)));
    if (signal.aborted) {
      // It is listed again, perhaps from before: what is there is asked once more then.
      for (const path of paths) folder.changed.add(path);
      return;
    }
    paths.forEach((path, at) => {
      const entry = found[at];
      folder.entries = entry ? withEntry(folder.entries, entry) : withoutEntry(folder.entries, path);
    });
    this.#tell();
  }

  #tell(): void {
    if (this.#hasChanged) return;
    this.#hasChanged = true;
    queueMicrotask(() => {
      this.#hasChanged = false;
      this.#version += 1;
    });
  }
}
