// What is found out of how a text is indented.

import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { detected } from "./indentation.ts";

function check(lines: string[], expected: ReturnType<typeof detected>): void {
  expect(detected(Text.of(lines))).toEqual(expected);
}

test("the indentation of a text is found", () => {
  check(["a", "b", ""], null);
  check(["a {", "  b {", "    c", "  }", "}"], { insertSpaces: true, tabSize: 2 });
  check(["def a():", "    b", "    if c:", "        d"], { insertSpaces: true, tabSize: 4 });
  check(["a:", "\tb", "\tc", " d"], { insertSpaces: false, tabSize: null });
  // A comment that is continued by one space says nothing.
  check(["/*", " * a", " */"], null);
});
