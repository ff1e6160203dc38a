// Colours of an editor: all are variables of the theme, so that one style is right in every theme.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const style = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self, tags.moduleKeyword],
    color: "var(--syntax-keyword)",
  },
  { tag: [tags.string, tags.special(tags.string), tags.character, tags.attributeValue], color: "var(--syntax-string)" },
  { tag: [tags.regexp, tags.escape], color: "var(--syntax-constant)" },
  { tag: [tags.number, tags.unit], color: "var(--syntax-number)" },
  { tag: [tags.bool, tags.null, tags.atom, tags.color, tags.standard(tags.name)], color: "var(--syntax-constant)" },
  { tag: [tags.comment, tags.docComment], color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.meta, tags.processingInstruction], color: "var(--syntax-comment)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName, tags.labelName],
    color: "var(--syntax-function)",
  },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.tagName], color: "var(--syntax-type)" },
  { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.propertyName)], color: "var(--syntax-property)" },
  { tag: tags.heading, color: "var(--syntax-keyword)", fontWeight: "bold" },
  { tag: [tags.link, tags.url], color: "var(--syntax-function)", textDecoration: "underline" },
  { tag: tags.monospace, color: "var(--syntax-string)" },
  { tag: tags.strong, fontWeight: "bold" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.inserted, color: "var(--added)" },
  { tag: tags.deleted, color: "var(--removed)" },
  { tag: tags.invalid, color: "var(--syntax-invalid)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", background: "var(--ground)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { overflow: "auto" },
  ".cm-content": { padding: "4px 0", caretColor: "var(--text)" },
  ".cm-gutters": { background: "var(--ground)", color: "var(--text-faint)", border: "0", paddingLeft: "8px" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 4px", minWidth: "28px" },
  ".cm-activeLine": { background: "transparent" },
  "&.cm-focused .cm-activeLine": { background: "color-mix(in srgb, var(--ground-hover) 45%, transparent)" },
  ".cm-activeLineGutter": { background: "transparent", color: "var(--text)" },
  ".cm-foldGutter .cm-gutterElement": { width: "16px", cursor: "pointer", color: "var(--text-quiet)", textAlign: "center" },
  ".cm-foldGutter .cm-fold-open": { opacity: "0" },
  ".cm-gutters:hover .cm-fold-open": { opacity: "1" },
  ".cm-foldPlaceholder": {
    background: "var(--ground-hover)",
    border: "1px solid var(--line)",
    color: "var(--text-quiet)",
    padding: "0 5px",
    margin: "0 3px",
  },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection) !important",
  },
  "&:not(.cm-focused) > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { opacity: "0.6" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    background: "transparent",
    outline: "1px solid var(--line-strong)",
    borderRadius: "2px",
  },
  "&.cm-focused .cm-nonmatchingBracket": { background: "transparent", color: "var(--error)" },
  ".cm-searchMatch": { background: "color-mix(in srgb, var(--match) 70%, transparent)" },
  ".cm-searchMatch-selected": { background: "var(--match)", outline: "1px solid var(--text)" },
  ".cm-selectionMatch": { background: "color-mix(in srgb, var(--selection) 55%, transparent)" },
  ".cm-highlightSpace": {
    backgroundImage: "radial-gradient(circle at 50% 55%, var(--text-faint) 14%, transparent 15%)",
    backgroundPosition: "center",
  },
  ".cm-trailingSpace": { background: "color-mix(in srgb, var(--error) 22%, transparent)" },
  ".cm-panels": { background: "var(--ground-raised)", color: "var(--text)", fontFamily: "var(--font)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
});

/** How every editor looks. */
export const appearance: Extension = [theme, syntaxHighlighting(style)];
