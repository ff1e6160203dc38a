// The explorer: the tree of the workspace's files, live.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { beginAnew, explorer, FILES, menu, row, shown } from "./explorer_tree.ts";
import { until, World } from "./harness.ts";

const require = createRequire(import.meta.url);
let world: World;
let page: Page;

beforeAll(async () => {
  world = await World.start(FILES);
  page = await explorer(world);
});
beforeEach(() => beginAnew(world, page));
afterAll(() => world.end());

test("folders come first and numbers count; what is ignored, linked or broken is shown as such", async () => {
  symlinkSync("README.md", world.path("link.md"));
  symlinkSync("nowhere", world.path("broken"));
  symlinkSync("src", world.path("linked"));
  await row(page, "src").click();
  await row(page, "linked, link to src").click();
  await shown(page, [
    "assets",
    "dist",
    "src",
    "deep",
    "file2.ts",
    "file10.ts",
    "main.ts",
    ".gitignore",
    "broken, broken link to nowhere",
    "debug.log",
    "link.md, link to README.md",
    "linked, link to src",
    "deep",
    "file2.ts",
    "file10.ts",
    "main.ts",
    "package.json",
    "README.md",
  ]);
  expect(await row(page, "debug.log").getAttribute("title")).toContain("Ignored by git");
  await world.screenshot(page, "explorer");
  // What changes is told also where a link leads.
  writeFileSync(world.path("src/new.ts"), "");
  await until(async () => (await row(page, "new.ts").count()) === 2, "the file is there twice");
});

test("ignored files are hidden by a toggle, in every window", async () => {
  const other = await world.window();
  await page.getByRole("button", { name: "More of the explorer" }).click();
  await page.getByRole("menuitemradio", { name: "Ignored Files" }).click();
  await shown(page, ["assets", "src", ".gitignore", "package.json", "README.md"]);
  await shown(other, ["assets", "src", ".gitignore", "package.json", "README.md"]);
  await page.getByRole("button", { name: "More of the explorer" }).click();
  await page.getByRole("menuitemradio", { name: "Ignored Files" }).click();
  await row(other, "dist").waitFor();
  await other.context().close();
});

test("what happens on disk shows in every window, in open folders and ignored ones", async () => {
  const other = await world.window();
  await row(page, "src").click();
  await row(page, "dist").click();
  await row(other, "main.ts").waitFor();
  world.write({ "src/added.ts": "", "dist/more.js": "", "new.log": "", "src/deep/unseen.ts": "" });
  for (const window of [page, other]) {
    await row(window, "added.ts").waitFor();
    await row(window, "more.js").waitFor();
    await row(window, "new.log").waitFor();
  }
  renameSync(world.path("src/added.ts"), world.path("src/renamed.ts"));
  rmSync(world.path("dist/more.js"));
  for (const window of [page, other]) {
    await row(window, "renamed.ts").waitFor();
    await row(window, "added.ts").waitFor({ state: "detached" });
    await row(window, "more.js").waitFor({ state: "detached" });
  }
  // A folder that is moved stays open.
  renameSync(world.path("src"), world.path("source"));
  await row(page, "source").waitFor();
  await row(page, "renamed.ts").waitFor();
  await other.context().close();
});

test("many changes at once are shown as they are in the end", async () => {
  await row(page, "assets").click();
  world.write(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`assets/${at}.txt`, ""])));
  await row(page, "0.txt").waitFor();
  for (let at = 1; at < 300; at++) rmSync(world.path(`assets/${at}.txt`));
  const names = ["assets", "0.txt", "logo.png", "dist", "src", ".gitignore", "debug.log", "package.json", "README.md"];
  await shown(page, names);
});

test("after the daemon was killed the tree is right again, and what was open is open", async () => {
  await row(page, "src").click();
  await row(page, "main.ts").waitFor();
  await world.killDaemon();
  rmSync(world.path("src/main.ts"));
  world.write({ "src/meanwhile.ts": "" });
  await world.startDaemon();
  await row(page, "meanwhile.ts").waitFor();
  await row(page, "main.ts").waitFor({ state: "detached" });
  world.write({ "src/afterwards.ts": "" });
  await row(page, "afterwards.ts").waitFor();
});

test("open folders are remembered, and the same in every window", async () => {
  await row(page, "src").click();
  await row(page, "deep").click();
  await row(page, "inner").waitFor();
  const other = await world.window();
  await row(other, "inner").waitFor();
  await row(other, "deep").click();
  await row(page, "inner").waitFor({ state: "detached" });
  await other.context().close();
  await until(async () => (await world.icpy(["call", "state:get"])).includes('"expanded"'), "it is stored");
  await page.reload();
  await row(page, "main.ts").waitFor();
  expect(await row(page, "inner").count()).toBe(0);
});

test("the keyboard moves, opens, closes and finds by name", async () => {
  const tree = page.getByRole("tree", { name: "Files" });
  const active = async (name: string) => {
    await until(async () => {
      const id = await tree.getAttribute("aria-activedescendant");
      return id !== null && (await page.locator(`[id="${id}"]`).getAttribute("aria-label")) === name;
    }, `${name} has the focus`);
  };
  await row(page, "assets").click();
  await page.keyboard.press("Home");
  await active("assets");
  await page.keyboard.press("End");
  await active("README.md");
  await page.keyboard.type("src");
  await active("src");
  await page.keyboard.press("ArrowRight");
  await row(page, "main.ts").waitFor();
  await page.keyboard.press("ArrowRight");
  await active("deep");
  await page.keyboard.press("ArrowDown");
  await active("file2.ts");
  await page.keyboard.press("ArrowLeft");
  await active("src");
  await page.keyboard.press("ArrowLeft");
  await row(page, "main.ts").waitFor({ state: "detached" });
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.locator(".cm-content:focus").getByText("# Project").waitFor();
  await page.keyboard.press("Control+Shift+E");
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  expect(await tree.locator('[aria-selected="true"]').count()).toBe(3);
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menu", { name: "Files" }).waitFor();
  await page.keyboard.press("Escape");
});

