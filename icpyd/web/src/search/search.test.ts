import { expect, test } from "vitest";
import type { FsMatch } from "$protocol";
import { lineOf, lineOfEdit } from "./lines.ts";
import { EMPTY, globsOf, paramsOf, problemOf } from "./query.ts";
import { counted, rowsOf } from "./results.ts";
import { Collector } from "./searching.ts";

function match(text: string, ranges: Array<[number, number]>, more: Partial<FsMatch> = {}): FsMatch {
  return {
    path: "a.ts",
    line: 1,
    column: 1,
    offset: 0,
    text,
    ranges: ranges.map(([start, end]) => ({ start, end })),
    ...more,
  };
}

function shown(found: FsMatch): string {
  return lineOf(found)
    .parts.map(({ kind, text }) => (kind === "match" ? `[${text}]` : text))
    .join("");
}

test("matches are places in bytes, and columns count letters", () => {
  expect(
    shown(
      match("  a needle, needle", [
        [4, 10],
        [12, 18],
      ]),
    ),
  ).toBe("a [needle], [needle]");
  expect(shown(match("äöü needle", [[7, 13]]))).toBe("äöü [needle]");
  expect(lineOf(match("äöü needle", [[7, 13]])).column).toBe(5);
  expect(lineOf(match("x needle", [[2, 8]], { textStart: 600, column: 603 })).column).toBe(603);
});

test("a long line is cut around the match", () => {
  const line = shown(match(`${"x".repeat(100)}needle${"y".repeat(1000)}`, [[100, 106]]));
  expect(line).toMatch(/^…x{20}\[needle\]y+…$/);
  expect(line.length).toBeLessThan(500);
});

test("a replacement stands behind what it replaces, also where the line is cut before it", () => {
  const edit = { line: 1, start: 2, end: 8, before: "needle", after: "pin" };
  const parts = (text: string, column: number) => lineOfEdit({ ...edit, column, text }).parts.map((part) => part.text);
  expect(parts("a needle b", 3)).toEqual(["a ", "needle", "pin", " b"]);
  expect(parts("x".repeat(512), 700)).toEqual(["…", "needle", "pin"]);
});

test("a query becomes what the daemon takes", () => {
  expect(globsOf("src, ./a/*.{js,ts} ,,b")).toEqual(["src", "a/*.{js,ts}", "b"]);
  const { globs, isLiteral, ignoreCase } = paramsOf({ ...EMPTY, text: "a", include: "src", exclude: "a/b" }, ["*.pyc"]);
  expect(globs?.slice(0, -4)).toEqual(["src", "**/src/**", "!*.pyc", "!**/*.pyc/**", "!a/b", "!a/b/**"]);
  expect([isLiteral, ignoreCase]).toEqual([true, true]);
  expect(problemOf("the pattern cannot be read: regex parse error:\n  (\n  ^\nerror: unclosed group")).toBe(
    "Unclosed group.",
  );
});

test("results come file by file, in pieces", () => {
  const collector = new Collector("/w");
  collector.take(
    `${JSON.stringify(match("a", [[0, 1]]))}\n${JSON.stringify(
      match(
        "aa",
        [
          [0, 1],
          [1, 2],
        ],
        { line: 2 },
      ),
    )}\n`,
  );
  collector.take(JSON.stringify(match("a", [[0, 1]], { path: "src/b.ts" })));
  expect(collector.files.map(({ path, folder, count }) => [path, folder, count])).toEqual([
    ["/w/a.ts", "", 3],
    ["/w/src/b.ts", "src", 1],
  ]);
  expect(rowsOf(collector.files, (path) => path === "/w/a.ts").map((row) => row.key)).toEqual([
    "/w/a.ts",
    "/w/src/b.ts",
    "/w/src/b.ts:1:1",
  ]);
  expect(counted(1, "match", "matches")).toBe("1 match");
  expect(counted(1234, "result")).toBe("1,234 results");
});
