// The explorer: the tree of the workspace's files, live, and what is done with them.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until, World } from "./harness.ts";

const require = createRequire(import.meta.url);
let world: World;
let page: Page;

const FILES = {
  "README.md": "# Project\n",
  "package.json": "{}\n",
  ".gitignore": "dist\n*.log\n",
  "dist/out.js": "1\n",
  "debug.log": "1\n",
  "src/main.ts": "export {};\n",
  "src/file2.ts": "2\n",
  "src/file10.ts": "10\n",
  "src/deep/inner/leaf.py": "leaf = 1\n",
  "assets/logo.png": "png",
};

beforeAll(async () => {
  world = await World.start(FILES);
  execFileSync("git", ["init", "--quiet"], { cwd: world.folder });
  page = await world.window();
});
afterAll(() => world.end());

beforeEach(async () => {
  // Each test begins with the same files, and with nothing open.
  await page.keyboard.press("Escape");
  for (const name of execFileSync("ls", ["-A", world.folder]).toString().split("\n")) {
    if (name && name !== ".git") rmSync(world.path(name), { recursive: true });
  }
  world.write(FILES);
  await page.getByRole("button", { name: "Dismiss" }).evaluateAll((all) => {
    for (const button of all) (button as HTMLElement).click();
  });
  await page.getByRole("button", { name: "Collapse All Folders" }).click();
  await shown(page, ["assets", "dist", "src", ".gitignore", "debug.log", "package.json", "README.md"]);
});

function row(page: Page, name: string): Locator {
  return page.getByRole("tree", { name: "Files" }).getByRole("treeitem", { name, exact: true });
}

/** Waits until the tree has exactly these rows. */
async function shown(page: Page, names: string[]): Promise<void> {
  let now: string[] = [];
  const look = async () => {
    const rows = page.getByRole("tree", { name: "Files" }).getByRole("treeitem");
    now = await rows.evaluateAll((all) => all.map((it) => it.getAttribute("aria-label") ?? ""));
    return JSON.stringify(now) === JSON.stringify(names);
  };
  await until(look, "the rows are shown").catch(() => expect(now).toEqual(names));
}

async function menu(page: Page, name: string, item: string): Promise<void> {
  await row(page, name).click({ button: "right" });
  await page.getByRole("menuitem", { name: item }).first().click();
}

async function notice(page: Page, text: string): Promise<void> {
  await page.getByRole("log", { name: "Notifications" }).getByText(text).waitFor();
}

async function isOpen(name: string): Promise<boolean> {
  return (await world.icpy(["call", "file:list"])).includes(JSON.stringify(world.path(name)));
}

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

test("a new file is named in the tree, is checked while it is typed, and opens", async () => {
  await row(page, "src").click();
  await page.getByRole("button", { name: "New File", exact: true }).click();
  const input = page.getByRole("textbox", { name: "Name of the new file" });
  await input.fill("main.ts");
  await page.getByText("There is already something named main.ts here.").waitFor();
  await world.screenshot(page, "explorer_new_file");
  await page.keyboard.press("Enter");
  await input.fill("made/fresh.ts");
  await page.keyboard.press("Enter");
  await row(page, "fresh.ts").waitFor();
  expect(world.read("src/made/fresh.ts")).toBe("");
  await until(() => isOpen("src/made/fresh.ts"), "the file is open");
  await row(page, "made").click({ button: "right" });
  await page.getByRole("menuitem", { name: "New Folder..." }).click();
  await page.getByRole("textbox", { name: "Name of the new folder" }).fill("sub");
  await page.keyboard.press("Enter");
  await row(page, "sub").waitFor();
  expect(existsSync(world.path("src/made/sub"))).toBe(true);
  // Nothing is made of a name that is given up.
  await page.getByRole("button", { name: "New File", exact: true }).click();
  await input.fill("never.ts");
  await page.keyboard.press("Escape");
  await input.waitFor({ state: "detached" });
  expect(existsSync(world.path("src/made/never.ts"))).toBe(false);
});