test("the file in front is shown and selected in the tree", async () => {
  await world.icpy(["src/deep/inner/leaf.py"]);
  await row(page, "leaf.py").waitFor();
  await until(async () => (await row(page, "leaf.py").getAttribute("aria-selected")) === "true", "it is selected");
  // What is closed then stays closed.
  await row(page, "src").click();
  await row(page, "leaf.py").waitFor({ state: "detached" });
  await row(page, "README.md").click();
  await until(async () => (await row(page, "README.md").getAttribute("aria-selected")) === "true", "it is selected");
  await page.locator(".cm-content").getByText("# Project").waitFor();
  // To look at a file with a click leaves the keys with the tree.
  await page.keyboard.press("F2");
  await page.getByRole("textbox", { name: "New name of README.md" }).waitFor();
  await page.keyboard.press("Escape");
  await row(page, "README.md").dblclick();
  await page.locator(".cm-content:focus").waitFor();
});

test("a terminal opens in the folder that is selected", async () => {
  await row(page, "src").click();
  await menu(page, "deep", "Open in Terminal");
  await until(async () => (await world.icpy(["call", "terminal:list"])).includes(world.path("src/deep")), "there is one");
  await page.keyboard.press("Control+Shift+E");
});

test("an empty folder says so, and a workspace's folder that is gone comes back", async () => {
  mkdirSync(world.path("hollow"));
  await row(page, "hollow").click();
  await page.getByRole("tree", { name: "Files" }).getByText("Empty").waitFor();
  renameSync(world.folder, `${world.folder}.away`);
  await page.getByText("The folder project is not there any more.").waitFor();
  await world.screenshot(page, "explorer_gone");
  mkdirSync(world.folder);
  await page.getByText("This folder is empty.").waitFor();
  await world.screenshot(page, "explorer_empty");
  rmSync(world.folder, { recursive: true });
  renameSync(`${world.folder}.away`, world.folder);
  await row(page, "README.md").waitFor();
});

test("in a narrow window there is the tree or the editor", async () => {
  const phone = await world.window({ viewport: { width: 390, height: 760 } });
  await phone.getByRole("button", { name: "Explorer" }).click();
  await row(phone, "src").click();
  await row(phone, "main.ts").waitFor();
  await world.screenshot(phone, "explorer_narrow");
  await row(phone, "main.ts").click();
  await phone.getByRole("tree", { name: "Files" }).waitFor({ state: "detached" });
  await phone.context().close();
});

test("a folder that was added to the workspace stands beside the first", async () => {
  const added = join(world.home, "library");
  mkdirSync(added);
  writeFileSync(join(added, "book.txt"), "");
  const workspace = JSON.stringify({ path: added });
  await world.icpy(["call", "workspace:add_folder", workspace]);
  await row(page, "library").waitFor();
  await row(page, "book.txt").waitFor();
  await row(page, "project").click();
  await row(page, "README.md").waitFor({ state: "detached" });
  writeFileSync(join(added, "other.txt"), "");
  await row(page, "other.txt").waitFor();
  // A folder at the top is not deleted by a key.
  await row(page, "library").click();
  await page.keyboard.press("Delete");
  expect(existsSync(added)).toBe(true);
  await row(page, "project").click();
  await world.icpy(["call", "workspace:remove_folder", workspace]);
  await row(page, "library").waitFor({ state: "detached" });
});

test("nothing is wrong for assistive technology, in any theme", async () => {
  await row(page, "src").click();
  await row(page, "main.ts").click();
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  for (const theme of ["light", "dark", "high_contrast"]) {
    await page.evaluate((name) => {
      document.documentElement.dataset.theme = name;
    }, theme);
    const wrong = await page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run: (at: string) => Promise<{ violations: unknown[] }> } }).axe;
      return (await axe.run("aside")).violations;
    });
    await world.screenshot(page, `explorer_${theme}`);
    expect(wrong).toEqual([]);
  }
  await page.evaluate(() => {
    document.documentElement.dataset.theme = "light";
  });
});

test("a folder of 20,000 files opens at once and scrolls", async () => {
  world.write(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`many/file${at}.txt`, ""])));
  await row(page, "many").waitFor();
  await world.icpy(["call", "fs:sync"]);
  const began = performance.now();
  await row(page, "many").click();
  await row(page, "file0.txt").waitFor();
  const firstMs = performance.now() - began;
  await until(async () => (await row(page, "file0.txt").getAttribute("aria-setsize")) === "20000", "all are there", 60_000);
  const allMs = performance.now() - began;
  const scroll = (step: number) =>
    page.getByRole("tree", { name: "Files" }).evaluate(async (tree, step) => {
      const times: number[] = [];
      for (let at = 0; at < 120; at++) {
        tree.scrollTop += step;
        const before = performance.now();
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - before);
      }
      times.sort((a, b) => a - b);
      return { medianMs: times[60], worstMs: times.at(-1) };
    }, step);
  const figures = { firstMs, allMs, byWheel: await scroll(120), byPages: await scroll(3000) };
  process.stdout.write(`20,000 files: ${JSON.stringify(figures)}\n`);
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("End");
  await row(page, "README.md").waitFor();
  // A change among them is shown without listing them again.
  writeFileSync(world.path("many/aaa.txt"), "");
  await page.keyboard.press("Home");
  await row(page, "aaa.txt").waitFor();
  expect(await row(page, "aaa.txt").getAttribute("aria-setsize")).toBe("20001");
}, 240_000);
