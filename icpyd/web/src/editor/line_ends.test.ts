// How the lines of a sample end.

import { expect, test } from "vitest";
import { lineEndsOf } from "./line_ends.ts";

test("line ends are told apart", () => {
  expect(lineEndsOf("")).toBe("lf");
  expect(lineEndsOf("a\nb")).toBe("lf");
  expect(lineEndsOf("a\r\nb\r\n")).toBe("crlf");
  expect(lineEndsOf("a\rb\rc")).toBe("cr");
  expect(lineEndsOf("a\r\nb\n")).toBe("mixed");
  // A sample may end in the middle of a line end.
  expect(lineEndsOf("a\r\nb\r")).toBe("crlf");
});
