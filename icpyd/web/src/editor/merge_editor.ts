// Two texts side by side: one to be looked at, and the shared text, which can be edited.

import { defaultKeymap } from "@codemirror/commands";
import { MergeView } from "@codemirror/merge";
import {
  Annotation,
  type ChangeSet,
  type EditorSelection,
  EditorState,
  type Extension,
  Transaction,
} from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import type { SharedText, TextViewer } from "../text/shared_text.ts";
import { appearance } from "./highlight.ts";

export interface MergeOptions {
  /** What the other text is, and the shared one. */
  labels: [string, string];
  /** The language of both. */
  language: Extension;
  typed: () => void;
}

const fromText = Annotation.define<boolean>();

const theme = EditorView.theme({
  "&": { fontSize: "14px" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.5" },
  "&.cm-merge-a .cm-changedLine": { background: "color-mix(in srgb, var(--removed) 12%, transparent)" },
  "&.cm-merge-b .cm-changedLine": { background: "color-mix(in srgb, var(--added) 12%, transparent)" },
  "&.cm-merge-a .cm-changedText": { background: "color-mix(in srgb, var(--removed) 28%, transparent)" },
  "&.cm-merge-b .cm-changedText": { background: "color-mix(in srgb, var(--added) 28%, transparent)" },
  ".cm-collapsedLines": {
    background: "var(--ground-side)",
    color: "var(--text-quiet)",
    padding: "4px 12px",
  },
});

export class MergeEditor implements TextViewer {
  readonly #merge: MergeView;
  readonly #detach: () => void;

  constructor(parent: HTMLElement, other: string, text: SharedText, options: MergeOptions) {
    const common = (label: string) => [
      lineNumbers(),
      drawSelection(),
      appearance,
      theme,
      options.language,
      EditorView.contentAttributes.of({ "aria-label": label }),
    ];
    this.#merge = new MergeView({
      parent,
      a: { doc: other, extensions: [common(options.labels[0]), EditorState.readOnly.of(true), keymap.of(defaultKeymap)] },
      b: { doc: text.doc, extensions: [common(options.labels[1]), this.#shared(text, options)] },
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    this.#detach = text.attach(this);
  }

  apply(changes: ChangeSet, selection: EditorSelection | null): void {
    const annotations = [fromText.of(true), Transaction.remote.of(selection === null)];
    this.#merge.b.dispatch({ changes, annotations, filter: false, ...(selection ? { selection } : {}) });
  }

  destroy(): void {
    this.#detach();
    this.#merge.destroy();
  }

  #shared(text: SharedText, { typed }: MergeOptions): Extension {
    const reverse = (kind: "undo" | "redo") => () => {
      if (text.reverse(kind, this)) typed();
      return true;
    };
    return [
      EditorState.allowMultipleSelections.of(true),
      keymap.of([
        { key: "Mod-z", run: reverse("undo"), preventDefault: true },
        { key: "Mod-y", mac: "Mod-Shift-z", run: reverse("redo"), preventDefault: true },
        ...defaultKeymap,
      ]),
      EditorView.updateListener.of(({ transactions }) => {
        for (const transaction of transactions) {
          const { changes, docChanged, startState, newSelection: after } = transaction;
          if (!docChanged || transaction.annotation(fromText)) continue;
          const userEvent = transaction.annotation(Transaction.userEvent);
          text.edit({ changes, before: startState.selection, after, userEvent }, this);
          typed();
        }
      }),
    ];
  }
}