test("a file is renamed in its row, and that is undone by keys", async () => {
  await row(page, "README.md").click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("F2");
  const input = page.getByRole("textbox", { name: "New name of README.md" });
  await input.waitFor();
  expect(await input.evaluate((it: HTMLInputElement) => it.value.slice(it.selectionStart ?? 0, it.selectionEnd ?? 0))).toBe(
    "README",
  );
  await page.keyboard.type("GUIDE");
  await page.keyboard.press("Enter");
  await row(page, "GUIDE.md").waitFor();
  await row(page, "README.md").waitFor({ state: "detached" });
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("Control+Z");
  await row(page, "README.md").waitFor();
  expect(world.read("README.md")).toBe("# Project\n");
});

test("what is deleted goes to the trash, and comes back by the notice", async () => {
  await row(page, "package.json").click();
  await row(page, "README.md").click({ modifiers: ["Control"] });
  await page.keyboard.press("Delete");
  await notice(page, "to the trash.");
  await row(page, "README.md").waitFor({ state: "detached" });
  expect(existsSync(world.path("package.json"))).toBe(false);
  await world.screenshot(page, "explorer_deleted");
  await page.getByRole("button", { name: "Undo" }).click();
  await row(page, "README.md").waitFor();
  expect(world.read("package.json")).toBe("{}\n");
});

test("to delete for good is asked", async () => {
  await menu(page, "debug.log", "Delete for Good...");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(existsSync(world.path("debug.log"))).toBe(true);
  await menu(page, "debug.log", "Delete for Good...");
  await page
    .getByRole("dialog", { name: "Delete debug.log for good?" })
    .getByRole("button", { name: "Delete for Good" })
    .click();
  await row(page, "debug.log").waitFor({ state: "detached" });
  expect(existsSync(world.path("debug.log"))).toBe(false);
});

test("files are copied, cut and pasted; what is there already is asked about", async () => {
  await row(page, "README.md").click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("Control+C");
  await row(page, "assets").click();
  await page.keyboard.press("Control+V");
  await until(() => existsSync(world.path("assets/README.md")), "it is copied");
  world.write({ "assets/README.md": "other\n" });
  await menu(page, "assets", "Paste");
  const dialog = page.getByRole("dialog", { name: "README.md exists in assets" });
  await dialog.getByRole("button", { name: "Skip" }).click();
  expect(world.read("assets/README.md")).toBe("other\n");
  await menu(page, "assets", "Paste");
  await dialog.waitFor();
  await world.screenshot(page, "explorer_conflict");
  await dialog.getByRole("button", { name: "Keep Both" }).click();
  await row(page, "README copy.md").waitFor();
  await menu(page, "assets", "Paste");
  await dialog.getByRole("button", { name: "Replace" }).click();
  await until(() => world.read("assets/README.md") === "# Project\n", "it is replaced");
  await row(page, "package.json").click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("Control+X");
  await row(page, "logo.png").click();
  await page.getByRole("tree", { name: "Files" }).focus();
  await page.keyboard.press("Control+V");
  await until(() => existsSync(world.path("assets/package.json")), "it is moved");
  expect(existsSync(world.path("package.json"))).toBe(false);
  await menu(page, "logo.png", "Duplicate");
  await row(page, "logo copy.png").waitFor();
});

test("rows are dragged onto folders, which open by themselves", async () => {
  await row(page, "README.md").dragTo(row(page, "assets"));
  await until(() => existsSync(world.path("assets/README.md")), "it is moved");
  await row(page, "package.json").click();
  await row(page, "debug.log").click({ modifiers: ["Control"] });
  await row(page, "package.json").hover();
  await page.mouse.down();
  await row(page, "src").hover();
  await row(page, "src").hover();
  // It is held there until the folder has opened.
  await row(page, "deep").waitFor();
  await row(page, "deep").hover();
  await row(page, "deep").hover();
  await world.screenshot(page, "explorer_dragging");
  await page.keyboard.down("Alt");
  await row(page, "deep").hover();
  await page.mouse.up();
  await page.keyboard.up("Alt");
  await until(() => existsSync(world.path("src/deep/package.json")), "it is copied");
  await until(() => existsSync(world.path("src/deep/debug.log")), "it is copied");
  expect(existsSync(world.path("package.json"))).toBe(true);
});

