// Choosing the language of a file and how it is indented, in the palette.

import { type ChangeSpec, countColumn, type Text } from "@codemirror/state";
import { rank } from "../palette/fuzzy.ts";
import type { PaletteItem } from "../palette/palette.svelte.ts";
import { nameOf } from "../protocol.ts";
import type { Command } from "../workbench/commands.svelte.ts";
import type { CodeEditor } from "./code_editor.ts";
import type { Editors } from "./editors.svelte.ts";
import type { Indentation } from "./indentation.ts";
import { languageOf, languages, PLAIN_TEXT } from "./languages.ts";

const SIZES = [2, 3, 4, 8];

/** The commands for that. */
export function choosingCommands(editors: Editors): Command[] {
  const isEnabled = () => editors.view !== null;
  return [
    {
      id: "editor.language",
      title: "Change Language...",
      category: "Edit",
      keys: ["Mod+K M"],
      isEnabled,
      run: () => chooseLanguage(editors),
    },
    {
      id: "editor.indentation",
      title: "Change Indentation...",
      category: "Edit",
      isEnabled,
      run: () => chooseIndentation(editors),
    },
  ];
}

/** Asks for the language of the file in front. */
function chooseLanguage({ file, document, choices, workbench }: Editors): void {
  if (!file || !document) return;
  const { fileId, path } = file;
  const item = (language: string, title: string, detail = ""): PaletteItem => ({
    id: title,
    title,
    detail: language === document.language ? [detail, "now"].filter(Boolean).join(", ") : detail,
    run: () => choices.chooseLanguage(fileId, title === language ? language : null),
  });
  workbench.palette.choose({
    hint: `Language of ${nameOf(path)}`,
    nothing: "No language is called so",
    find: async (query) => {
      const all = [PLAIN_TEXT, ...(await languages()).map(({ name }) => name)].sort((a, b) => a.localeCompare(b));
      const found = rank(query.trim(), all, (name) => name).map(({ item: name, places }) => ({
        ...item(name, name),
        places,
      }));
      if (query.trim() !== "") return found;
      const ofName = (await languageOf(path))?.name ?? PLAIN_TEXT;
      return [{ ...item("", "By its name", ofName) }, ...found];
    },
  });
}

/** Asks how the file in front is indented. */
function chooseIndentation({ file, view, choices, workbench }: Editors): void {
  if (!file || !view) return;
  const { fileId } = file;
  const now = view.indentation;
  const choice = (insertSpaces: boolean, tabSize: number): PaletteItem => {
    const isNow = now.insertSpaces === insertSpaces && now.tabSize === tabSize;
    const title = insertSpaces ? `Spaces: ${tabSize}` : `Tab size: ${tabSize}`;
    const run = () => choices.chooseIndentation(fileId, { insertSpaces, tabSize });
    return { id: title, title, detail: isNow ? "now" : "", run };
  };
  const change = (title: string, insertSpaces: boolean): PaletteItem => ({
    id: title,
    title,
    detail: "changes the text",
    run: () => {
      const indentation = { insertSpaces, tabSize: view.indentation.tabSize };
      choices.chooseIndentation(fileId, indentation);
      convert(view, indentation);
    },
  });
  const all = [
    ...SIZES.map((size) => choice(true, size)),
    ...SIZES.map((size) => choice(false, size)),
    { id: "detect", title: "As the text is", run: () => choices.chooseIndentation(fileId, null) },
    change("Convert Indentation to Spaces", true),
    change("Convert Indentation to Tabs", false),
  ];
  workbench.palette.choose({
    hint: `Indentation of ${nameOf(file.path)}`,
    nothing: "There is no such choice",
    find: (query) => rank(query.trim(), all, ({ title }) => title).map(({ item, places }) => ({ ...item, places })),
  });
}

function convert({ view }: CodeEditor, indentation: Indentation): void {
  if (view.state.readOnly) return;
  view.dispatch({ changes: converted(view.state.doc, indentation), userEvent: "input.indent" });
}

/** What changes when a text is indented in this way, and looks the same. */
export function converted(text: Text, { insertSpaces, tabSize }: Indentation): ChangeSpec[] {
  const changes: ChangeSpec[] = [];
  let at = 0;
  for (const line of text.iterLines()) {
    const before = /^[\t ]*/.exec(line)?.[0] ?? "";
    const width = countColumn(before, tabSize);
    const tabs = insertSpaces ? 0 : Math.floor(width / tabSize);
    const after = "\t".repeat(tabs) + " ".repeat(width - tabs * tabSize);
    if (after !== before) changes.push({ from: at, to: at + before.length, insert: after });
    at += line.length + 1;
  }
  return changes;
}
