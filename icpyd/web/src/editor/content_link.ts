// Where the bytes of a file are.

import { pathOf } from "../protocol.ts";

/** The address of a file's content, as it is. */
export function contentLink(path: string): string {
  const file = pathOf(path);
  const named = typeof file === "string" ? file : JSON.stringify(file);
  return `/api/v1/fs/content?${new URLSearchParams({ path: named })}`;
}

/** A size as people read it. */
export function shownSize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}
