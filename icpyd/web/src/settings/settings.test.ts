import { expect, test } from "vitest";
import { choiceOf, controlOf, meaningOf, partsOf, sections, textOf, titleOf } from "./settings.ts";

test("a control fits what a preference can be", () => {
  expect(controlOf({ schema: { type: "boolean" } })).toEqual({ kind: "switch" });
  expect(controlOf({ schema: { enum: ["on", "off"] } })).toEqual({ kind: "choice", values: ["on", "off"] });
  expect(controlOf({ schema: { type: "integer", minimum: 1, maximum: 16 } })).toEqual({
    kind: "number",
    min: 1,
    max: 16,
    step: 1,
  });
  expect(controlOf({ schema: { type: "object" } })).toEqual({ kind: "elsewhere" });
});

test("a text means what its control is for", () => {
  const columns = controlOf({ schema: { type: "array", items: { type: "integer" } } });
  expect(meaningOf(columns, "80, 120,")).toEqual([80, 120]);
  expect(textOf([80, 120])).toBe("80, 120");
  expect(meaningOf({ kind: "text" }, "monospace")).toBe("monospace");
});

test("preferences are found by their names and what they are", () => {
  const tabs = { key: "editor.tabSize", description: "How many columns lie between tab stops.", default: 4, schema: {} };
  const bell = { key: "terminal.bell", description: "What a bell does.", default: "visual", schema: {} };
  expect(titleOf("editor.tabSize")).toBe("Tab Size");
  expect(sections([tabs, bell], "tab stops")).toEqual([{ title: "Editor", preferences: [tabs] }]);
  expect(sections([tabs, bell], "").map(({ title }) => title)).toEqual(["Editor", "Terminal"]);
});

test("choices and descriptions are for people", () => {
  expect(["after_delay", "off", "high_contrast"].map(choiceOf)).toEqual(["After delay", "Off", "High contrast"]);
  expect(partsOf("Goes before `editor.tabSize`.")).toEqual([
    { text: "Goes before ", isCode: false },
    { text: "editor.tabSize", isCode: true },
    { text: ".", isCode: false },
  ]);
});
