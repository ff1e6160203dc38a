import { expect, test } from "vitest";
import { described, type Entry, withEntry, withoutEntry } from "./entry.ts";
import { matcherOf } from "./globs.ts";
import { type Content, type Draft, layOut } from "./rows.ts";

function entry(path: string, kind: "file" | "directory" = "file", isIgnored = false): Entry {
  return described(path, { kind, size: 0, modifiedAtMs: 0, isReadOnly: false, isIgnored });
}

const ROOT = entry("/w", "directory");

function rows(
  contents: Record<string, Content>,
  open: string[],
  draft: Draft | null = null,
  hidesIgnored = false,
): string[] {
  const layout = layOut({
    roots: [ROOT],
    contents: new Map(Object.entries(contents)),
    isOpen: ({ path }) => open.includes(path),
    isLeftOut: ({ isIgnored }) => hidesIgnored && isIgnored,
    draft,
  });
  return layout.rows.map(
    (row) => `${row.level} ${row.kind === "entry" ? row.entry.name : row.kind === "note" ? row.text : row.kind}`,
  );
}

function ready(...entries: Entry[]): Content {
  return { entries, state: "ready", problem: null };
}

test("the tree is laid out with what is open", () => {
  const contents = { "/w": ready(entry("/w/src", "directory"), entry("/w/a")), "/w/src": ready(entry("/w/src/b")) };
  expect(rows(contents, [])).toEqual(["1 src", "1 a"]);
  expect(rows(contents, ["/w/src"])).toEqual(["1 src", "2 b", "1 a"]);
});

test("what is empty, unknown or cannot be read says so", () => {
  const failed: Content = { entries: [], state: "failed", problem: "You may not." };
  const above = ready(entry("/w/src", "directory"));
  expect(rows({ "/w": above }, ["/w/src"])).toEqual(["1 src", "2 Loading..."]);
  expect(rows({ "/w": above, "/w/src": ready() }, ["/w/src"])).toEqual(["1 src", "2 Empty"]);
  expect(rows({ "/w": above, "/w/src": failed }, ["/w/src"])).toEqual(["1 src", "2 You may not."]);
  expect(rows({ "/w": ready(entry("/w/a", "file", true)) }, [], null, true)).toEqual(["1 Only ignored files"]);
});

test("what is named stands where it will be", () => {
  const contents = { "/w": ready(entry("/w/src", "directory"), entry("/w/a")) };
  const draft = (kind: Draft["kind"], path: string | null = null): Draft => ({ kind, folder: "/w", path });
  expect(rows(contents, [], draft("file"))).toEqual(["1 src", "1 draft", "1 a"]);
  expect(rows(contents, [], draft("folder"))).toEqual(["1 draft", "1 src", "1 a"]);
  expect(rows(contents, [], draft("rename", "/w/a"))).toEqual(["1 src", "1 draft"]);
  expect(rows({ "/w": ready() }, [], draft("file"))).toEqual(["1 draft"]);
});

test("an entry that comes stands in its place, and one that goes leaves none", () => {
  const entries = [entry("/w/src", "directory"), entry("/w/a2"), entry("/w/a10")];
  const names = (all: Entry[]) => all.map(({ name }) => name);
  expect(names(withEntry(entries, entry("/w/a3")))).toEqual(["src", "a2", "a3", "a10"]);
  expect(names(withEntry(entries, entry("/w/docs", "directory")))).toEqual(["docs", "src", "a2", "a10"]);
  expect(names(withEntry(entries, entry("/w/a2", "directory")))).toEqual(["a2", "src", "a10"]);
  expect(names(withoutEntry(entries, "/w/a2"))).toEqual(["src", "a10"]);
  expect(withoutEntry(entries, "/w/none")).toBe(entries);
});

test("globs without a slash are for names, others for paths", () => {
  const fits = (glob: string, path: string) => matcherOf([glob])(path);
  expect(fits("*.pyc", "a/b.pyc")).toBe(true);
  expect(fits("**/node_modules", "a/node_modules")).toBe(true);
  expect(fits("src/*.ts", "src/a.ts")).toBe(true);
  expect(fits("src/*.ts", "x/src/a.ts")).toBe(false);
  expect(fits("*.{js,ts}", "a.ts")).toBe(true);
  expect(fits("a.b", "axb")).toBe(false);
  expect(matcherOf([])("a")).toBe(false);
});
