// How large the window is and how fast, beside a bare page with the same editor and terminal in the same browser.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { until, World } from "../harness.ts";
import { serveFloor } from "./floor_server.ts";
import { keysMs, loadedMs, placeAtMs, shownAtMs, untilText, watchLoads, watchPlace, worstGapMs } from "./measure.ts";
import { type Figure, markdown, median, rows } from "./table.ts";

const DIST = process.env.ICPY_WEB_FOLDER ?? new URL("../../dist", import.meta.url).pathname;
const LINES = 100_000;
const FILES = 20_000;
const LOADS = 5;
const KEYS = 60;
/** Before a file is opened nothing happens for so long. */
const REST_MS = 300;
const OPENED = 20;
const TERMINAL = "[data-terminal] .xterm-rows";
const EDITOR = ".cm-content";
const SMALL = Array.from({ length: 200 }, (_, at) => (at === 0 ? "first line" : `line ${at + 1}`)).join("\n");
const LARGE = `first line\n${"a line of text that is as long as many lines are in programs\n".repeat(170_000)}`;
const FLOOD = Array.from({ length: LINES }, (_, at) => `${at + 1}\r\n`).join("");

const figures: Figure[] = [];
let world: World;
let floor: Awaited<ReturnType<typeof serveFloor>>;

beforeAll(async () => {
  world = await World.start({ "small.txt": SMALL, "large.txt": LARGE.slice(0, 10 << 20) });
  const many = Object.fromEntries(Array.from({ length: FILES }, (_, at) => [`many/file-${at}.txt`, ""]));
  world.write(many);
  floor = await serveFloor(join(world.home, "floor"), { "small.txt": SMALL, "large.txt": LARGE.slice(0, 10 << 20) }, FLOOD);
});
afterAll(async () => {
  floor.end();
  await world.end();
  process.stdout.write(`\n${markdown(figures)}\n`);
  if (process.env.ICPY_BENCH_JSON) writeFileSync(process.env.ICPY_BENCH_JSON, JSON.stringify(rows(figures)));
});

/** Notes what was measured here and of the floor. */
function note(name: string, unit: string, value: number | null, of: number | null): void {
  figures.push({ name, unit, value, floor: of });
}

async function floorPage(): Promise<Page> {
  const context = await world.context();
  await watchLoads(context);
  const page = await context.newPage();
  await page.goto(floor.address);
  await loadedMs(page, "promptMs");
  return page;
}

async function ownPage(): Promise<Page> {
  const context = await world.context();
  await watchLoads(context);
  return world.visit(await context.newPage());
}

async function focusTerminal(page: Page): Promise<void> {
  await page.locator("[data-terminal] .xterm-screen").click();
}

