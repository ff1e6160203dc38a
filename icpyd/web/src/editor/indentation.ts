// How a text is indented: as it is already, or as the preferences say.

import type { Text } from "@codemirror/state";
import type { EditorOptions } from "./options.ts";

export interface Indentation {
  insertSpaces: boolean;
  /** How many columns lie between tab stops, and how many spaces are inserted. */
  tabSize: number;
}

/** So many lines tell enough. */
const LINES_MAX = 2_000;
const SIZES = [2, 3, 4, 6, 8];

/** The indentation of a text with these preferences. */
export function indentationOf(text: Text, options: EditorOptions): Indentation {
  const { tabSize, insertSpaces } = options;
  const found = options.detectIndentation ? detected(text) : null;
  if (!found) return { tabSize, insertSpaces };
  return { insertSpaces: found.insertSpaces, tabSize: found.tabSize ?? tabSize };
}

/** What a text does by itself; nothing where it does neither. */
export function detected(text: Text): { insertSpaces: boolean; tabSize: number | null } | null {
  let tabs = 0;
  let spaces = 0;
  let before = 0;
  const steps = new Map<number, number>();
  let count = 0;
  for (const line of text.iterLines(1, Math.min(text.lines, LINES_MAX) + 1)) {
    if (++count > LINES_MAX) break;
    const indent = /^[\t ]*/.exec(line)?.[0] ?? "";
    if (indent.length === line.length) continue;
    if (indent.startsWith("\t")) {
      tabs++;
      continue;
    }
    if (indent.length > 1) spaces++;
    const step = Math.abs(indent.length - before);
    before = indent.length;
    if (SIZES.includes(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  if (tabs === 0 && spaces === 0) return null;
  if (tabs > spaces) return { insertSpaces: false, tabSize: null };
  const [best] = [...steps].sort(([, a], [, b]) => b - a);
  return { insertSpaces: true, tabSize: best ? best[0] : null };
}
