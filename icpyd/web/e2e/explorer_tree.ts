// What tests do with the explorer: look at the tree of files, and begin with the same ones each time.

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { until, type World } from "./harness.ts";

export const FILES = {
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

/** A window that shows them, in a repository. */
export async function explorer(world: World): Promise<Page> {
  execFileSync("git", ["init", "--quiet"], { cwd: world.folder });
  const page = await world.window();
  page.setDefaultTimeout(50_000);
  return page;
}

/** Begins with the same files, and with nothing open. */
export async function beginAnew(world: World, page: Page): Promise<void> {
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
}

export function row(page: Page, name: string): Locator {
  return page.getByRole("tree", { name: "Files" }).getByRole("treeitem", { name, exact: true });
}

/** Waits until the tree has exactly these rows. */
export async function shown(page: Page, names: string[]): Promise<void> {
  let now: string[] = [];
  const look = async () => {
    const rows = page.getByRole("tree", { name: "Files" }).getByRole("treeitem");
    now = await rows.evaluateAll((all) => all.map((it) => it.getAttribute("aria-label") ?? ""));
    return JSON.stringify(now) === JSON.stringify(names);
  };
  await until(look, "the rows are shown").catch(() => expect(now).toEqual(names));
}

export async function menu(page: Page, name: string, item: string): Promise<void> {
  await row(page, name).click({ button: "right" });
  await page.getByRole("menuitem", { name: item }).first().click();
}

export async function notice(page: Page, text: string): Promise<void> {
  await page.getByRole("log", { name: "Notifications" }).getByText(text).waitFor();
}
