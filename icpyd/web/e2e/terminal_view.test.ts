// What a terminal does for who looks at it: copy and paste, sizes, search, links, bells, colours, and how it ends.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until, World } from "./harness.ts";
import { call, digest, newTerminal, shownIn, shows, terminalsOf, typeLine, windowWithTerminal } from "./terminals.ts";

let world: World;
beforeEach(async () => {
  world = await World.start({ "README.md": "# Project\n", "src/app.py": "one\ntwo\nthree\n" });
});
afterEach(() => world.end());

async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((it) => navigator.clipboard.writeText(it), text);
  await page.keyboard.press("Control+Shift+V");
}

async function clipboard(page: Page): Promise<string> {
  return await page.evaluate(() => navigator.clipboard.readText());
}

/** The place in the page of a text that the terminal shows. */
async function placeOf(page: Page, text: string): Promise<{ x: number; y: number }> {
  const rows = (await shownIn(page)).split("\n");
  const row = rows.findLastIndex((it) => it.includes(text));
  if (row < 0) throw new Error(`\`${text}\` is not shown`);
  const screen = page.locator("[data-terminal] .xterm-screen").first();
  const box = await screen.boundingBox();
  const terminal = (await terminalsOf(world))[0];
  if (!box || !terminal) throw new Error("there is no terminal");
  const column = (rows[row] ?? "").indexOf(text) + text.length / 2;
  return {
    x: box.x + (box.width / terminal.size.columns) * column,
    y: box.y + (box.height / terminal.size.rows) * (row + 0.5),
  };
}

test("a paste of 1 MB arrives whole", async () => {
  const page = await windowWithTerminal(world);
  const line = "0123456789 abcdefghijklmnopqrstuvwxyz äöü 漢字 \u{1f600} ";
  const text = Array.from({ length: 17_000 }, (_, at) => `${at} ${line}`).join("\n");
  expect(Buffer.byteLength(text)).toBeGreaterThan(1 << 20);
  await typeLine(page, "stty -echo; cat > pasted");
  await shows(page, "cat > pasted");
  await paste(page, `${text}\n`);
  await page.getByRole("dialog").getByText("17,000 lines").waitFor();
  await page.getByRole("button", { name: "Paste", exact: true }).click();
  await until(() => readFileSync(world.path("pasted")).length >= Buffer.byteLength(text), "all is typed", 40_000);
  await page.keyboard.press("Control+D");
  expect(digest(readFileSync(world.path("pasted")))).toBe(digest(`${text}\n`));
});

test("a paste is bracketed for a shell, and asked about where lines would be run at once", async () => {
  const page = await windowWithTerminal(world);
  await paste(page, "echo pasted-one\necho pasted-two\n");
  await shows(page, "echo pasted-two");
  expect(await shownIn(page)).not.toMatch(/^pasted-/m);
  await page.keyboard.press("Control+C");
  await typeLine(page, "sh");
  await shows(page, /^[#$]$/m);
  await paste(page, "echo pasted-three\necho pasted-four\n");
  await page.getByRole("dialog").getByText("2 lines").waitFor();
  await world.screenshot(page, "terminal_paste");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.keyboard.type("echo e''nd\n");
  await shows(page, /^end$/m);
  expect(await shownIn(page)).not.toContain("pasted-three");
});

test("what is selected is copied, and by the program only after a question", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "echo to-be-copied");
  await shows(page, /^to-be-copied$/m);
  const place = await placeOf(page, "to-be-copied");
  await page.mouse.dblclick(place.x, place.y);
  await page.keyboard.press("Control+Shift+C");
  await until(async () => (await clipboard(page)) === "to-be-copied", "it is copied");
  await call(world, "preferences:set", { key: "terminal.copyOnSelect", value: true });
  await typeLine(page, "clear; echo by-selecting");
  await shows(page, /^by-selecting$/m);
  await until(async () => {
    const other = await placeOf(page, "by-selecting");
    await page.mouse.dblclick(other.x, other.y);
    return (await clipboard(page)) === "by-selecting";
  }, "it is copied without a key");
  await typeLine(page, "printf '\\e]52;c;%s\\a' $(printf from-program | base64)");
  await page.getByText("A program in bash wants to put 12 characters on the clipboard").waitFor();
  expect(await clipboard(page)).toBe("by-selecting");
  await page.getByRole("button", { name: "Allow" }).click();
  await until(async () => (await clipboard(page)) === "from-program", "it was allowed");
});

