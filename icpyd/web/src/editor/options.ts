// How editors look and behave, as the preferences say: read from them once, and turned into extensions of CodeMirror.

import { closeBrackets } from "@codemirror/autocomplete";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightTrailingWhitespace, highlightWhitespace, lineNumbers } from "@codemirror/view";
import type { Preferences } from "../workbench/preferences.svelte.ts";
import type { Indentation } from "./indentation.ts";
import { relativeLineNumbers } from "./relative_lines.ts";
import { selectedWhitespace } from "./selected_whitespace.ts";

export interface EditorOptions {
  tabSize: number;
  insertSpaces: boolean;
  detectIndentation: boolean;
  wordWrap: "off" | "on" | "column";
  wordWrapColumn: number;
  rulers: number[];
  fontSize: number;
  fontFamily: string;
  fontLigatures: boolean;
  lineHeight: number;
  lineNumbers: "off" | "on" | "relative";
  renderWhitespace: "none" | "selection" | "trailing" | "all";
  bracketMatching: boolean;
  autoClosingBrackets: boolean;
  cursorStyle: "line" | "block" | "underline";
}

/** What holds where the daemon has not said anything yet. */
const DEFAULTS: EditorOptions = {
  tabSize: 4,
  insertSpaces: true,
  detectIndentation: true,
  wordWrap: "off",
  wordWrapColumn: 80,
  rulers: [],
  fontSize: 14,
  fontFamily: "monospace",
  fontLigatures: false,
  lineHeight: 1.5,
  lineNumbers: "on",
  renderWhitespace: "selection",
  bracketMatching: true,
  autoClosingBrackets: true,
  cursorStyle: "line",
};

/** Where the text begins beside its line numbers, in pixels. */
const PADDING = 6;

/** What the preferences say. */
export function optionsOf(preferences: Preferences): EditorOptions {
  const values = Object.entries(DEFAULTS).map(([key, value]) => [key, preferences.get(`editor.${key}`, value)]);
  return Object.fromEntries(values) as EditorOptions;
}

/** What makes an editor so. */
export function extensionsOf(options: EditorOptions, indentation: Indentation): Extension {
  return [
    indentUnit.of(indentation.insertSpaces ? " ".repeat(indentation.tabSize) : "\t"),
    EditorState.tabSize.of(indentation.tabSize),
    options.wordWrap === "off" ? [] : EditorView.lineWrapping,
    options.bracketMatching ? bracketMatching() : [],
    options.autoClosingBrackets ? closeBrackets() : [],
    numbers(options.lineNumbers),
    whitespace(options.renderWhitespace),
    themeFor(options),
  ];
}

/** By what they say: each theme is a style sheet of the page, for ever. */
const themes = new Map<string, Extension>();

function themeFor(options: EditorOptions): Extension {
  const theme = themeOf(options);
  const key = JSON.stringify(theme);
  const known = themes.get(key) ?? EditorView.theme(theme);
  themes.set(key, known);
  return known;
}

function numbers(kind: EditorOptions["lineNumbers"]): Extension {
  if (kind === "off") return [];
  return kind === "on" ? lineNumbers() : relativeLineNumbers();
}

function whitespace(kind: EditorOptions["renderWhitespace"]): Extension {
  const kinds = {
    none: [],
    selection: selectedWhitespace,
    trailing: highlightTrailingWhitespace(),
    all: highlightWhitespace(),
  };
  return kinds[kind];
}

function themeOf(options: EditorOptions): Record<string, Record<string, string>> {
  const { fontSize, fontFamily, fontLigatures, lineHeight, wordWrap, wordWrapColumn, rulers, cursorStyle } = options;
  const line = "linear-gradient(var(--line), var(--line))";
  const isRuled = rulers.length > 0;
  return {
    "&": { fontSize: `${fontSize}px` },
    ".cm-scroller": {
      fontFamily: fontFamily === "monospace" ? "var(--font-mono)" : `${fontFamily}, var(--font-mono)`,
      fontVariantLigatures: fontLigatures ? "normal" : "none",
      lineHeight: String(lineHeight),
    },
    ".cm-content": {
      maxWidth: wordWrap === "column" ? `calc(${wordWrapColumn}ch + ${2 * PADDING}px)` : "none",
      backgroundImage: isRuled ? rulers.map(() => line).join(", ") : "none",
      backgroundSize: "1px 100%",
      backgroundRepeat: "no-repeat",
      backgroundPosition: isRuled ? rulers.map((column) => `calc(${PADDING}px + ${column}ch) 0`).join(", ") : "0 0",
    },
    ".cm-line": { padding: `0 ${PADDING}px` },
    ".cm-cursor-primary, .cm-cursor-secondary": CURSORS[cursorStyle],
  };
}

const CURSORS: Record<EditorOptions["cursorStyle"], Record<string, string>> = {
  line: { borderLeft: "2px solid var(--text)", marginLeft: "-1px" },
  block: { borderLeft: "0", width: "1ch", background: "color-mix(in srgb, var(--text) 45%, transparent)" },
  underline: { borderLeft: "0", width: "1ch", borderBottom: "2px solid var(--text)" },
};
