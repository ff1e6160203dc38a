// Terminals: shells of the daemon that go on whatever becomes of windows and connections.

import { afterEach, beforeEach, expect, test } from "vitest";
import { until, World } from "./harness.ts";
import { call, copyAll, normal, shownIn, shows, terminalsOf, typeLine, windowWithTerminal } from "./terminals.ts";

let world: World;
beforeEach(async () => {
  world = await World.start({ "README.md": "# Project\n", "src/app.py": "one\ntwo\nthree\n" });
});
afterEach(() => world.end());

test("a new terminal is a shell in the workspace's folder", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "echo one-$((1+1)); pwd");
  await shows(page, new RegExp(`one-2\\n${world.folder}\\n`));
  await typeLine(page, "ls --color=always -la; ls nothing");
  await shows(page, "No such file");
  await typeLine(page, "printf '\\e[%sm sign ' 31 32 33 34 35 36 91 92 93 94 95 96; echo");
  await shows(page, /sign.*\n.*[#$]$/m);
  await world.screenshot(page, "terminal");
});

test("a flood ends with its last line, leaves room for input, and is all there when it is over", async () => {
  const page = await windowWithTerminal(world);
  await page.evaluate(() => {
    const gaps: number[] = [];
    let last = performance.now();
    const frame = (now: number) => {
      if (now - last > 100) gaps.push(Math.round(now - last));
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(window, { gaps });
  });
  const began = Date.now();
  await typeLine(page, "seq 1 100000; echo don''e");
  await shows(page, /100000\ndone\n/);
  const gaps = await page.evaluate(() => (window as unknown as { gaps: number[] }).gaps);
  process.stdout.write(`100,000 lines: ${Date.now() - began} ms, frame gaps over 100 ms: ${JSON.stringify(gaps)}\n`);
  const kept = Array.from({ length: 9_000 }, (_, at) => at + 91_001).join("\n");
  await until(async () => (await copyAll(page)).includes(kept), "the lines that are kept are there");
  await page.keyboard.press("End");
  await typeLine(page, "yes");
  await shows(page, /y\ny\ny/);
  await page.keyboard.press("Control+C");
  await shows(page, /\^C\n.*[#$]$/m);
  await typeLine(page, "echo st''ill");
  await shows(page, "still");
});

test("after a reload the screen and the scrollback are as they were", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "seq 1 3000; printf '\\e[1;31mred\\e[m %s\\n' wörld 漢字");
  await shows(page, /漢字\n.*[#$]$/m);
  const before = await copyAll(page);
  await page.reload();
  await shows(page, /漢字\n.*[#$]$/m);
  expect(await copyAll(page)).toBe(before);
  const [terminal] = await terminalsOf(world);
  const { text } = await call<{ text: string }>(world, "terminal:snapshot", {
    terminalId: terminal?.terminalId,
    what: "both",
  });
  expect(before).toBe(normal(text));
  // The terminal in front takes keys again when it is clicked.
  await page.locator("[data-terminal] .xterm-screen").click();
  await typeLine(page, "echo ag''ain");
  await shows(page, "again");
});

test("windows show the same terminal, and all type", async () => {
  const one = await windowWithTerminal(world);
  const other = await world.window();
  await shows(other, /[#$]$/m);
  await one.keyboard.type("echo from-one");
  await shows(other, "echo from-one");
  await other.locator("[data-terminal] .xterm-screen").click();
  await other.keyboard.type("-and-other");
  await shows(one, "echo from-one-and-other");
  await one.keyboard.press("Enter");
  await shows(other, /\nfrom-one-and-other\n/);
});

test("a terminal goes on where it was when the daemon is replaced", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "for i in $(seq 1 40); do echo line-$i; sleep 0.05; done");
  await shows(page, "line-5");
  await world.icpy(["restart"]);
  await page.keyboard.type("echo aft''er\n");
  await shows(page, /line-40\n.*[#$] echo aft''er\nafter/);
  const lines = (await copyAll(page)).match(/^line-\d+$/gm);
  expect(lines).toEqual(Array.from({ length: 40 }, (_, at) => `line-${at + 1}`));
});

test("after a crash of the daemon what was shown is left, and Enter begins anew", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "echo the-last");
  await shows(page, /\nthe-last\n/);
  await world.killDaemon();
  await page.getByText("Reconnecting... What is typed meanwhile is kept.").waitFor();
  expect(await shownIn(page)).toContain("the-last");
  await world.startDaemon();
  await page.getByText("Ended with the daemon").waitFor();
  expect(await shownIn(page)).toContain("the-last");
  await world.screenshot(page, "terminal_lost");
  await page.keyboard.press("Enter");
  await until(async () => !(await shownIn(page)).includes("the-last"), "a new terminal is shown");
  await shows(page, /project[#$]$/m);
  await typeLine(page, "echo n''ew");
  await shows(page, "new");
  expect(await page.getByRole("tab").count()).toBe(1);
});

test("`icpy file:line` in a terminal opens the file in the workspace's windows", async () => {
  const page = await windowWithTerminal(world);
  const opened: string[] = [];
  const other = await world.context().then((context) => context.newPage());
  other.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"file:opened"')) opened.push(String(payload));
    });
  });
  await world.visit(other);
  await typeLine(page, "icpy src/app.py:2");
  await until(() => opened.length > 0, "the other window is told");
  const { params } = JSON.parse(opened[0] ?? "");
  expect([params.file.path, params.position.line]).toEqual([world.path("src/app.py"), 2]);
  const tab = page.getByRole("region", { name: "Editors" }).getByRole("tab", { name: /app\.py/ });
  await tab.waitFor();
  const { files } = await call<{ files: Array<{ path: string }> }>(world, "workspace:get_state", {});
  expect(files.map(({ path }) => path)).toEqual([world.path("src/app.py")]);
});

test("a terminal that is cleared is cleared in all windows, and after a reload", async () => {
  const page = await windowWithTerminal(world);
  const other = await world.window();
  await typeLine(page, "seq 1 300");
  await shows(other, /^300$/m);
  await page.locator("[data-terminal] .xterm-screen").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Clear" }).click();
  await until(async () => !/^100$/m.test(await copyAll(page)), "what had scrolled out is gone");
  await shows(page, /^300$/m);
  await other.reload();
  await shows(other, /^300$/m);
  await typeLine(page, "echo go''on");
  await shows(other, /^goon$/m);
});

test("what is selected in an editor is run", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "printf 'echo from-the-%s\\n' editor > line.sh; icpy line.sh:1");
  const content = page.getByRole("region", { name: "Editors" }).locator(".cm-content");
  await content.getByText("echo from-the-editor").waitFor();
  await content.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+Shift+P");
  await page.keyboard.type("Run Selected Text");
  await page.getByRole("option", { name: /Run Selected Text/ }).waitFor();
  await page.keyboard.press("Enter");
  await shows(page, /^from-the-editor$/m);
});
