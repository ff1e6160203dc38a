// What is chosen for one file by the status bar: its language and its indentation. All windows show it while the file is open.

import { afterAll, beforeAll, expect, test } from "vitest";
import { editor, open, readyWindow, shows } from "./editing.ts";
import { until, World } from "./harness.ts";

let world: World;
beforeAll(async () => {
  world = await World.start({
    "script.txt": "def main():\n    if True:\n        return None\n",
    "b.txt": "plain\n",
  });
});
afterAll(() => world.end());

async function records(): Promise<string> {
  return await world.icpy(["call", "state:get", "{}"]);
}

test("a language is chosen, shown in each window and after a reload, and forgotten with the file", async () => {
  const [page, other] = [await readyWindow(world), await readyWindow(world)];
  await open(world, page, "b.txt", "script.txt");
  await editor(other, "script.txt").waitFor();
  await page.getByRole("button", { name: "Plain Text", exact: true }).click();
  await page.getByRole("option", { name: "By its name" }).waitFor();
  await page.getByRole("combobox", { name: "Language of script.txt" }).fill("pyth");
  await world.screenshot(page, "language");
  await page.getByRole("option", { name: "Python" }).first().click();
  for (const window of [page, other]) {
    await window.getByRole("button", { name: "Python", exact: true }).waitFor();
    await until(async () => (await window.locator(".cm-line span").count()) > 2, "it is coloured");
  }
  await page.getByRole("tab", { name: "b.txt" }).click();
  await page.getByRole("button", { name: "Plain Text", exact: true }).waitFor();
  await page.getByRole("tab", { name: "script.txt" }).click();
  await page.reload();
  await page.getByRole("button", { name: "Python", exact: true }).waitFor();
  await editor(page, "script.txt").focus();
  await page.keyboard.press("Control+k");
  await page.keyboard.press("m");
  await page.getByRole("option", { name: "By its name" }).click();
  await other.getByRole("button", { name: "Plain Text", exact: true }).waitFor();
  expect(await records()).not.toContain("panel/web/file/");
  await page.getByRole("button", { name: "Plain Text", exact: true }).click();
  await page.getByRole("option", { name: "Rust" }).first().click();
  await until(async () => (await records()).includes("panel/web/file/"), "it is kept");
  await editor(page, "script.txt").focus();
  await page.keyboard.press("Alt+w");
  await until(async () => !(await records()).includes("panel/web/file/"), "it is forgotten");
  await world.closeWindows();
});

test("an indentation is chosen for a file, and its text is turned into it", async () => {
  const [page, other] = [await readyWindow(world), await readyWindow(world)];
  await open(world, page, "script.txt");
  await editor(other, "script.txt").waitFor();
  await page.getByRole("button", { name: "Spaces: 4" }).click();
  await page.getByRole("option", { name: "Spaces: 2" }).click();
  await other.getByRole("button", { name: "Spaces: 2" }).waitFor();
  await editor(page, "script.txt").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  await shows(page, "script.txt", "  def main():");
  await page.keyboard.press("Control+z");
  await page.getByRole("button", { name: "Spaces: 2" }).click();
  await page.getByRole("option", { name: "Tab size: 4" }).click();
  await page.getByRole("button", { name: "Tab size: 4" }).click();
  await page.getByRole("option", { name: "Convert Indentation to Tabs" }).click();
  await shows(other, "script.txt", "def main():\n\tif True:\n\t\treturn None\n", true);
  await page.getByRole("button", { name: "Tab size: 4" }).click();
  await page.getByRole("option", { name: "Convert Indentation to Spaces" }).click();
  await shows(other, "script.txt", "def main():\n    if True:\n        return None\n", true);
  await page.getByRole("button", { name: "Spaces: 4" }).click();
  await page.getByRole("option", { name: "As the text is" }).click();
  await until(async () => !(await records()).includes("panel/web/file/"), "nothing is kept for it");
  await world.closeWindows();
});
