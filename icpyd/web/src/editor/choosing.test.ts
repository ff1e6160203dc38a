import { ChangeSet, Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { converted } from "./choosing.ts";

test("a text is indented by spaces or by tabs, and looks the same", () => {
  const text = Text.of(["a", "\tb", "  \tc\td", "      e", ""]);
  const turned = (insertSpaces: boolean) => {
    const changes = converted(text, { insertSpaces, tabSize: 4 });
    return ChangeSet.of(changes, text.length).apply(text).toJSON();
  };
  expect(turned(true)).toEqual(["a", "    b", "    c\td", "      e", ""]);
  expect(turned(false)).toEqual(["a", "\tb", "\tc\td", "\t  e", ""]);
});
