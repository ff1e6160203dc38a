import { expect, test } from "vitest";
import { marked, match, rank } from "./fuzzy.ts";

test("characters are found in their order", () => {
  expect(match("fs", "File: Save")).not.toBeNull();
  expect(match("sf", "File: Save")).toBeNull();
  expect(match("es", "File: Save")?.places).toEqual([3, 6]);
});

test("what begins words, and what stands together, comes first", () => {
  const titles = ["View: Toggle Sidebar", "Terminal: New", "View: Toggle Panel", "Text: Scroll to Line Start"];
  expect(rank("ts", titles, (it) => it)[0]?.item).toBe("View: Toggle Sidebar");
  expect(rank("toggle p", titles, (it) => it)[0]?.item).toBe("View: Toggle Panel");
  expect(rank("", titles, (it) => it).map(({ item }) => item)).toEqual(titles);
});

test("a match is marked part by part", () => {
  expect(marked("abcd", [1, 2])).toEqual([
    { text: "a", isMarked: false },
    { text: "bc", isMarked: true },
    { text: "d", isMarked: false },
  ]);
});
