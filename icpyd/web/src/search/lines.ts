// Lines with matches, as they are shown: cut around the first match, with what would take its place.

import type { FsEdit, FsMatch } from "$protocol";

/** A part of a line. */
export interface Part {
  text: string;
  kind: "plain" | "match" | "replacement";
}

export interface Line {
  /** From 1. */
  line: number;
  /** Where the first match begins in the line, from 1, in UTF-16 as editors count. */
  column: number;
  parts: Part[];
  /** How many matches it has. */
  count: number;
}

/** So much is shown before a match. */
const BEFORE = 20;
const LINE_MAX = 400;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A line that was found. */
export function lineOf({ line, column, text, textStart = 0, ranges, isCut }: FsMatch): Line {
  const slice = slicer(text);
  const first = ranges[0]?.start ?? 0;
  const parts: Part[] = [{ kind: "plain", text: leading(slice(0, first), textStart > 0) }];
  let end = first;
  for (const range of ranges) {
    if (range.start > end) parts.push({ kind: "plain", text: slice(end, range.start) });
    parts.push({ kind: "match", text: oneLine(slice(range.start, range.end)) });
    end = range.end;
  }
  parts.push({ kind: "plain", text: trailing(slice(end), isCut ?? false) });
  const at = textStart > 0 ? column : slice(0, first).length + 1;
  return { line, column: at, parts: parts.filter((part) => part.text !== ""), count: Math.max(1, ranges.length) };
}

/** A match that would be replaced. */
export function lineOfEdit({ line, column, before, after, text }: FsEdit): Line {
  const slice = slicer(text);
  const head = slice(0, column - 1);
  const rest = slice(column - 1);
  // A long line is cut from its beginning on: the match may be behind that.
  const isThere = rest.startsWith(before) && rest !== "";
  const parts: Part[] = [
    { kind: "plain", text: isThere ? leading(head, false) : column > 1 ? "…" : "" },
    { kind: "match", text: oneLine(before) },
    { kind: "replacement", text: oneLine(after) },
    { kind: "plain", text: isThere ? trailing(rest.slice(before.length), false) : "" },
  ];
  return { line, column: isThere ? head.length + 1 : column, parts: parts.filter((part) => part.text !== ""), count: 1 };
}

/** Cuts a text by bytes of its UTF-8. */
function slicer(text: string): (start: number, end?: number) => string {
  const bytes = encoder.encode(text);
  if (bytes.length === text.length) return (start, end) => text.slice(start, end);
  return (start, end) => decoder.decode(bytes.subarray(start, end));
}

function leading(text: string, isCut: boolean): string {
  const plain = isCut ? text : text.trimStart();
  return plain.length > BEFORE ? `…${plain.slice(-BEFORE)}` : isCut ? `…${plain}` : plain;
}

function trailing(text: string, isCut: boolean): string {
  const plain = oneLine(text.trimEnd());
  return plain.length > LINE_MAX ? `${plain.slice(0, LINE_MAX)}…` : isCut ? `${plain}…` : plain;
}

/** What goes over several lines is shown in one. */
function oneLine(text: string): string {
  return text.replace(/\r?\n/g, "⏎");
}
