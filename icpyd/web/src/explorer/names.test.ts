import { expect, test } from "vitest";
import { compareNames, copyName, doubtOf, problemOf } from "./names.ts";

test("a name that cannot be is told apart from one that can", () => {
  const taken = new Set(["main.ts"]);
  const check = (name: string, canHaveFolders: boolean) => problemOf(name, taken, canHaveFolders);
  expect(check("other.ts", false)).toBeNull();
  expect(check("src/other.ts", true)).toBeNull();
  expect(check("src/", true)).toBeNull();
  expect(check(" ", true)).toContain("Type a name");
  expect(check("a/b", false)).toContain("slash");
  expect(check("a//b", true)).toContain("between two slashes");
  expect(check("/a", true)).toContain("slash");
  expect(check("..", true)).toContain("mean folders");
  expect(check("main.ts", true)).toContain("already");
  expect(check("ä".repeat(128), true)).toContain("255 bytes");
  expect(doubtOf("a ")).toContain("space");
  expect(doubtOf("a b")).toBeNull();
});

test("a copy has a name that nothing has", () => {
  const check = (name: string, taken: string[], isFolder = false) => copyName(name, new Set(taken), isFolder);
  expect(check("a.txt", [])).toBe("a.txt");
  expect(check("a.txt", ["a.txt"])).toBe("a copy.txt");
  expect(check("a.txt", ["a.txt", "a copy.txt"])).toBe("a copy 2.txt");
  expect(check("a copy.txt", ["a copy.txt"])).toBe("a copy 2.txt");
  expect(check(".env", [".env"])).toBe(".env copy");
  expect(check("v1.2", ["v1.2"], true)).toBe("v1.2 copy");
});

test("names stand as people count", () => {
  const sorted = ["b", "a10", "a2", "A1", "a02", "ä", "Z"].sort(compareNames);
  expect(sorted).toEqual(["A1", "a02", "a2", "a10", "b", "Z", "ä"]);
});