test("paths are copied, whole and below the workspace", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await row(page, "src").click();
  await menu(page, "main.ts", "Copy Path");
  await until(async () => (await clipboard()) === world.path("src/main.ts"), "the path is copied");
  await menu(page, "main.ts", "Copy Relative Path");
  await until(async () => (await clipboard()) === "src/main.ts", "the path is copied");
});

test("files are uploaded by a button, in pieces; what is there already is asked about", async () => {
  const content = Buffer.alloc(3_000_000, "0123456789abcdef\n");
  const choose = async (files: Array<{ name: string; mimeType: string; buffer: Buffer }>) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload Files" }).click();
    await (await chooser).setFiles(files);
  };
  await row(page, "assets").click();
  await choose([
    { name: "large.bin", mimeType: "application/octet-stream", buffer: content },
    { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
  ]);
  await row(page, "large.bin").waitFor();
  await notice(page, "Uploaded 2 files to assets.");
  expect(Buffer.from(world.read("assets/large.bin")).equals(content)).toBe(true);
  expect(world.read("assets/empty.txt")).toBe("");
  await choose([{ name: "logo.png", mimeType: "image/png", buffer: Buffer.from("new") }]);
  await page.getByRole("dialog", { name: "logo.png exists in assets" }).getByRole("button", { name: "Keep Both" }).click();
  await row(page, "logo copy.png").waitFor();
  expect(world.read("assets/logo copy.png")).toBe("new");
  expect(world.read("assets/logo.png")).toBe("png");
});

test("an upload that is cancelled leaves nothing behind", async () => {
  const large = join(world.home, "huge.bin");
  writeFileSync(large, "");
  truncateSync(large, 400_000_000);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload Files" }).click();
  await (await chooser).setFiles(large);
  await page.getByRole("progressbar", { name: "Upload" }).waitFor();
  await world.screenshot(page, "explorer_upload");
  await page.getByRole("button", { name: "Cancel" }).click();
  await notice(page, "The upload was cancelled.");
  expect(existsSync(world.path("huge.bin"))).toBe(false);
  await page.getByRole("progressbar", { name: "Upload" }).waitFor({ state: "detached" });
});

test("files are dropped from the desktop into a folder", async () => {
  const transfer = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["dropped\n"], "dropped.txt"));
    return transfer;
  });
  for (const type of ["dragenter", "dragover", "drop"])
    await row(page, "assets").dispatchEvent(type, { dataTransfer: transfer });
  await row(page, "dropped.txt").waitFor();
  expect(world.read("assets/dropped.txt")).toBe("dropped\n");
});

test("a file is downloaded as it is, and a folder says why not", async () => {
  const download = page.waitForEvent("download");
  await menu(page, "README.md", "Download");
  const path = await (await download).path();
  expect(execFileSync("cat", [path]).toString()).toBe("# Project\n");
  expect((await download).suggestedFilename()).toBe("README.md");
  await menu(page, "src", "Download");
  await notice(page, "The folder src cannot be downloaded as it is.");
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

test("an upload goes on when the daemon was killed meanwhile", async () => {
  const large = join(world.home, "large.bin");
  writeFileSync(large, Buffer.alloc(80_000_000, "0123456789abcdef\n"));
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload Files" }).click();
  await (await chooser).setFiles(large);
  await page.getByRole("progressbar", { name: "Upload" }).waitFor();
  await world.killDaemon();
  expect(existsSync(world.path("large.bin"))).toBe(false);
  await world.startDaemon();
  await notice(page, "Uploaded 1 file to");
  execFileSync("cmp", [large, world.path("large.bin")]);
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
  await until(async () => (await row(page, "file0.txt").getAttribute("aria-setsize")) === "20000", "all are there");
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
});
