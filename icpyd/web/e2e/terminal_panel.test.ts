// The panel of terminals: tabs, groups side by side, names and places, shared by windows; by keyboard, and on a phone's screen.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until, World } from "./harness.ts";
import { call, newTerminal, shows, terminalsOf, typeLine, windowWithTerminal } from "./terminals.ts";

let world: World;
beforeEach(async () => {
  world = await World.start({ "README.md": "# Project\n", "deep/er/file.txt": "" });
});
afterEach(() => world.end());

async function names(page: Page): Promise<string[]> {
  return (await page.getByRole("tab").allInnerTexts()).map((text) => text.trim().split("\n")[0] ?? "");
}

async function rename(page: Page, at: number, name: string): Promise<void> {
  await page.getByRole("tab").nth(at).dblclick();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.keyboard.press("Enter");
  await until(async () => (await names(page))[at] === name, `the tab is called ${name}`);
}

test("the panel opens with the first terminal, and says so when there is none", async () => {
  const page = await world.window();
  await page.getByRole("button", { name: "project" }).waitFor();
  expect(await page.getByRole("region", { name: "Terminals" }).count()).toBe(0);
  await page.keyboard.press("Control+Backquote");
  await shows(page, /project[#$]$/m);
  await page.getByRole("button", { name: "Close bash" }).click();
  await page.getByText("No terminal is open in this workspace.").waitFor();
  await world.screenshot(page, "terminal_none");
  await page.getByRole("button", { name: "New terminal" }).last().click();
  await shows(page, /project[#$]$/m);
  await page.keyboard.press("Control+Backquote");
  await page.getByRole("region", { name: "Terminals" }).waitFor({ state: "detached" });
  await page.keyboard.press("Control+Backquote");
  await page.locator("[data-terminal] textarea:focus").waitFor({ state: "attached" });
  await typeLine(page, "echo th''ere");
  await shows(page, /^there$/m);
});

test("terminals are renamed, moved by dragging and by the keyboard, and shared with other windows", async () => {
  const page = await windowWithTerminal(world);
  await newTerminal(page);
  await newTerminal(page);
  await rename(page, 0, "one");
  await rename(page, 1, "two");
  await page.getByRole("tab").nth(2).press("F2");
  await page.getByRole("textbox", { name: "Name" }).fill("three");
  await page.keyboard.press("Enter");
  await until(async () => (await names(page)).join() === "one,two,three", "they have names");
  const other = await world.window();
  await until(async () => (await names(other)).join() === "one,two,three", "the other window has them");
  await page.getByRole("tab", { name: "three" }).dragTo(page.getByRole("tab", { name: "one" }));
  await until(async () => (await names(page)).join() === "three,one,two", "one was dragged");
  await until(async () => (await names(other)).join() === "three,one,two", "it is moved in the other window");
  await page.getByRole("tab", { name: "two" }).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Move Left" }).click();
  await until(async () => (await names(other)).join() === "three,two,one", "one was moved by the menu");
  await page.getByRole("tab", { name: "three" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("tab", { name: "two", selected: true }).waitFor();
  await page.keyboard.press("End");
  await page.getByRole("tab", { name: "one", selected: true }).waitFor();
  await page.keyboard.press("Delete");
  await until(async () => (await names(other)).join() === "three,two", "it is closed everywhere");
  await page.reload();
  await until(async () => (await names(page)).join() === "three,two", "a reload changes nothing");
});

test("terminals stand side by side, and the focus goes from one to the other", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "echo le''ft");
  await page.keyboard.press("Control+Shift+Digit5");
  const panes = page.locator("[data-terminal]");
  await until(async () => (await panes.count()) === 2, "there are two");
  await panes.nth(1).locator("textarea:focus").waitFor({ state: "attached" });
  await typeLine(page, "echo ri''ght");
  await panes.nth(1).getByText("right", { exact: false }).first().waitFor();
  await world.screenshot(page, "terminal_split");
  await page.keyboard.press("Alt+Shift+ArrowLeft");
  await panes.nth(0).locator("textarea:focus").waitFor({ state: "attached" });
  const [left] = await terminalsOf(world);
  const splitter = page.getByRole("separator", { name: "Width of bash" });
  await splitter.focus();
  for (let count = 0; count < 5; count++) await page.keyboard.press("ArrowLeft");
  await until(async () => {
    const now = (await terminalsOf(world)).find(({ terminalId }) => terminalId === left?.terminalId);
    return (now?.size.columns ?? 0) < (left?.size.columns ?? 0);
  }, "the left one is narrower");
  const other = await world.window();
  await until(async () => (await other.locator("[data-terminal]").count()) === 2, "so they are in the other window");
  await page.getByRole("tab").nth(1).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Unsplit" }).click();
  await until(async () => (await panes.count()) === 1, "there is one");
  await until(async () => (await other.locator("[data-terminal]").count()) === 1, "there is one in the other window");
});

test("the panel takes all the room, and gives it back", async () => {
  const page = await windowWithTerminal(world);
  const before = (await terminalsOf(world))[0]?.size.rows ?? 0;
  await page.getByRole("button", { name: "Maximize panel" }).click();
  await until(async () => ((await terminalsOf(world))[0]?.size.rows ?? 0) > before * 2, "it is high");
  await world.screenshot(page, "terminal_maximized");
  await page.getByRole("button", { name: "Restore panel" }).click();
  await until(async () => (await terminalsOf(world))[0]?.size.rows === before, "it is as before");
});

test("terminals are made after profiles of the settings", async () => {
  const page = await windowWithTerminal(world);
  await page.getByRole("button", { name: "More ways to open a terminal" }).click();
  await page.getByRole("menuitem", { name: "Split terminal" }).waitFor();
  await page.keyboard.press("Escape");
  const { file } = await call<{ file: string }>(world, "daemon:get_config", {});
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '[terminal.profiles.deep]\ncwd = "deep/er"\nshell = "/bin/bash"\n');
  await call(world, "daemon:reload", {});
  await page.getByRole("button", { name: "More ways to open a terminal" }).click();
  await page.getByRole("menuitem", { name: "deep" }).click();
  await shows(page, /deep\/er[#$]$/m);
});

test("what is wrong is said", async () => {
  const page = await windowWithTerminal(world);
  await call(world, "preferences:set", { key: "terminal.profile", value: "missing" });
  await until(async () => {
    await page.getByRole("button", { name: "New terminal", exact: true }).click();
    return (await page.getByText("no profile of terminals is named `missing`").count()) > 0;
  }, "it is told");
});

test("on a phone's screen one terminal is shown at a time", async () => {
  const page = await world.window({ viewport: { width: 390, height: 844 } });
  await page.getByRole("button", { name: "project" }).waitFor();
  await page.getByRole("button", { name: "Terminals" }).click();
  await shows(page, /[#$]$/m);
  await page.keyboard.press("Control+Shift+Digit5");
  await until(async () => (await page.getByRole("tab").count()) === 2, "there are two tabs");
  expect(await page.locator("[data-terminal]").count()).toBe(1);
  await page.getByRole("tab").first().click();
  await typeLine(page, "echo na''rrow");
  await shows(page, /^narrow$/m);
  await world.screenshot(page, "terminal_narrow");
});

test("axe finds no violation", async () => {
  const page = await windowWithTerminal(world, { bypassCSP: true });
  await page.keyboard.press("Control+Shift+Digit5");
  await until(async () => (await page.locator("[data-terminal]").count()) === 2, "there are two");
  await page.locator("[data-terminal]").nth(1).locator("textarea:focus").waitFor({ state: "attached" });
  await page.keyboard.press("Control+F");
  await page.getByRole("search", { name: "Find in terminal" }).waitFor();
  await page.addScriptTag({ content: axe.source });
  const violations = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(".panel");
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  expect(violations).toEqual([]);
});
