// The daemon's protocol, as it declares it itself, and what of it has another form in the browser.

import type { FilePath } from "$protocol";

export type * from "$protocol";

/** A path as a key, and as what is shown: one that is not Unicode keeps its bytes in base64. */
export function pathText(path: FilePath): string {
  return typeof path === "string" ? path : `base64:${path.base64}`;
}

/** The path behind a key. */
export function pathOf(text: string): FilePath {
  return text.startsWith("base64:") ? { base64: text.slice("base64:".length) } : text;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

/** The folder that a path is in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** A path below a folder, or as it is where it is elsewhere. */
export function relativeTo(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}
