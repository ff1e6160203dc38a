// The explorer's tree as rows, one below the other.

import type { Entry } from "./entry.ts";

/** What is known of a folder that is open. */
export interface Content {
  entries: Entry[];
  state: "loading" | "ready" | "failed";
  /** Why it cannot be shown, as a sentence. */
  problem: string | null;
}

/** A name that is being typed: of something new in a folder, or another one for what is there. */
export interface Draft {
  kind: "file" | "folder" | "rename";
  /** The folder that it is for. */
  folder: string;
  /** What is renamed. */
  path: string | null;
}

export type Row =
  | { kind: "entry"; key: string; entry: Entry; level: number; isOpen: boolean; position: number; count: number }
  | { kind: "draft"; key: "draft"; draft: Draft; level: number; entry: Entry | null }
  | { kind: "note"; key: string; folder: string; level: number; text: string; isProblem: boolean };

export interface Shown {
  /** The folders at the top: one alone is not shown itself, but what is in it. */
  roots: Entry[];
  contents: ReadonlyMap<string, Content>;
  isOpen: (folder: Entry) => boolean;
  isLeftOut: (entry: Entry) => boolean;
  draft: Draft | null;
}

export interface Layout {
  rows: Row[];
  /** The folders of which the content is shown. */
  open: Entry[];
}

/** Lays the tree out. */
export function layOut(shown: Shown): Layout {
  const layout: Layout = { rows: [], open: [] };
  const [first, ...more] = shown.roots;
  if (first && more.length === 0) addContent(layout, shown, first, 1);
  else addEntries(layout, shown, shown.roots, 1);
  return layout;
}

function addContent(layout: Layout, shown: Shown, folder: Entry, level: number): void {
  layout.open.push(folder);
  const content = shown.contents.get(folder.path);
  const entries = content?.entries.filter((entry) => !shown.isLeftOut(entry)) ?? [];
  const draft = shown.draft?.path === null && shown.draft.folder === folder.path ? shown.draft : null;
  const row: Row | null = draft && { kind: "draft", key: "draft", draft, level, entry: null };
  // What is new stands where it will be: a folder at the top, a file below the folders.
  const firstFile = entries.findIndex((entry) => entry.kind !== "directory");
  const place = draft?.kind === "folder" ? 0 : firstFile < 0 ? entries.length : firstFile;
  addEntries(layout, shown, row ? entries.slice(0, place) : entries, level, entries.length);
  if (row) {
    layout.rows.push(row);
    addEntries(layout, shown, entries.slice(place), level, entries.length, place);
  }
  const text = noteOf(content, entries.length > 0 || row !== null);
  if (text === null) return;
  const key = `note:${folder.path}`;
  layout.rows.push({ kind: "note", key, folder: folder.path, level, text, isProblem: content?.state === "failed" });
}

function noteOf(content: Content | undefined, hasRows: boolean): string | null {
  if (content?.state === "failed") return content.problem;
  if (hasRows) return null;
  if (content?.state !== "ready") return "Loading...";
  return content.entries.length > 0 ? "Only ignored files" : "Empty";
}

function addEntries(layout: Layout, shown: Shown, entries: Entry[], level: number, count = entries.length, from = 0): void {
  let position = from;
  for (const entry of entries) {
    position += 1;
    if (shown.draft?.path === entry.path) {
      layout.rows.push({ kind: "draft", key: "draft", draft: shown.draft, level, entry });
      continue;
    }
    const isOpen = entry.isFolder && shown.isOpen(entry);
    layout.rows.push({ kind: "entry", key: entry.path, entry, level, isOpen, position, count });
    if (isOpen) addContent(layout, shown, entry, level + 1);
  }
}
