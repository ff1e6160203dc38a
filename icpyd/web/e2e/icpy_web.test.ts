// `icpy --web FILE`: a browser comes by the link that is printed, and is shown the file.

import { afterAll, beforeAll, expect, test } from "vitest";
import { until, World } from "./harness.ts";

let world: World;
beforeAll(async () => {
  world = await World.start({ "a.py": "one\ntwo\nthree\n" });
});
afterAll(() => world.end());

test("a window that comes by the link is told what to show, and where", async () => {
  const client = world.startIcpy(["--web", "a.py:2"]);
  const page = await world.page();
  const shown = new Promise<string>((resolve) =>
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const text = String(payload);
        if (text.includes('"file:opened"')) resolve(text);
      }),
    ),
  );
  await page.goto(await client.line);
  expect(await shown).toContain('"line":2');
  expect(await client.ended).toBe(0);
});

test("where a window is there already no other one is opened", async () => {
  await until(async () => (await world.icpy(["call", "presence:list"])).includes("icpy-web"), "the window is there");
  expect(await world.icpy(["--web", "a.py:3"])).toBe("");
});
