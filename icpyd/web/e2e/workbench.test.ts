// The palette, workspaces, settings, people, themes, and who uses them without a mouse or with a small screen.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { until, World } from "./harness.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let world: World;
beforeAll(async () => {
  world = await World.start({ "src/parser.py": "x = 1\n", "src/lexer.py": "y = 2\n", "README.md": "# Project\n" });
});
afterEach(() => world.closeWindows());
afterAll(() => world.end());

/** What axe-core finds wrong with a page, by WCAG 2.2 AA. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    // biome-ignore lint/suspicious/noExplicitAny: what the script has put there
    const { violations } = await (window as any).axe.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }: { id: string; nodes: Array<{ html: string }> }) =>
      nodes.map(({ html }) => `${id}: ${html}`),
    );
  });
}

async function openFiles(): Promise<string[]> {
  const { files } = JSON.parse(await world.icpy(["call", "file:list"]));
  return files.map(({ path }: { path: string }) => path);
}

test("a few characters find a file, and Enter opens it", async () => {
  const page = await world.window();
  await page.keyboard.press("Control+p");
  await page.getByRole("combobox").fill("parspy");
  await page.getByRole("option", { name: "parser.py" }).waitFor();
  await world.screenshot(page, "palette");
  await page.keyboard.press("Enter");
  await until(async () => (await openFiles()).includes(world.path("src/parser.py")), "the file is open");
  await page.getByRole("combobox").waitFor({ state: "detached" });
});

test("every command is found by its name, and Escape gives the focus back", async () => {
  const page = await world.window();
  await page.getByRole("button", { name: "Explorer", exact: true }).focus();
  await page.keyboard.press("F1");
  await page.getByRole("combobox").pressSequentially("toggle side");
  await page.getByRole("option", { name: "View: Toggle Sidebar" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Sidebar" }).waitFor({ state: "detached" });
  await page.keyboard.press("F1");
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Explorer");
  await page.keyboard.press("Control+b");
  await page.getByRole("complementary", { name: "Sidebar" }).waitFor();
});

test("the layout is the same in every window of the workspace, and after a reload", async () => {
  const [one, other] = [await world.window(), await world.window()];
  const splitter = (page: Page) => page.getByRole("separator", { name: "Width of the sidebar" });
  const before = Number(await splitter(one).getAttribute("aria-valuenow"));
  await splitter(one).focus();
  await one.keyboard.press("ArrowRight");
  await one.keyboard.press("ArrowRight");
  const isWider = (page: Page) => async () => Number(await splitter(page).getAttribute("aria-valuenow")) === before + 32;
  await until(isWider(other), "the other window has the width");
  await one.reload();
  await until(isWider(one), "the reloaded window has the width");
});

test("another folder is opened, and one goes back by the switcher", async () => {
  const page = await world.window();
  world.write({ "../second/notes.txt": "n\n" });
  await page.keyboard.press("F1");
  await page.getByRole("combobox").fill(">open folder");
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Path of a folder" }).fill(`${world.home}/second/`);
  await page.getByRole("option", { name: `Open ${world.home}/second` }).waitFor();
  await page.keyboard.press("Enter");
  await until(async () => (await page.title()) === "second - icpy", "the other workspace is shown");
  await page.getByRole("button", { name: "second" }).click();
  await page.getByRole("option", { name: /^project/ }).click();
  await until(async () => (await page.title()) === "project - icpy", "the first is shown again");
});

test("a setting holds at once in every window, and is refused where it is wrong", async () => {
  const [one, other] = [await world.window(), await world.window({ colorScheme: "light" })];
  await one.keyboard.press("Control+,");
  const settings = one.getByRole("dialog", { name: "Settings" });
  await settings.getByLabel("Search settings").fill("theme");
  await settings.getByLabel("Theme").selectOption("dark");
  const isDark = () => other.evaluate(() => document.documentElement.dataset.theme === "dark");
  await until(isDark, "the other window is dark");
  await settings.getByText("Set for you.").waitFor();
  await world.screenshot(one, "settings-dark");
  await settings.getByLabel("Search settings").fill("tab size");
  await settings.getByLabel("Tab Size").fill("99");
  await settings.getByLabel("Tab Size").press("Tab");
  await settings.getByRole("alert").filter({ hasText: "16" }).waitFor();
  await settings.getByLabel("Search settings").fill("theme");
  await settings.getByRole("button", { name: "Reset" }).click();
  await until(async () => !(await isDark()), "the other window is as the system says");
});

test("keys of a command are changed, and taken back", async () => {
  const page = await world.window();
  await page.keyboard.press("Control+,");
  await page.getByLabel("Search settings").fill("toggle sidebar");
  await page.getByRole("button", { name: "Change keys of Toggle Sidebar" }).click();
  await page.keyboard.press("Control+Alt+s");
  await page.getByText("Ctrl+Alt+S").waitFor();
  await page.keyboard.press("Escape");
  const sidebar = page.getByRole("complementary", { name: "Sidebar" });
  await page.keyboard.press("Control+Alt+s");
  await sidebar.waitFor({ state: "detached" });
  await page.keyboard.press("Control+b");
  expect(await sidebar.count()).toBe(0);
  await page.keyboard.press("Control+Alt+s");
  await sidebar.waitFor();
  await page.keyboard.press("Control+,");
  await page.getByLabel("Search settings").fill("toggle sidebar");
  await page.getByRole("button", { name: "Reset keys of Toggle Sidebar" }).click();
  await page.getByText("Ctrl+B", { exact: true }).waitFor();
});

test("settings and keys that a search does not find are not there, and it says so", async () => {
  const page = await world.window();
  await page.keyboard.press("Control+,");
  const settings = page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("heading", { name: "Keys" }).waitFor();
  await settings.getByLabel("Search settings").fill("tab size");
  await settings.getByLabel("Tab Size").waitFor();
  await settings.getByRole("heading", { name: "Keys" }).waitFor({ state: "detached" });
  await settings.getByLabel("Search settings").fill("nonsense");
  await settings.getByText("No setting and no command fits “nonsense”.").waitFor();
  await world.screenshot(page, "settings_nothing");
  await settings.getByRole("button", { name: "Show all" }).click();
  await settings.getByRole("heading", { name: "Keys" }).waitFor();
});

test("people see who is there, and that they have gone", async () => {
  const one = await world.window();
  await one.getByRole("button", { name: /^People/ }).click();
  const people = one.getByRole("list", { name: "People in this workspace" });
  const others = async () => JSON.parse(await world.icpy(["call", "presence:list"])).present.length - 1;
  const isRight = async () => (await people.getByRole("listitem").count()) === (await others());
  await until(async () => (await others()) === 0, "those of the tests before have gone");
  const other = await world.window();
  await until(async () => (await others()) === 1 && (await isRight()), "the other is listed");
  await other.getByLabel("You are called").fill("Ada");
  await other.getByLabel("You are called").press("Tab");
  await people.getByText("Ada").waitFor();
  await other.close();
  await until(async () => (await others()) === 0 && (await isRight()), "the other has gone");
  await one.getByRole("button", { name: "Explorer", exact: true }).click();
});

test("colours are those of the system, also of high contrast", async () => {
  const theme = (page: Page) => page.evaluate(() => document.documentElement.dataset.theme);
  expect(await theme(await world.window({ colorScheme: "dark" }))).toBe("dark");
  expect(await theme(await world.window({ colorScheme: "light" }))).toBe("light");
  expect(await theme(await world.window({ contrast: "more" }))).toBe("high_contrast");
});

test("axe-core finds nothing in any theme", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await world.window({ colorScheme, bypassCSP: true });
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("F1");
    await page.getByRole("option").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+,");
    await page.getByLabel("Tab Size").waitFor();
    expect(await violations(page)).toEqual([]);
  }
});

test("a window as narrow as a phone's shows one thing at a time", async () => {
  const page = await world.window({ viewport: { width: 390, height: 780 } });
  await page.getByRole("main").waitFor();
  await page.getByRole("button", { name: "Explorer", exact: true }).click();
  await page.getByRole("complementary", { name: "Sidebar" }).waitFor();
  await world.screenshot(page, "narrow");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test("nothing is asked of any other host", async () => {
  const page = await (await world.context()).newPage();
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).hostname));
  await world.visit(page);
  await page.keyboard.press("Control+p");
  await page.getByRole("combobox").fill("README");
  await page.getByRole("option", { name: "README.md" }).waitFor();
  expect([...hosts]).toEqual(["127.0.0.1"]);
});
