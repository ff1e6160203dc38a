// How the editor looks in each theme and on a narrow screen, and that everybody can use it.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { editor, open, readyWindow } from "./editing.ts";
import { World } from "./harness.ts";

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

let world: World;
beforeAll(async () => {
  world = await World.start({
    "src/queue.py":
      'import os\nfrom typing import Any\n\n\nclass Queue:\n    """What waits."""\n\n    LIMIT = 12\n\n    def take(self, name: str) -> Any:\n        # The one that came first.\n        if name not in os.environ:\n            return None\n        return os.environ[name] + f"{self.LIMIT}"\n',
    "README.md": "# Project\n\nA *short* text with `code` and a [link](https://example.com).\n",
  });
});
afterAll(() => world.end());

/** What is not accessible, by rule and place. */
async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: AXE });
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(where: Element): Promise<{ violations: Array<{ id: string; nodes: Array<{ html: string }> }> }> };
    };
    const { violations: found } = await axe.run(document.querySelector('[aria-label="Editors"]') as Element);
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}

test("editors are accessible in every theme", async () => {
  const context = await world.context({ bypassCSP: true });
  const page = await world.visit(await context.newPage());
  await page.getByText("No file is open").waitFor();
  expect(await violations(page)).toEqual([]);
  await open(world, page, "README.md", "src/queue.py:8");
  await page.locator(".cm-line span").first().waitFor();
  for (const theme of ["light", "dark", "high_contrast"]) {
    await world.icpy(["call", "preferences:set", JSON.stringify({ key: "workbench.theme", value: theme })]);
    await page.locator(`:root[data-theme="${theme}"]`).waitFor();
    await editor(page, "queue.py").click();
    await page.keyboard.press("Control+f");
    await page.getByRole("textbox", { name: "Find" }).fill("name");
    await page.getByText(/found|of \d/).waitFor();
    await world.screenshot(page, `editor_${theme}`);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
  }
  await context.close();
});

test("on a narrow screen there is one group with all tabs", async () => {
  const page = await readyWindow(world, { viewport: { width: 390, height: 780 } });
  await editor(page, "queue.py").waitFor();
  await page.getByRole("tab", { name: "README.md" }).click();
  await editor(page, "README.md").waitFor();
  await world.screenshot(page, "editor_narrow");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("tabs of files of one name say in a few characters where they are, and the rest when pointed at", async () => {
  const place = "packages/with/a/long/name/of/folders";
  world.write({ [`${place}/index.ts`]: "1\n", "index.ts": "2\n" });
  const page = await readyWindow(world);
  await open(world, page, `${place}/index.ts`, "index.ts");
  const tab = page.locator(".tab", { hasText: "packages/…of/folders" });
  await tab.waitFor();
  await page.locator(".tab", { hasText: "project" }).waitFor();
  expect(await tab.getAttribute("title")).toBe(world.path(`${place}/index.ts`));
  await world.screenshot(page, "tabs_places");
});

test("texts that are compared are as high as the editor, however short they are", async () => {
  world.write({ "old.txt": "same\nold\n", "new.txt": "same\nnew\n" });
  const page = await readyWindow(world);
  await world.icpy(["diff", "old.txt", "new.txt"]);
  await page.getByRole("textbox", { name: "old.txt" }).waitFor();
  const bottom = async (selector: string) => {
    const box = await page.locator(selector).last().boundingBox();
    return Math.round((box?.y ?? 0) + (box?.height ?? 0));
  };
  expect(await bottom(".cm-mergeViewEditor")).toBe(await bottom(".merge"));
  expect(await bottom(".cm-mergeViewEditor .cm-scroller")).toBe(await bottom(".merge"));
  await world.screenshot(page, "compare_short");
});
