// An editor of CodeMirror that shows a shared text. It knows nothing of components, or of where the text is from.

import { closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentLess, indentMore } from "@codemirror/commands";
import {
  codeFolding,
  foldGutter,
  foldKeymap,
  getIndentUnit,
  indentOnInput,
  indentUnit,
  type LanguageDescription,
} from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import {
  Annotation,
  type ChangeSet,
  Compartment,
  EditorSelection,
  EditorState,
  type Extension,
  type StateEffect,
  Transaction,
} from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  rectangularSelection,
  runScopeHandlers,
} from "@codemirror/view";
import type { SharedText, TextViewer } from "../text/shared_text.ts";
import type { Typed, TypeTarget } from "../workbench/type_ahead.ts";
import { findPanel } from "./find_panel.ts";
import { appearance } from "./highlight.ts";
import { type Indentation, indentationOf } from "./indentation.ts";
import { type EditorOptions, extensionsOf } from "./options.ts";
import { type Person, peopleCursors, showPeople } from "./people_cursors.ts";

/** Is told of an editor. */
export interface EditorListener {
  /** Something was typed, and is in the shared text now. */
  typed(): void;
  /** The cursor, the selection or what can be seen is another. */
  moved(): void;
  focused(): void;
}

/** Of a transaction whose changes the shared text has already. */
const fromText = Annotation.define<boolean>();

export class CodeEditor implements TextViewer, TypeTarget {
  readonly view: EditorView;
  readonly #text: SharedText;
  readonly #listener: EditorListener;
  readonly #options = new Compartment();
  readonly #language = new Compartment();
  readonly #reading = new Compartment();
  readonly #label = new Compartment();
  readonly #detach: () => void;
  // What is shown is not set again: each setting measures the editor.
  #labelled: string;
  #shownLanguage: LanguageDescription | null = null;
  #people = "[]";
  #shownOptions: EditorOptions;
  /** What was chosen for this text alone. */
  #chosen: Indentation | null = null;
  #indentation: Indentation;
  #scroll: StateEffect<unknown> | null = null;

