// What is in a folder, as the explorer shows it, and where each entry stands.

import type { FsEntry, FsKind, FsStatResult } from "$protocol";
import { compareNames } from "./names.ts";
import { joined, shownName } from "./paths.ts";

export interface Entry {
  /** Its path, as a key. */
  path: string;
  /** As it is shown. */
  name: string;
  kind: FsKind;
  /** Whether it can be opened as a folder: a link to one can. */
  isFolder: boolean;
  isIgnored: boolean;
  /** Whether its name has letters that nobody sees. */
  isMisleading: boolean;
  /** Of a symbolic link: what it holds, as it is shown. */
  linkTarget: string | null;
  isBroken: boolean;
}

/** What version control and desktops keep for themselves is not shown, as in other editors. */
const INTERNAL = new Set([".git", ".hg", ".svn", ".jj", ".DS_Store", "Thumbs.db"]);

/** Whether nobody wants to see it. */
export function isInternal(path: string): boolean {
  return INTERNAL.has(shownName(path));
}

/** An entry of a listing. */
export function entryOf(folder: string, found: FsEntry): Entry {
  return described(joined(folder, found.name), found);
}

/** An entry of which is told what it is. */
export function described(path: string, found: FsEntry | FsStatResult): Entry {
  const name = shownName(path);
  const target = found.linkTarget ?? null;
  return {
    path,
    name,
    kind: found.kind,
    isFolder: found.kind === "directory",
    isIgnored: found.isIgnored ?? false,
    isMisleading: ("isMisleading" in found && found.isMisleading) || false,
    linkTarget: target === null ? null : typeof target === "string" ? target : shownName(`base64:${target.base64}`),
    isBroken: found.isBroken ?? false,
  };
}

/** The order of a folder: folders first. A link stands among the files, as the daemon lists it. */
export function compareEntries(one: Entry, other: Entry): number {
  const rank = (entry: Entry) => (entry.kind === "directory" ? 0 : 1);
  return rank(one) - rank(other) || compareNames(one.name, other.name);
}

/** Entries with one that came or changed. */
export function withEntry(entries: Entry[], entry: Entry): Entry[] {
  const others = withoutEntry(entries, entry.path);
  let [from, to] = [0, others.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareEntries(others[middle] as Entry, entry) < 0) from = middle + 1;
    else to = middle;
  }
  return others.toSpliced(from, 0, entry);
}

/** Entries without one. */
export function withoutEntry(entries: Entry[], path: string): Entry[] {
  const at = entries.findIndex((entry) => entry.path === path);
  return at < 0 ? entries : entries.toSpliced(at, 1);
}
