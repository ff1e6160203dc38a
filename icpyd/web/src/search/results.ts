// What was found, by files, and as rows one below the other.

import type { FilePath } from "$protocol";
import type { Line } from "./lines.ts";

export interface FileResult {
  /** The file's path, as a key. */
  path: string;
  /** The folder that was searched, as a key, and the path below it. */
  root: string;
  relative: FilePath;
  name: string;
  /** The folder that it is in, below the one that was searched. */
  folder: string;
  lines: Line[];
  /** How many matches are shown. */
  count: number;
  /** The version that would be replaced. */
  baseVersion: string | null;
}

export type ResultRow =
  | { kind: "file"; key: string; file: FileResult; isOpen: boolean; position: number }
  | { kind: "line"; key: string; file: FileResult; line: Line; position: number };

/** The rows of results. */
export function rowsOf(files: readonly FileResult[], isCollapsed: (path: string) => boolean): ResultRow[] {
  const rows: ResultRow[] = [];
  files.forEach((file, at) => {
    const isOpen = !isCollapsed(file.path);
    rows.push({ kind: "file", key: file.path, file, isOpen, position: at + 1 });
    if (!isOpen) return;
    file.lines.forEach((line, index) => {
      rows.push({ kind: "line", key: lineKey(file, line), file, line, position: index + 1 });
    });
  });
  return rows;
}

/** Names a line among all results. */
export function lineKey(file: FileResult, line: Line): string {
  return `${file.path}:${line.line}:${line.column}`;
}

/** A file with some lines. */
export function withLines(file: FileResult, lines: Line[]): FileResult {
  return { ...file, lines, count: lines.reduce((sum, line) => sum + line.count, 0) };
}

export function totalOf(files: readonly FileResult[]): number {
  return files.reduce((sum, file) => sum + file.count, 0);
}

/** A number with its word. */
export function counted(count: number, word: string, several = `${word}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? word : several}`;
}