test("the program has the size of the window that typed last", async () => {
  const one = await windowWithTerminal(world);
  let turns = 0;
  const fits = async (page: Page) => {
    const turn = ++turns;
    await page.locator("[data-terminal] .xterm-screen").click();
    await typeLine(page, `clear; echo size ${turn} $(stty size)`);
    let size = "";
    const told = new RegExp(`^size ${turn} (\\d+ \\d+)$`, "m");
    await until(async () => {
      size = told.exec(await shownIn(page))?.[1] ?? "";
      return size !== "";
    }, "it tells its size");
    return size.split(" ").map(Number);
  };
  const [rows = 0, columns = 0] = await fits(one);
  await one.getByRole("separator", { name: "Height of the panel" }).press("ArrowUp");
  await until(async () => ((await terminalsOf(world))[0]?.size.rows ?? 0) === rows + 1, "it is higher");
  expect(await fits(one)).toEqual([rows + 1, columns]);
  const other = await world.window({ viewport: { width: 900, height: 700 } });
  await shows(other, /[#$]$/m);
  const [, fewer = 0] = await fits(other);
  expect(fewer).toBeLessThan(columns);
  await one.getByText("as another window has it").waitFor();
  await world.screenshot(one, "terminal_other_size");
  await one.getByRole("button", { name: "Fit here" }).click();
  await until(async () => (await terminalsOf(world))[0]?.size.columns === columns, "it fits");
  await other.getByText("as another window has it").waitFor();
  expect((await fits(other))[1]).toBe(fewer);
  await one.getByRole("button", { name: "Hide terminals" }).click();
  expect((await terminalsOf(world))[0]?.size.columns).toBe(fewer);
});

test("text is found in the screen and what has scrolled out", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "seq 1 500 | sed 's/^/Item /'");
  await shows(page, /^Item 500$/m);
  await page.keyboard.press("Control+F");
  const find = page.getByRole("search", { name: "Find in terminal" });
  await find.getByRole("textbox", { name: "Find" }).fill("item 7");
  await find.getByText("11 of 11").waitFor();
  await shows(page, /^Item 79$/m);
  await page.keyboard.press("Enter");
  await find.getByText("10 of 11").waitFor();
  await world.screenshot(page, "terminal_find");
  await find.getByRole("button", { name: "Next" }).click();
  await find.getByText("11 of 11").waitFor();
  await find.getByRole("button", { name: "Match case" }).click();
  await find.getByText("No results").waitFor();
  await find.getByRole("textbox", { name: "Find" }).fill("Item 7\\d$");
  await find.getByRole("button", { name: "Regular expression" }).click();
  await find.getByText("10 of 10").waitFor();
  await find.getByRole("textbox", { name: "Find" }).fill("(");
  await find.getByText("Not a pattern").waitFor();
  await page.keyboard.press("Escape");
  await find.waitFor({ state: "detached" });
  await page.keyboard.type("echo b''ack\n");
  await shows(page, /^back$/m);
});

test("links open addresses and the files that are there", async () => {
  const page = await windowWithTerminal(world);
  const sent: Array<{ path: string; position: unknown }> = [];
  const other = await page.context().newPage();
  other.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (!String(payload).includes('"file:opened"')) return;
      const { file, position } = JSON.parse(String(payload)).params;
      sent.push({ path: file.path, position: position ?? null });
    });
  });
  await world.visit(other);
  await page.bringToFront();
  const open = async (text: string) => {
    const place = await placeOf(page, text);
    await page.mouse.move(place.x + 1, place.y);
    await page.locator('[data-terminal][title="Ctrl+click to open"]').waitFor();
    await page.keyboard.down("Control");
    await page.mouse.click(place.x, place.y);
    await page.keyboard.up("Control");
  };
  const opens = async (text: string, line: number | null, column: number | null) => {
    sent.length = 0;
    await open(text);
    await until(() => sent.length > 0, `${text} opens`);
    const position = line === null ? null : { line, ...(column === null ? {} : { column }) };
    expect(sent[0]).toEqual({ path: world.path("src/app.py"), position });
  };
  await typeLine(
    page,
    "clear; cd src; echo app.py:2:1 nothing.py:1; echo 'File \"app.py\", line 3, in x'; echo 'app.py(1,2): error'",
  );
  await shows(page, /^app.py\(1,2\): error$/m);
  await opens("app.py:2:1", 2, 1);
  await opens('"app.py", line 3', 3, null);
  await opens("app.py(1,2)", 1, 2);
  // The editor has the focus now.
  await page.locator("[data-terminal] .xterm-screen").click();
  await typeLine(
    page,
    "clear; printf '\\e]8;;file://%s/app.py\\e\\\\the-file\\e]8;;\\e\\\\ \\n' $PWD; echo http://127.0.0.1:1/x.",
  );
  await shows(page, /^the-file$/m);
  await shows(page, /^http:/m);
  await opens("the-file", null, null);
  await world.screenshot(page, "terminal_links");
  const popup = page.context().waitForEvent("page");
  await open("http://127.0.0.1:1/x");
  const opened = await popup;
  expect(await opened.evaluate(() => window.opener === null)).toBe(true);
  await opened.close();
});

