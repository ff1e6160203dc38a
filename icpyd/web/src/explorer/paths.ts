// Paths as keys: taking them apart and putting them together, also those that are not Unicode.

import type { FilePath } from "$protocol";
import { pathText } from "../protocol.ts";

const BYTES = "base64:";
const SLASH = 47;

function bytesOf(path: string): Uint8Array {
  if (!path.startsWith(BYTES)) return new TextEncoder().encode(path);
  return Uint8Array.from(atob(path.slice(BYTES.length)), (letter) => letter.charCodeAt(0));
}

function keyOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return BYTES + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
}

/** The path of what has a name in a folder. */
export function joined(folder: string, name: FilePath): string {
  const last = pathText(name);
  if (!folder.startsWith(BYTES) && !last.startsWith(BYTES)) return folder === "/" ? `/${last}` : `${folder}/${last}`;
  const [above, below] = [bytesOf(folder), bytesOf(last)];
  const bytes = new Uint8Array(above.length + 1 + below.length);
  bytes.set(above);
  bytes[above.length] = SLASH;
  bytes.set(below, above.length + 1);
  return keyOf(bytes);
}

/** The folder that a path is in, as a key; nothing for the root. */
export function parentOf(path: string): string | null {
  if (path === "/") return null;
  if (!path.startsWith(BYTES)) return path.slice(0, Math.max(1, path.lastIndexOf("/")));
  const bytes = bytesOf(path);
  return keyOf(bytes.subarray(0, Math.max(1, bytes.lastIndexOf(SLASH))));
}

/** The last part of a path, as the daemon takes it. */
export function lastPart(path: string): FilePath {
  if (!path.startsWith(BYTES)) return path.slice(path.lastIndexOf("/") + 1);
  const bytes = bytesOf(path);
  return toName(keyOf(bytes.subarray(bytes.lastIndexOf(SLASH) + 1)));
}

/** The last part of a path, as it is shown. */
export function shownName(path: string): string {
  const text = shownPath(path);
  return text.slice(text.lastIndexOf("/") + 1) || text;
}

/** A path as it is shown: bytes that are no Unicode are replaced. */
export function shownPath(path: string): string {
  return path.startsWith(BYTES) ? new TextDecoder().decode(bytesOf(path)) : path;
}

/** Whether a path is a folder's, or of something in it. */
export function isWithin(path: string, folder: string): boolean {
  if (path === folder || folder === "/") return true;
  if (!path.startsWith(BYTES) && !folder.startsWith(BYTES)) return path.startsWith(`${folder}/`);
  const [inner, outer] = [bytesOf(path), bytesOf(folder)];
  return inner[outer.length] === SLASH && outer.every((byte, at) => byte === inner[at]);
}

/** Where something is when a folder above it, or itself, has another path. */
export function moved(path: string, from: string, to: string): string {
  if (path === from) return to;
  if (!isWithin(path, from)) return path;
  const below = bytesOf(path).subarray(bytesOf(from).length + 1);
  return joined(to, toName(keyOf(below)));
}

function toName(key: string): FilePath {
  return key.startsWith(BYTES) ? { base64: key.slice(BYTES.length) } : key;
}

/** A path below one of some folders, as it is shown; as a whole where it is in none. */
export function relativePath(path: string, roots: string[]): string {
  const root = roots.find((folder) => path !== folder && isWithin(path, folder));
  return root === undefined ? shownPath(path) : shownPath(path).slice(root === "/" ? 1 : shownPath(root).length + 1);
}

/** Those that are in none of the others. */
export function outermost(paths: string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let above = parentOf(path); above !== null; above = parentOf(above)) if (all.has(above)) return false;
    return true;
  });
}
