// Selecting again what was selected, when a terminal's screen is shown anew.

import type { Terminal } from "@xterm/xterm";

/** Selects what is selected now once more, if it is as far from the end then. */
export function selecting(terminal: Terminal): () => void {
  const [position, text] = [terminal.getSelectionPosition(), terminal.getSelection()];
  if (!position || text === "") return () => {};
  const { start, end } = position;
  const fromEnd = terminal.buffer.active.length - start.y;
  const length = (end.y - start.y) * terminal.cols + end.x - start.x;
  return () => {
    const row = terminal.buffer.active.length - fromEnd;
    if (row >= 0) terminal.select(start.x, row, length);
    if (terminal.getSelection() !== text) terminal.clearSelection();
  };
}
