// Connections that are dead and do not say so: the computer has slept, or the network has forgotten them.

import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./harness.ts";
import { call, shows, terminalsOf, typeLine, windowWithTerminal } from "./terminals.ts";
import type { Wire } from "./wire.ts";

let world: World;
let wire: Wire;
beforeEach(async () => {
  world = await World.start({});
  wire = await world.layWire();
});
afterEach(() => world.end());

/** Types into the only terminal, from somewhere else. */
async function typeElsewhere(line: string): Promise<void> {
  const [terminal] = await terminalsOf(world);
  await call(world, "terminal:data_in", { terminalId: terminal?.terminalId, data: `${line}\r` });
}

test("a window finds out by the silence, and shows what it has missed", { timeout: 120_000 }, async () => {
  const page = await windowWithTerminal(world);
  const status = page.getByLabel("Status bar").getByRole("status");
  await typeLine(page, "echo be''fore");
  await shows(page, "before");
  wire.cut();
  const cutAt = Date.now();
  await typeElsewhere("echo mean''while");
  await status.filter({ hasText: "Reconnecting" }).waitFor({ timeout: 60_000 });
  const foundAfter = Date.now() - cutAt;
  wire.mend();
  const mendedAt = Date.now();
  await status.filter({ hasText: "Connected" }).waitFor({ timeout: 60_000 });
  process.stdout.write(`half open: found after ${foundAfter} ms, back ${Date.now() - mendedAt} ms after it was mended\n`);
  await shows(page, "meanwhile");
  await typeLine(page, "echo af''ter");
  await shows(page, "after");
  expect(await terminalsOf(world)).toHaveLength(1);
});

test("a window whose computer wakes up looks at once", { timeout: 120_000 }, async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "echo be''fore");
  await shows(page, "before");
  wire.cut();
  await typeElsewhere("echo mean''while");
  wire.mend();
  const mendedAt = Date.now();
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await shows(page, "meanwhile");
  process.stdout.write(`half open: back ${Date.now() - mendedAt} ms after the computer woke up\n`);
});
