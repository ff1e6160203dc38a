// What keys send to programs in terminals.

import type { EditingKey } from "../workbench/type_ahead.ts";

/** What a key sends; in the mode of full-screen programs the keys of the cursor send something else. */
export function keySequence(key: EditingKey, isApplication: boolean): string {
  const sequences: Partial<Record<EditingKey, string>> = { Enter: "\r", Backspace: "\x7f", Delete: "\x1b[3~" };
  const finals: Partial<Record<EditingKey, string>> = {
    ArrowUp: "A",
    ArrowDown: "B",
    ArrowRight: "C",
    ArrowLeft: "D",
    Home: "H",
    End: "F",
  };
  return sequences[key] ?? `\x1b${isApplication ? "O" : "["}${finals[key]}`;
}
