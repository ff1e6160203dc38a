import { expect, test } from "vitest";
import { type Group, groupsOf, moved, placed, removed, replaced, resized } from "./groups.ts";

/** Groups as `a b|c`: side by side are `a` and `b`. */
function groups(text: string): Group[] {
  const named = text.split("|").map((group) => group.split(" "));
  return groupsOf({ groups: named.map((terminals) => ({ terminals, sizes: [] })) }, named.flat());
}

function text(all: Group[]): string {
  return all.map(({ terminals }) => terminals.join(" ")).join("|");
}

test("what is stored is shown as far as the terminals are there, and each terminal once", () => {
  const record = { groups: [{ terminals: ["a", "gone", "b", "a"], sizes: [1, 2, 3, 4] }, { terminals: ["b"] }] };
  expect(groupsOf(record, ["a", "b", "c"])).toEqual([
    { terminals: ["a", "b"], sizes: [0.25, 0.75] },
    { terminals: ["c"], sizes: [1] },
  ]);
  for (const wrong of [undefined, null, 1, {}, { groups: 1 }, { groups: [null, { terminals: [1, null], sizes: "x" }] }]) {
    expect(text(groupsOf(wrong, ["a", "b"]))).toBe("a|b");
  }
});

test("terminals are placed beside others, and as groups before others", () => {
  expect(text(placed(groups("a b|c"), "d", { kind: "beside", terminal: "a" }))).toBe("a d b|c");
  expect(text(placed(groups("a b|c"), "c", { kind: "beside", terminal: "b" }))).toBe("a b c");
  expect(text(placed(groups("a b|c"), "d", { kind: "new_group", before: null }))).toBe("a b|c|d");
  expect(text(placed(groups("a b|c"), "c", { kind: "new_group", before: "b" }))).toBe("c|a b");
  expect(text(placed(groups("a b|c"), "a", { kind: "new_group", before: null }))).toBe("b|c|a");
});

test("terminals are taken out and replaced", () => {
  expect(removed(groups("a b|c"), "a")[0]).toEqual({ terminals: ["b"], sizes: [1] });
  expect(text(removed(groups("a b|c"), "c"))).toBe("a b");
  expect(text(replaced(groups("a b|c|d"), "b", "d"))).toBe("a d|c");
});

test("terminals are moved within their group, and then with it", () => {
  expect(text(moved(groups("a b|c"), "a", 1))).toBe("b a|c");
  expect(text(moved(groups("a b|c"), "b", 1))).toBe("c|a b");
  expect(text(moved(groups("a b|c"), "a", -1))).toBe("a b|c");
});

test("a width that one takes is its neighbour's, which keeps some", () => {
  expect(resized(groups("a b c"), "a", 0.5)[0]?.sizes.map((size) => size.toFixed(2))).toEqual(["0.50", "0.17", "0.33"]);
  expect(resized(groups("a b"), "a", 5)[0]?.sizes.map((size) => size.toFixed(2))).toEqual(["0.90", "0.10"]);
  expect(resized(groups("a b"), "b", 0.2)).toEqual(groups("a b"));
});
