// Two windows of one workspace: they type at once, see each other, follow each other, and take in what comes from disk.

import { appendFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { editor, open, readyWindow, shows } from "./editing.ts";
import { until, World } from "./harness.ts";

const LINES = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`).join("\n");

let world: World;
let ann: Page;
let bob: Page;
beforeAll(async () => {
  world = await World.start({ "shared.txt": "one\ntwo\nthree\n", "other.txt": LINES, "merged.txt": `${LINES}\n` });
});
afterAll(() => world.end());
beforeEach(async () => {
  [ann, bob] = [await readyWindow(world), await readyWindow(world)];
});
afterEach(async (context) => {
  if (context.task.result?.state === "fail") {
    await world.screenshot(ann, `failed ${context.task.name} ann`);
    await world.screenshot(bob, `failed ${context.task.name} bob`);
  }
  for (const file of JSON.parse(await world.icpy(["call", "file:list", "{}"])).files) {
    await world.icpy(["call", "file:close", JSON.stringify({ fileId: file.fileId, discard: true })]);
  }
  for (const page of [ann, bob]) await page.context().close();
});

test("icpy shows a file at its place in every window", async () => {
  await world.icpy(["shared.txt:2:2"]);
  for (const page of [ann, bob]) {
    await page.getByRole("tab", { name: "shared.txt", selected: true }).waitFor();
    await page.getByRole("button", { name: "Ln 2, Col 2" }).waitFor();
  }
  await world.icpy(["shared.txt:3"]);
  for (const page of [ann, bob]) await page.getByRole("button", { name: "Ln 3, Col 1" }).waitFor();
});

test("two type at once, each is seen by the other, and both end with one text", async () => {
  await open(world, ann, "shared.txt");
  await editor(bob, "shared.txt").waitFor();
  await editor(ann, "shared.txt").press("Control+Home");
  await editor(bob, "shared.txt").press("Control+End");
  const typed = (word: string) => Array.from({ length: 12 }, (_, index) => `${word}${index} `).join("");
  await Promise.all([ann.keyboard.type(typed("ann")), bob.keyboard.type(typed("bob"))]);
  const expected = `${typed("ann")}one\ntwo\nthree\n${typed("bob")}`;
  await shows(ann, "shared.txt", expected, true);
  await shows(bob, "shared.txt", expected, true);
  await ann.locator(".cm-person").waitFor({ state: "attached" });
  expect(await ann.locator(".cm-person-name").textContent()).not.toBe("");
  await editor(bob, "shared.txt").press("Shift+Home");
  await until(async () => (await ann.locator('.cm-line span[style*="color-mix"]').count()) > 0, "what bob selects is shown");
  await world.screenshot(ann, "sharing");
  for (let undo = 0; undo < 40; undo++) await ann.keyboard.press("Control+z");
  await shows(bob, "shared.txt", `one\ntwo\nthree\n${typed("bob")}`, true);
});

test("what one window opens is a tab in the other, and what that one looks at stays", async () => {
  await open(world, ann, "shared.txt", "other.txt");
  await editor(bob, "other.txt").waitFor();
  await bob.getByRole("tab", { name: "shared.txt" }).click();
  await bob.keyboard.press("Alt+w");
  await ann.getByRole("tab", { name: "shared.txt" }).waitFor({ state: "detached" });
  await bob.keyboard.press("Alt+Shift+w");
  await bob.getByRole("tab", { name: "shared.txt", selected: true }).waitFor();
  await ann.getByRole("tab", { name: "shared.txt" }).waitFor();
  await ann.getByRole("tab", { name: "other.txt", selected: true }).waitFor();
});

test("who is followed shows where they are, until a key is pressed", async () => {
  await open(world, ann, "shared.txt", "other.txt");
  await editor(bob, "other.txt").waitFor();
  await ann.getByRole("tab", { name: "shared.txt" }).click();
  await ann.getByRole("button", { name: "1 other here" }).click();
  await ann.getByRole("button", { name: /in other.txt/ }).click();
  await ann.getByText(/^Following/).waitFor();
  await ann.getByRole("tab", { name: "other.txt", selected: true }).waitFor();
  await editor(bob, "other.txt").press("Control+End");
  await ann.getByText("line 300").waitFor();
  await world.screenshot(ann, "following");
  await ann.keyboard.press("Shift");
  await ann.getByText(/^Following/).waitFor({ state: "detached" });
});

test("what changes on disk is merged into what was typed, and told", async () => {
  await open(world, ann, "merged.txt");
  await editor(ann, "merged.txt").press("Control+Home");
  await ann.keyboard.type("typed ");
  await shows(bob, "merged.txt", "typed line 1");
  appendFileSync(world.path("merged.txt"), "from disk\n");
  for (const page of [ann, bob]) await page.getByText("Changed on disk, merged").waitFor();
  await editor(ann, "merged.txt").press("Control+End");
  await shows(ann, "merged.txt", "from disk");
  await world.screenshot(ann, "merged");
  await ann.keyboard.press("Control+s");
  await until(() => world.read("merged.txt") === `typed ${LINES}\nfrom disk\n`, "both are saved");
});

test("a conflict is shown beside what is on disk, and settled by a person", async () => {
  for (const [button, expected] of [
    ["Keep mine", "base and mine\n"],
    ["Take theirs", "base theirs\n"],
  ] as const) {
    world.write({ "conflict.txt": "base\n" });
    await open(world, ann, "conflict.txt");
    await editor(ann, "conflict.txt").press("Control+Home");
    await ann.keyboard.press("End");
    await ann.keyboard.type(" mine");
    await shows(bob, "conflict.txt", "base mine");
    world.write({ "conflict.txt": "base theirs\n" });
    await ann.getByRole("textbox", { name: "On disk" }).waitFor();
    await bob.getByRole("textbox", { name: "On disk" }).waitFor();
    if (button === "Keep mine") {
      await ann.getByRole("textbox", { name: "Yours" }).press("Control+Home");
      for (let step = 0; step < 5; step++) await ann.keyboard.press("ArrowRight");
      await ann.keyboard.type("and ");
      await world.screenshot(ann, "conflict");
    }
    await ann.getByRole("button", { name: button }).click();
    await editor(ann, "conflict.txt").waitFor();
    await editor(bob, "conflict.txt").waitFor();
    await ann.keyboard.press("Control+s");
    await until(() => world.read("conflict.txt") === expected, `${button} is saved`);
    await shows(bob, "conflict.txt", expected, true);
    // Where it is not known yet that it is saved, closing asks.
    await ann.getByRole("tab", { name: "conflict.txt", exact: true }).waitFor();
    await ann.keyboard.press("Alt+w");
    await editor(bob, "conflict.txt").waitFor({ state: "detached" });
  }
});
