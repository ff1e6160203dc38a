// The window itself: it connects, shows the workspace, and comes back.

import { afterAll, beforeAll, expect, test } from "vitest";
import { World } from "./harness.ts";

let world: World;
beforeAll(async () => {
  world = await World.start({ "README.md": "# Project\n" });
});
afterAll(() => world.end());

test("a window shows the workspace and how the connection is", async () => {
  const page = await world.window();
  await page.getByRole("button", { name: "project" }).waitFor();
  expect(await page.title()).toBe("project - icpy");
  await world.screenshot(page, "empty");
});

test("a window comes back by itself after the daemon was killed", async () => {
  const page = await world.window();
  await world.killDaemon();
  await page.getByRole("status").filter({ hasText: "Reconnecting" }).waitFor();
  await world.startDaemon();
  await page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
});
