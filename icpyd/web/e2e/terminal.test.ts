// Terminals: shells of the daemon, shown in the window.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until, World } from "./harness.ts";

let world: World;
beforeAll(async () => {
  world = await World.start({ "README.md": "# Project\n", "src/app.py": "import nothing\n" });
});
afterAll(() => world.end());

/** What the terminal in front shows, row by row. */
async function shown(page: Page, name = "Terminal bash"): Promise<string> {
  const rows = page.getByRole("region", { name }).locator(".xterm-rows > div");
  return (await rows.allTextContents()).map((row) => row.trimEnd()).join("\n");
}

/** Waits until it shows something. */
async function showsText(page: Page, text: string | RegExp, name?: string): Promise<void> {
  const has = (all: string) => (typeof text === "string" ? all.includes(text) : text.test(all));
  await until(async () => has((await shown(page, name)).replaceAll("\u00a0", " ")), `the terminal shows ${text}`);
}

/** A window with a new terminal at its prompt. */
async function terminal(): Promise<Page> {
  const page = await world.window({ permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("button", { name: "project" }).waitFor();
  await page.keyboard.press("Control+Shift+Backquote");
  await showsText(page, "project#");
  return page;
}

test("a new terminal is a shell in the workspace's folder", async () => {
  const page = await terminal();
  await page.keyboard.type("echo one-$((1+1)); pwd\n");
  await showsText(page, /one-2\n.*project\n/);
  await page.keyboard.type("ls --color=always -la /; false\n");
  await showsText(page, "tmp");
  await world.screenshot(page, "terminal");
  expect(1).toBe(1);
});
