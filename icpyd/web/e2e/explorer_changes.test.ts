// What is done with files in the explorer.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { beginAnew, explorer, FILES, menu, notice, row } from "./explorer_tree.ts";
import { until, World } from "./harness.ts";

let world: World;
let page: Page;

beforeAll(async () => {
  world = await World.start(FILES);
  page = await explorer(world);
});
beforeEach(() => beginAnew(world, page));
afterAll(() => world.end());

async function isOpen(name: string): Promise<boolean> {
  return (await world.icpy(["call", "file:list"])).includes(JSON.stringify(world.path(name)));
}

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

test("a folder is uploaded with all that is in it", async () => {
  const folder = join(world.home, "album");
  mkdirSync(join(folder, "inner"), { recursive: true });
  writeFileSync(join(folder, "one.txt"), "1");
  writeFileSync(join(folder, "inner/two.txt"), "2");
  const chooser = page.waitForEvent("filechooser");
  await menu(page, "assets", "Upload Folder...");
  await (await chooser).setFiles(folder);
  await notice(page, "Uploaded 2 files to assets.");
  expect(world.read("assets/album/one.txt")).toBe("1");
  expect(world.read("assets/album/inner/two.txt")).toBe("2");
  await row(page, "album").waitFor();
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

test("an upload goes on when the daemon was killed meanwhile", async () => {
  const large = join(world.home, "large.bin");
  writeFileSync(large, Buffer.alloc(24_000_000, "0123456789abcdef\n"));
  await row(page, "src").click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload Files" }).click();
  await (await chooser).setFiles(large);
  await page.getByRole("progressbar", { name: "Upload" }).waitFor();
  await world.killDaemon();
  expect(existsSync(world.path("src/large.bin"))).toBe(false);
  await world.startDaemon();
  await notice(page, "Uploaded 1 file to src.");
  execFileSync("cmp", [large, world.path("src/large.bin")]);
});
