import { expect, test } from "vitest";
import { pastedText, pasteQuestion } from "./paste.ts";

test("lines end as by Enter, and no control sequence gets in", () => {
  expect(pastedText("a\r\nb\nc", false)).toBe("a\rb\rc");
  expect(pastedText("a\x1b[201~rm", true)).toBe("\x1b[200~a\u241b[201~rm\x1b[201~");
});

test("what would be run at once is asked about", () => {
  expect(pasteQuestion("ls\n", false)).toBe(null);
  expect(pasteQuestion("ls\nrm x\n", false)).toContain("2 lines");
  expect(pasteQuestion("x".repeat(10_000), false)).toContain("10,000 characters");
  expect(pasteQuestion("ls\nrm x\n", true)).toBe(null);
});
