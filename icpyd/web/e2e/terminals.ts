// What tests do with terminals: type into them, read what they show, and ask the daemon about them.

import { createHash } from "node:crypto";
import type { Page } from "playwright-core";
import { until, type World } from "./harness.ts";

/** What the terminal of a name shows, row by row. */
export async function shownIn(page: Page, name = "Terminal bash"): Promise<string> {
  const rows = page.getByRole("region", { name }).first().locator(".xterm-rows > div");
  return (await rows.allTextContents()).map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
}

/** Waits until it shows something. */
export async function shows(page: Page, text: string | RegExp, name?: string): Promise<void> {
  let all = "";
  try {
    await until(async () => {
      all = await shownIn(page, name);
      return typeof text === "string" ? all.includes(text) : text.test(all);
    }, `the terminal shows ${text}`);
  } catch (error) {
    throw new Error(`${(error as Error).message}; it shows:\n${all}`);
  }
}

/** A window that may use the clipboard, with a new terminal at its prompt. */
export async function windowWithTerminal(world: World, options: Parameters<World["window"]>[0] = {}): Promise<Page> {
  const page = await world.window({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  await page.getByRole("button", { name: "project" }).waitFor();
  await newTerminal(page);
  return page;
}

/** Makes a terminal by the keyboard, and waits for its prompt. */
export async function newTerminal(page: Page): Promise<void> {
  const before = await page.getByRole("tab").count();
  await page.keyboard.press("Control+Shift+Backquote");
  await until(async () => (await page.getByRole("tab").count()) > before, "there is a tab more");
  await shows(page, /project[#$]$/m);
  await page.locator("[data-terminal] textarea:focus").waitFor({ state: "attached" });
}

/** Types a line into the terminal that has the focus. */
export async function typeLine(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

/** All that a terminal has, its scrollback too, as a user would copy it. */
export async function copyAll(page: Page, name = "Terminal bash"): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await page.getByRole("region", { name }).first().locator(".xterm-screen").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Select All" }).click();
  await page.keyboard.press("Control+Shift+C");
  let text = "";
  await until(async () => {
    text = await page.evaluate(() => navigator.clipboard.readText());
    return text !== "";
  }, "it is copied");
  return normal(text);
}

/** Text without what differs between a copy and what the daemon tells: blanks at the ends. */
export function normal(text: string): string {
  return text
    .replaceAll("\u00a0", " ")
    .replace(/[ \t\r]+$/gm, "")
    .trimEnd();
}

/** Calls a method of the daemon. */
export async function call<T = Record<string, unknown>>(world: World, method: string, params: unknown): Promise<T> {
  return JSON.parse(await world.icpy(["call", method, JSON.stringify(params)]));
}

interface Listed {
  terminalId: string;
  name: string;
  size: { columns: number; rows: number };
  command: string[];
}

/** The terminals that there are. */
export async function terminalsOf(world: World): Promise<Listed[]> {
  return (await call<{ terminals: Listed[] }>(world, "terminal:list", {})).terminals;
}

export function digest(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}
