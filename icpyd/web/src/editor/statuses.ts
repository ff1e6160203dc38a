// What the status bar says of the editor in front.

import type { Status } from "../workbench/statuses.svelte.ts";
import type { Editors } from "./editors.svelte.ts";
import { LINE_ENDS } from "./line_ends.ts";

/** What is said now. */
export function statusesOf(editors: Editors): Status[] {
  const { document, view, workbench } = editors;
  const { commands, presence } = workbench;
  const statuses: Status[] = [];
  const others = presence.others.filter(({ path }) => path).length;
  if (others > 0) {
    const follow = () => commands.run("presence.follow_someone");
    statuses.push({
      id: "others",
      text: others === 1 ? "1 other here" : `${others} others here`,
      title: "Follow someone",
      run: follow,
    });
  }
  if (document?.content.kind !== "text") return statuses;
  if (view) {
    const goToLine = () => commands.run("palette.line");
    statuses.push({ id: "place", text: placeOf(editors), title: "Go to line", run: goToLine });
    const { insertSpaces, tabSize } = view.indentation;
    const change = () => commands.run("editor.indentation");
    const text = insertSpaces ? `Spaces: ${tabSize}` : `Tab size: ${tabSize}`;
    statuses.push({ id: "indentation", text, title: "Change how this file is indented", run: change });
  }
  const charset = document.hasBom ? `${document.charset} with BOM` : document.charset;
  statuses.push({ id: "charset", text: charset, title: "Encoding of the file: it is kept when the file is saved" });
  const lineEnds = LINE_ENDS[document.lineEnds];
  statuses.push({ id: "line_ends", text: lineEnds, title: "How lines of the file end: kept when the file is saved" });
  const language = () => commands.run("editor.language");
  statuses.push({ id: "language", text: document.language, title: "Change the language of the file", run: language });
  return statuses;
}

function placeOf(editors: Editors): string {
  const state = editors.view?.view.state;
  if (!state) return "";
  const { ranges, main } = state.selection;
  const line = state.doc.lineAt(main.head);
  const selected = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const place = `Ln ${line.number}, Col ${main.head - line.from + 1}`;
  if (ranges.length > 1) return `${ranges.length} cursors${selected ? ` (${selected} selected)` : ""}`;
  return selected ? `${place} (${selected} selected)` : place;
}
