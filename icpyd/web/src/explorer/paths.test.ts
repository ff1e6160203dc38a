import { expect, test } from "vitest";
import { isWithin, joined, lastPart, moved, outermost, parentOf, relativePath, shownName } from "./paths.ts";

/** `/a/` and a byte that is no UTF-8. */
const BYTES = `base64:${btoa("/a/\xff")}`;

test("paths are put together and taken apart", () => {
  expect(joined("/", "a")).toBe("/a");
  expect(joined("/a", "b")).toBe("/a/b");
  expect(parentOf("/a/b")).toBe("/a");
  expect(parentOf("/a")).toBe("/");
  expect(parentOf("/")).toBeNull();
  expect(lastPart("/a/b")).toBe("b");
});

test("a path that is no Unicode keeps its bytes", () => {
  expect(joined("/a", { base64: btoa("\xff") })).toBe(BYTES);
  expect(parentOf(BYTES)).toBe("/a");
  expect(lastPart(BYTES)).toEqual({ base64: btoa("\xff") });
  expect(shownName(BYTES)).toBe("\ufffd");
  expect(isWithin(BYTES, "/a")).toBe(true);
  expect(isWithin(BYTES, "/b")).toBe(false);
  expect(moved(BYTES, "/a", "/b")).toBe(`base64:${btoa("/b/\xff")}`);
});

test("what is below a folder follows it", () => {
  expect(isWithin("/ab", "/a")).toBe(false);
  expect(isWithin("/a/b", "/a")).toBe(true);
  expect(moved("/a/b/c", "/a/b", "/x")).toBe("/x/c");
  expect(moved("/a/bc", "/a/b", "/x")).toBe("/a/bc");
  expect(relativePath("/w/src/a", ["/w"])).toBe("src/a");
  expect(relativePath("/other", ["/w"])).toBe("/other");
  expect(outermost(["/a/b", "/a", "/c", "/a/b/d"])).toEqual(["/a", "/c"]);
});