test("sizes", () => {
  const gzipped = (path: string) => gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length / 1000;
  const first = [
    ...readFileSync(join(DIST, "index.html"), "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g),
  ];
  const all = readdirSync(DIST, { recursive: true, encoding: "utf8" }).filter((path) => /\.(?:js|css|html)$/.test(path));
  note(
    "first chunk, gzip",
    "kB",
    first.reduce((sum, [, path = ""]) => sum + gzipped(path), 0),
    null,
  );
  note(
    "all of it, gzip",
    "kB",
    all.reduce((sum, path) => sum + gzipped(path), 0),
    null,
  );
});

test("cold load", async () => {
  const page = await ownPage();
  await world.icpy(["small.txt"]);
  await page.getByRole("button", { name: "project" }).waitFor();
  await page.keyboard.press("Control+Backquote");
  await loadedMs(page, "promptMs");
  const hasEditor = (await loadedMs(page, "editorMs", 5_000)) !== null;
  // What is open is kept for the next window.
  await until(
    async () => (await world.icpy(["call", "state:get", "{}"])).includes('"isOpen":true'),
    "the panel is kept open",
  );
  await page.close();
  const times: Record<"editorMs" | "promptMs", Array<[number | null, number | null]>> = { editorMs: [], promptMs: [] };
  for (let load = 0; load < LOADS; load++) {
    const [own, bare] = [await ownPage(), await floorPage()];
    for (const what of ["editorMs", "promptMs"] as const) {
      const mine = what === "promptMs" || hasEditor ? await loadedMs(own, what) : null;
      times[what].push([mine, await loadedMs(bare, what)]);
    }
    await own.context().close();
    await bare.context().close();
  }
  const both = (what: "editorMs" | "promptMs") => [0, 1].map((at) => median(times[what].map((it) => it[at] ?? null)));
  const [editor = null, bareEditor = null] = both("editorMs");
  const [prompt = null, barePrompt = null] = both("promptMs");
  note("cold load to an editable file", "ms", editor, bareEditor);
  note("cold load to a live prompt", "ms", prompt, barePrompt);
});

test("keys", async () => {
  const [own, bare] = [await ownPage(), await floorPage()];
  await loadedMs(own, "promptMs");
  const inTerminal = async (page: Page) => {
    await focusTerminal(page);
    return keysMs(page, TERMINAL, KEYS);
  };
  const [mine, floors] = [await inTerminal(own), await inTerminal(bare)];
  note("key to paint in a terminal, median", "ms", mine.median, floors.median);
  note("key to paint in a terminal, 95 %", "ms", mine.p95, floors.p95);
  await own.keyboard.press("Control+C");
  const inEditor = async (page: Page) => {
    if ((await loadedMs(page, "editorMs", 5_000)) === null) return null;
    await page.locator(EDITOR).first().click();
    return keysMs(page, EDITOR, KEYS);
  };
  for (const page of [own, bare]) await page.reload();
  const [edited, bareEdited] = [await inEditor(own), await inEditor(bare)];
  note("key to paint in the editor, median", "ms", edited?.median ?? null, bareEdited?.median ?? null);
  note("key to paint in the editor, 95 %", "ms", edited?.p95 ?? null, bareEdited?.p95 ?? null);
});

test("icpy FILE:12 in every window", async () => {
  const [windows, bare]: [Page[], Page[]] = [[], []];
  for (const count of [2, 5]) {
    while (windows.length < count) windows.push(await ownPage());
    while (bare.length < count) bare.push(await floorPage());
    // Files are for the workspace, once it is shown.
    for (const page of windows) await page.getByRole("treeitem", { name: "small.txt" }).waitFor();
    const [times, floors]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < OPENED; turn++) {
      const name = `opened-${count}-${turn}.txt`;
      world.write({ [name]: SMALL });
      await Promise.all(windows.map((page) => watchPlace(page, name, "line 12")));
      // What the last turn has left to do is no part of this one.
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const beganMs = Date.now();
      const ended = world.icpy([`${name}:12`]);
      const shown = await Promise.all(windows.map((page) => placeAtMs(page)));
      await ended;
      times.push(Math.max(...shown) - beganMs);
      await world.icpy(["call", "file:close", JSON.stringify({ path: world.path(name) })]);
      for (const page of windows) await page.getByRole("tab", { name, exact: true }).waitFor({ state: "detached" });
      const bareMs = Date.now();
      floors.push(Math.max(...(await Promise.all(bare.map((page) => shownAtMs(page, "/small.txt"))))) - bareMs);
    }
    const until = `\`icpy FILE:12\` until ${count} windows show it with the focus`;
    note(`${until}, median`, "ms", median(times), median(floors));
    note(`${until}, worst of ${OPENED}`, "ms", Math.max(...times), Math.max(...floors));
  }
  for (const page of [...windows, ...bare]) await page.context().close();
});

test("a flood", async () => {
  const flood = async (page: Page, line: string) => {
    await loadedMs(page, "promptMs");
    await focusTerminal(page);
    await page.keyboard.type(line);
    await worstGapMs(page);
    const tookMs = await untilText(page, TERMINAL, `${LINES}`, () => page.keyboard.press("Enter"));
    return { tookMs, gapMs: await worstGapMs(page) };
  };
  // The number itself is not in what is typed.
  const own = await flood(await ownPage(), `seq 1 $((${LINES / 100} * 100))`);
  const bare = await flood(await floorPage(), "");
  note("100,000 lines of output", "ms", own.tookMs, bare.tookMs);
  note("their worst gap between frames", "ms", own.gapMs, bare.gapMs);
});

test("a file of 10 MB", async () => {
  const [own, bare] = [await ownPage(), await floorPage()];
  const hasEditor = (await loadedMs(own, "editorMs", 5_000)) !== null;
  const text = "as long as many lines";
  const open = () =>
    bare.evaluate(() => (window as unknown as { open_file(name: string): unknown }).open_file("/large.txt"));
  const bareMs = await untilText(bare, EDITOR, text, open);
  // The time that the command itself takes to start is a part of it.
  const ownMs = hasEditor ? await untilText(own, "[aria-label=Editors]", text, () => world.icpy(["large.txt"])) : null;
  note("open a file of 10 MB", "ms", ownMs, bareMs);
});

test("a folder of 20,000 files", async () => {
  const page = await ownPage();
  const folder = page.getByRole("treeitem", { name: "many" });
  const isThere = await folder.waitFor({ timeout: 5_000 }).then(
    () => true,
    () => false,
  );
  await worstGapMs(page);
  const tookMs = isThere ? await untilText(page, "[role=tree]", "file-1.txt", () => folder.click()) : null;
  if (isThere) for (let turn = 0; turn < 30; turn++) await page.mouse.wheel(0, 2_000);
  note("show a folder of 20,000 files", "ms", tookMs, null);
  note("its worst gap between frames, with scrolling", "ms", isThere ? await worstGapMs(page) : null, null);
});
