import { expect, test } from "vitest";
import { findLinks, resolvePath, toldFolder } from "./links.ts";

/** The links of a text: what is marked, and where it leads. */
function links(text: string): string[] {
  return findLinks(text).map(({ from, to, target }) => {
    const shown = text.slice(from, to);
    if (target.kind === "address") return shown;
    return `${shown} -> ${[target.path, target.line, target.column].filter((it) => it !== null).join(" ")}`;
  });
}

test("addresses end before what ends the sentence", () => {
  expect(links("see https://a.example/b?c=d#e, (http://x.example/y_(z)) or ftp://f.example.")).toEqual([
    "https://a.example/b?c=d#e",
    "http://x.example/y_(z)",
    "ftp://f.example",
  ]);
});

test("places in files are told as compilers tell them", () => {
  expect(links("src/main.rs:12:3: error")).toEqual(["src/main.rs:12:3 -> src/main.rs 12 3"]);
  expect(links("  --> protocol/src/lib.rs:5")).toEqual(["protocol/src/lib.rs:5 -> protocol/src/lib.rs 5"]);
  expect(links("src/app.ts(10,5): error TS2304")).toEqual(["src/app.ts(10,5) -> src/app.ts 10 5"]);
  expect(links('  File "/tmp/my x.py", line 3, in <module>')).toEqual(['File "/tmp/my x.py", line 3 -> /tmp/my x.py 3']);
  expect(links("at f (/srv/a.js:1:2)")).toEqual(["/srv/a.js:1:2 -> /srv/a.js 1 2"]);
  expect(links("Makefile:3: *** stop.")).toEqual(["Makefile:3 -> Makefile 3"]);
});

test("paths alone are links, and words and numbers are not", () => {
  expect(links("modified:   ./a/b.txt and ~/c README.md.")).toEqual([
    "./a/b.txt -> ./a/b.txt",
    "~/c -> ~/c",
    "README.md -> README.md",
  ]);
  expect(links("10:30:12 12.5 1.2.3 3/4 -- hello, world: yes ... /")).toEqual([]);
});

test("paths are meant from the folder", () => {
  expect(resolvePath("../a/./b", "/x/y", null)).toBe("/x/a/b");
  expect(resolvePath("/a//b/", "/x", null)).toBe("/a/b");
  expect(resolvePath("~/a", "/x", "/home/me")).toBe("/home/me/a");
  expect(resolvePath("~/a", "/x", null)).toBe(null);
});

test("folders are told as paths and as addresses", () => {
  expect(toldFolder("/a b")).toBe("/a b");
  expect(toldFolder("file://host/a%20b/%C3%BC")).toBe("/a b/ü");
  expect(toldFolder("file:///a")).toBe("/a");
  expect(toldFolder("kitty-shell-cwd")).toBe(null);
});