test("bells, titles and ends are told in the tab, and a program is not ended without a question", async () => {
  const page = await windowWithTerminal(world);
  await newTerminal(page);
  await typeLine(page, "printf '\\e]2;A title\\a'; sleep 1000");
  const tabs = page.getByRole("tab");
  await tabs.nth(1).and(page.getByTitle("A title")).waitFor();
  await tabs.nth(1).getByText("sleep 1000").waitFor();
  const [first, second] = await terminalsOf(world);
  await call(world, "terminal:data_in", { terminalId: first?.terminalId, data: "printf '\\a'\r" });
  await tabs.first().getByText("its bell rang").waitFor({ state: "attached" });
  await world.screenshot(page, "terminal_tabs");
  await page.getByRole("button", { name: "Close bash" }).nth(1).click();
  await page.getByRole("dialog").getByText("`sleep 1000`").or(page.getByRole("dialog").getByText("sleep 1000")).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  expect((await terminalsOf(world)).length).toBe(2);
  await page.locator(`[data-terminal="${second?.terminalId}"] .xterm-screen`).click();
  await page.keyboard.press("Control+C");
  await shows(page, /\^C/);
  await typeLine(page, "exit 3");
  await page.getByText("Ended with 3.").waitFor();
  await tabs.nth(1).getByText("ended with 3").waitFor();
  await world.screenshot(page, "terminal_ended");
  await page.keyboard.press("Enter");
  await page.getByText("Ended with 3.").waitFor({ state: "detached" });
  await shows(page, /project[#$]$/m);
  await until(async () => (await terminalsOf(world)).length === 2, "the old one is forgotten");
  await page.getByRole("button", { name: "Close bash" }).nth(1).click();
  await until(async () => (await terminalsOf(world)).length === 1, "it is closed without a question");
});

test("preferences hold at once", async () => {
  const page = await windowWithTerminal(world);
  const before = (await terminalsOf(world))[0]?.size.rows ?? 0;
  await call(world, "preferences:set", { key: "terminal.fontSize", value: 24 });
  await until(async () => ((await terminalsOf(world))[0]?.size.rows ?? before) < before, "fewer rows fit");
  await call(world, "preferences:set", { key: "terminal.cursorStyle", value: "underline" });
  await page.locator("[data-terminal] .xterm-cursor-underline").waitFor();
  await call(world, "preferences:set", { key: "workbench.theme", value: "dark" });
  await page.locator(":root[data-theme=dark]").waitFor();
  await typeLine(page, "printf '\\e[31mred \\e[32mgreen \\e[34mblue\\e[m\\n'; false; true");
  await shows(page, /^red green blue$/m);
  await world.screenshot(page, "terminal_dark");
  await call(world, "preferences:set", { key: "workbench.theme", value: "high_contrast" });
  await page.locator(":root[data-theme=high_contrast]").waitFor();
  await world.screenshot(page, "terminal_high_contrast");
});

test("commands are marked, and scrolled to", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "seq 1 50");
  await shows(page, /^50$/m);
  await typeLine(page, "false");
  await typeLine(page, "seq 100 150");
  await shows(page, /^150$/m);
  await page.keyboard.press("Control+ArrowUp");
  await shows(page, /^.*[#$] seq 100 150$/m);
  await page.locator('.terminal-mark[data-result="success"]:visible').first().waitFor();
  await page.keyboard.press("Control+ArrowUp");
  await page.locator('.terminal-mark[data-result="failure"][title="Failed with 1"]:visible').waitFor();
  await world.screenshot(page, "terminal_marks");
  await page.keyboard.press("Control+ArrowUp");
  await shows(page, /^.*[#$] seq 1 50$/m);
  await page.keyboard.press("Control+ArrowDown");
  await page.keyboard.press("Control+ArrowDown");
  await page.keyboard.press("Control+ArrowDown");
  await shows(page, /^150$/m);
});

test("commands and prompts that were there before the window are marked too", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "seq 1 60; (exit 7)");
  await shows(page, /^60$/m);
  await page.reload();
  await shows(page, /project[#$]$/m);
  await page.locator("[data-terminal] .xterm-screen").click();
  await typeLine(page, "false; seq 101 150; false");
  await shows(page, /^150$/m);
  await page.locator("[data-terminal] textarea").press("Control+ArrowUp");
  await shows(page, /^.*[#$] false; seq 101 150; false$/m);
  await page.locator('.terminal-mark[data-result="failure"]:visible').waitFor();
  await page.locator("[data-terminal] textarea").press("Control+ArrowUp");
  await shows(page, /^.*[#$] seq 1 60; \(exit 7\)$/m);
  await page.locator('.terminal-mark[title="Failed with 7"]:visible').waitFor();
});

test("what is found and marked stays so when all is shown anew", async () => {
  const page = await windowWithTerminal(world);
  let left = 0;
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      if (String(payload).includes('"terminal:detach"')) left++;
    });
  });
  await page.reload();
  await shows(page, /project[#$]$/m);
  await page.locator("[data-terminal] .xterm-screen").click();
  await typeLine(page, "false; seq 1 500 | sed 's/^/Item /'; (exit 9)");
  await shows(page, /^Item 500$/m);
  await page.keyboard.press("Control+F");
  const find = page.getByRole("search", { name: "Find in terminal" });
  await find.getByRole("textbox", { name: "Find" }).fill("item 7");
  await find.getByText("11 of 11").waitFor();
  await page.keyboard.press("Enter");
  await find.getByText("10 of 11").waitFor();
  const before = left;
  await call(world, "preferences:set", { key: "terminal.scrollbackLines", value: 20_000 });
  await until(async () => left > before, "the viewer before is left");
  await shows(page, /^Item 78$/m);
  await page.keyboard.press("Enter");
  await find.getByText("9 of 11").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("[data-terminal] textarea").press("Control+ArrowUp");
  await shows(page, /^.*[#$] false; seq/m);
  await page.locator('.terminal-mark[title="Failed with 9"]:visible').waitFor();
});

test("a full-screen program gets its keys, and its screen comes back after a reload", async () => {
  const page = await windowWithTerminal(world);
  await typeLine(page, "seq 1 200 | less");
  await shows(page, /^:$/m);
  const rows = (await terminalsOf(world))[0]?.size.rows ?? 0;
  await page.keyboard.press("Control+F");
  await shows(page, new RegExp(`^${rows}$`, "m"));
  expect(await page.getByRole("search", { name: "Find in terminal" }).count()).toBe(0);
  const before = await shownIn(page);
  await page.reload();
  await until(async () => (await shownIn(page)) === before, "the same is shown");
  await page.locator("[data-terminal] .xterm-screen").click();
  await page.keyboard.press("q");
  await shows(page, /project[#$]( seq.*)?$/m);
});

test("screen readers are told the text where they are wanted", async () => {
  const page = await windowWithTerminal(world);
  await page.evaluate(() => localStorage.setItem("icpy.terminal.screenReader", "true"));
  await page.reload();
  await typeLine(page, "");
  await page.locator("[data-terminal] .xterm-accessibility-tree [role=listitem]").first().waitFor({ state: "attached" });
  await page.locator("[data-terminal] .xterm-screen").click();
  await typeLine(page, "echo for-readers");
  await page
    .getByRole("listitem")
    .filter({ hasText: /^for-readers/ })
    .waitFor({ state: "attached" });
});

test("WebGL draws where hardware does it, and the page goes on without when it is taken away", async () => {
  const context = await world.context();
  await context.addInitScript(() => {
    const { getParameter } = WebGL2RenderingContext.prototype;
    // The test's browser has no hardware: it says that it has.
    WebGL2RenderingContext.prototype.getParameter = function (name) {
      return name === 0x9246 ? "Hardware" : getParameter.call(this, name);
    };
  });
  const page = await world.visit(await context.newPage());
  await page.getByRole("button", { name: "project" }).waitFor();
  await page.keyboard.press("Control+Shift+Backquote");
  const canvas = page.locator("[data-terminal] canvas:not(.xterm-link-layer)");
  await canvas.first().waitFor();
  await page.keyboard.type("echo drawn\n");
  await canvas.first().evaluate((it) => {
    (it as HTMLCanvasElement).getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
  });
  await shows(page, /^drawn$/m);
});
