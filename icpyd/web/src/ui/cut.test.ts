import { expect, test } from "vitest";
import { cutInMiddle } from "./cut.ts";

test("what is too long loses its middle, and no half character", () => {
  expect(cutInMiddle("src/editor", 10)).toBe("src/editor");
  expect(cutInMiddle("packages/long/name/of/a/folder", 20)).toBe("packages/…f/a/folder");
  expect(cutInMiddle("😀😀😀😀😀😀", 5)).toBe("😀😀…😀😀");
});
