// What tests of the editor do with a window.

import type { Locator, Page } from "playwright-core";
import { until, type World } from "./harness.ts";

/** A window that shows which files are open. */
export async function readyWindow(world: World, options: Parameters<World["window"]>[0] = {}): Promise<Page> {
  const page = await world.window(options);
  await page.getByText("No file is open").or(page.getByRole("tab").first()).first().waitFor();
  return page;
}

/** Opens files from a shell, and waits until a window shows the last one. */
export async function open(world: World, page: Page, ...names: string[]): Promise<void> {
  for (const name of names) {
    await world.icpy([name]);
    const file = name.replace(/:\d+(:\d+)?$/, "").replace(/.*\//, "");
    await page.getByRole("tab", { name: file, selected: true }).waitFor();
    await page.locator(`.cm-content[aria-label^="${file}"], .image, .binary`).first().waitFor();
  }
}

/** The editor of a file. */
export function editor(page: Page, name: string): Locator {
  return page.getByRole("textbox", { name, exact: true });
}

/** What an editor shows. */
export async function shownText(page: Page, name: string): Promise<string> {
  // Cursors of others are drawn between the characters.
  return await editor(page, name)
    .first()
    .evaluate((content) => {
      const copy = content.cloneNode(true) as HTMLElement;
      for (const person of copy.querySelectorAll(".cm-person")) person.remove();
      return [...copy.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n");
    });
}

/** Waits until an editor shows a text, or one that contains it. */
export async function shows(page: Page, name: string, text: string, isWhole = false): Promise<void> {
  let shown = "";
  const is = async () => {
    shown = await shownText(page, name).catch(() => "");
    return isWhole ? shown === text : shown.includes(text);
  };
  await until(is, `${name} shows ${JSON.stringify(text)}`, 20_000).catch((error) => {
    throw new Error(`${error.message}: it shows ${JSON.stringify(shown)}`);
  });
}
