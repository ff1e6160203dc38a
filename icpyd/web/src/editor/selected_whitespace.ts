// Draws the white space in what is selected.

import { type Extension, RangeSetBuilder } from "@codemirror/state";
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const SPACE = Decoration.mark({ class: "cm-highlightSpace" });
const TAB = Decoration.mark({ class: "cm-highlightTab" });

export const selectedWhitespace: Extension = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.selectionSet || update.viewportChanged) this.decorations = decorate(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.state.selection.ranges) {
    for (const visible of view.visibleRanges) {
      const begin = Math.max(from, visible.from);
      const end = Math.min(to, visible.to);
      if (begin >= end) continue;
      for (const match of view.state.sliceDoc(begin, end).matchAll(/[ \t]/g)) {
        const at = begin + match.index;
        builder.add(at, at + 1, match[0] === "\t" ? TAB : SPACE);
      }
    }
  }
  return builder.finish();
}
