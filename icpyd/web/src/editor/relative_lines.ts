// Line numbers that say how far a line is from the cursor's.

import type { EditorState, Extension } from "@codemirror/state";
import { GutterMarker, gutter } from "@codemirror/view";

class Distance extends GutterMarker {
  readonly distance: number;
  readonly line: number;

  constructor(line: number, distance: number) {
    super();
    this.line = line;
    this.distance = distance;
  }

  override eq(other: Distance): boolean {
    return other.line === this.line && other.distance === this.distance;
  }

  override toDOM(): Text {
    return document.createTextNode(String(this.distance || this.line));
  }
}

/** Shows them instead of those from the beginning. */
export function relativeLineNumbers(): Extension {
  const lineOf = (state: EditorState) => state.doc.lineAt(state.selection.main.head).number;
  return gutter({
    class: "cm-lineNumbers",
    renderEmptyElements: false,
    lineMarker: (view, block) => {
      const line = view.state.doc.lineAt(block.from).number;
      return new Distance(line, Math.abs(line - lineOf(view.state)));
    },
    lineMarkerChange: (update) => update.docChanged || lineOf(update.state) !== lineOf(update.startState),
    initialSpacer: (view) => new Distance(view.state.doc.lines, 0),
  });
}
