// Groups of editors: every open file is in one, whatever was stored.

import { expect, test } from "vitest";
import { added, arranged, moved, removed, split } from "./arrangement.ts";

const files = (groups: ReturnType<typeof arranged>) => groups.map((group) => group.files.join(""));

test("every open file is in a group, and no other is", () => {
  expect(files(arranged(undefined, ["a", "b"]))).toEqual(["ab"]);
  expect(files(arranged({ groups: "nonsense" }, ["a"]))).toEqual(["a"]);
  const stored = {
    groups: [
      { id: "1", files: ["a", "x"], size: 1 },
      { id: "2", files: ["b", "b"], size: 1 },
    ],
  };
  expect(files(arranged(stored, ["a", "b", "c"]))).toEqual(["ac", "b"]);
  expect(files(arranged(stored, ["b"]))).toEqual(["b"]);
  expect(files(arranged(stored, []))).toEqual([""]);
});

test("files are added, moved, split off and removed", () => {
  const one = arranged(undefined, ["a", "b", "c"]);
  expect(files(added(one, "1", "c", "a"))).toEqual(["cab"]);
  const two = split(one, "1", "b");
  expect(files(two.groups)).toEqual(["abc", "b"]);
  expect(files(moved(two.groups, "1", two.id, "c", "b"))).toEqual(["ab", "cb"]);
  expect(files(moved(two.groups, "1", "1", "c", "a"))).toEqual(["cab", "b"]);
  expect(files(removed(two.groups, two.id, "b"))).toEqual(["abc"]);
});