  constructor(text: SharedText, label: string, options: EditorOptions, listener: EditorListener) {
    this.#labelled = label;
    this.#text = text;
    this.#listener = listener;
    this.#shownOptions = options;
    this.#indentation = indentationOf(text.doc, options);
    const state = EditorState.create({ doc: text.doc, extensions: this.#extensions(options) });
    this.view = new EditorView({
      state,
      dispatchTransactions: (transactions) => this.#dispatch(transactions),
    });
    this.#detach = text.attach(this);
  }

  get indentation(): Indentation {
    return this.#indentation;
  }

  apply(changes: ChangeSet, selection: EditorSelection | null): void {
    this.view.dispatch({
      changes,
      annotations: [fromText.of(true), Transaction.remote.of(selection === null), Transaction.addToHistory.of(false)],
      filter: false,
      ...(selection ? { selection, scrollIntoView: true } : {}),
    });
  }

  /** Puts it into an element, where it was when it was taken out. */
  show(parent: HTMLElement): void {
    parent.append(this.view.dom);
    this.view.requestMeasure();
    if (this.#scroll) this.view.dispatch({ effects: this.#scroll });
    this.#scroll = null;
  }

  /** Takes it out of its element. */
  hide(): void {
    this.#scroll = this.view.scrollSnapshot();
    this.view.dom.remove();
  }

  destroy(): void {
    this.#detach();
    this.view.destroy();
  }

  setOptions(options: EditorOptions): void {
    this.#shownOptions = options;
    this.#indentation = this.#chosen ?? indentationOf(this.view.state.doc, options);
    this.view.dispatch({ effects: this.#options.reconfigure(extensionsOf(options, this.#indentation)) });
  }

  /** Indents in this way; with nothing, as the text is already or as it is preferred. */
  chooseIndentation(chosen: Indentation | null): void {
    if (chosen === this.#chosen) return;
    this.#chosen = chosen;
    this.setOptions(this.#shownOptions);
    this.#listener.moved();
  }

  setReadOnly(isReadOnly: boolean): void {
    if (isReadOnly === this.view.state.readOnly) return;
    this.view.dispatch({ effects: this.#reading.reconfigure(EditorState.readOnly.of(isReadOnly)) });
  }

  /** Says what it is to who cannot see it. */
  setLabel(label: string): void {
    if (label === this.#labelled) return;
    this.#labelled = label;
    this.view.dispatch({ effects: this.#label.reconfigure(labelOf(label)) });
  }

  async setLanguage(language: LanguageDescription | null): Promise<void> {
    if (language === this.#shownLanguage) return;
    this.#shownLanguage = language;
    const support = language ? await language.load() : [];
    if (language !== this.#shownLanguage) return;
    this.view.dispatch({ effects: this.#language.reconfigure(support) });
  }

  setPeople(people: Person[]): void {
    const shown = JSON.stringify(people);
    if (shown === this.#people) return;
    this.#people = shown;
    showPeople(this.view, people);
  }

  /** Shows a place, which counts from 1, and puts the cursor there. */
  showPlace(line: number, column: number): void {
    const { doc } = this.view.state;
    const { from, to } = doc.line(Math.max(1, Math.min(line, doc.lines)));
    this.select(Math.min(from + Math.max(0, column - 1), to));
  }

  select(anchor: number, head = anchor): void {
    const selection = EditorSelection.single(anchor, head);
    this.view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.main, { y: "center" }) });
  }

  /** Scrolls to a place, without moving the cursor. */
  reveal(place: number): void {
    const at = Math.max(0, Math.min(place, this.view.state.doc.length));
    this.view.dispatch({ effects: EditorView.scrollIntoView(at, { y: "center" }) });
  }

  focus(): void {
    this.view.focus();
  }

  typeAhead(typed: Typed[]): void {
    const { view } = this;
    for (const piece of typed) {
      if (piece.kind === "key") runScopeHandlers(view, new KeyboardEvent("keydown", { key: piece.key }), "editor");
      else if (view.state.readOnly) return;
      else if (piece.kind === "paste") this.#insert(piece.text, "input.paste");
      else for (const character of piece.text) this.#typeCharacter(character);
    }
  }

  #dispatch(transactions: readonly Transaction[]): void {
    this.view.update(transactions);
    let isTyped = false;
    let isMoved = false;
    for (const transaction of transactions) {
      const { changes, docChanged, startState, newSelection: after } = transaction;
      isMoved ||= docChanged || transaction.selection !== undefined;
      if (!docChanged || transaction.annotation(fromText)) continue;
      const userEvent = transaction.annotation(Transaction.userEvent);
      this.#text.edit({ changes, before: startState.selection, after, userEvent }, this);
      isTyped = true;
    }
    if (isTyped) this.#listener.typed();
    if (isMoved) this.#listener.moved();
  }

  /** As if its key was pressed here: brackets close themselves, and the like. */
  #typeCharacter(character: string): void {
    const { view } = this;
    const { from, to } = view.state.selection.main;
    const insert = () => view.state.update({ ...view.state.replaceSelection(character), userEvent: "input.type" });
    const isTaken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, character, insert));
    if (!isTaken) this.#insert(character, "input.type");
  }

  #insert(text: string, userEvent: string): void {
    const { state } = this.view;
    this.view.dispatch(state.update({ ...state.replaceSelection(text), userEvent, scrollIntoView: true }));
  }

  #reverse(kind: "undo" | "redo"): boolean {
    if (!this.view.state.readOnly && this.#text.reverse(kind, this)) this.#listener.typed();
    return true;
  }

  /** Takes the last change back, or that. */
  undo(): void {
    this.#reverse("undo");
  }

  redo(): void {
    this.#reverse("redo");
  }

  #extensions(options: EditorOptions): Extension {
    const undo = () => this.#reverse("undo");
    const redo = () => this.#reverse("redo");
    return [
      keymap.of([
        { key: "Mod-z", run: undo, preventDefault: true },
        { key: "Mod-y", mac: "Mod-Shift-z", run: redo, preventDefault: true },
        { linux: "Ctrl-Shift-z", win: "Ctrl-Shift-z", run: redo, preventDefault: true },
        { key: "Tab", run: tab, shift: indentLess },
        ...closeBracketsKeymap,
        ...searchKeymap.filter(({ key }) => !["Mod-f", "Mod-Alt-g", "Mod-g"].includes(key ?? "")),
        ...defaultKeymap,
        ...foldKeymap,
      ]),
      this.#options.of(extensionsOf(options, this.#indentation)),
      foldGutter({ openText: "⌄", closedText: "›" }),
      codeFolding(),
      highlightSpecialChars(),
      drawSelection(),
      dropCursor(),
      EditorState.allowMultipleSelections.of(true),
      indentOnInput(),
      rectangularSelection(),
      crosshairCursor(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches({ minSelectionLength: 2 }),
      findPanel(),
      appearance,
      peopleCursors,
      this.#language.of([]),
      this.#reading.of([]),
      this.#label.of(labelOf(this.#labelled)),
      this.#events(),
    ];
  }

  #events(): Extension {
    return [
      EditorView.domEventHandlers({
        beforeinput: (event) => {
          if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return false;
          event.preventDefault();
          return this.#reverse(event.inputType === "historyUndo" ? "undo" : "redo");
        },
        focus: () => this.#listener.focused(),
      }),
      EditorView.updateListener.of(({ viewportChanged, docChanged }) => {
        if (viewportChanged && !docChanged) this.#listener.moved();
      }),
    ];
  }
}

function labelOf(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label });
}

/** Indents what is selected, or goes to the next tab stop. */
function tab(view: EditorView): boolean {
  const { state } = view;
  if (state.readOnly) return false;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const unit = getIndentUnit(state);
  const usesTabs = state.facet(indentUnit) === "\t";
  view.dispatch(
    state.update(
      state.changeByRange(({ head }) => {
        const column = head - state.doc.lineAt(head).from;
        const text = usesTabs ? "\t" : " ".repeat(unit - (column % unit));
        return { changes: { from: head, insert: text }, range: EditorSelection.cursor(head + text.length) };
      }),
      { scrollIntoView: true, userEvent: "input" },
    ),
  );
  return true;
}
