// What is typed before an editor or a terminal is there: it goes in its order into what was asked for, and never into anything else.

import { unlinkSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { editor, open, shownText, shows } from "./editing.ts";
import { until, World } from "./harness.ts";
import { shows as terminalShows } from "./terminals.ts";

/** What the daemon says to a window: it can be kept back. */
class Wire {
  #isKept: (message: string) => boolean = () => false;
  #kept: Array<() => void> = [];
  #delayMs = 0;
  #last = Promise.resolve();

  async attach(page: Page): Promise<void> {
    await page.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const pass = () => socket.send(message);
        const delayMs = this.#delayMs;
        // One after the other, as they have come.
        this.#last = this.#last.then(async () => {
          if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
          if (this.#kept.length > 0 || this.#isKept(String(message))) this.#kept.push(pass);
          else pass();
        });
      });
    });
  }

  /** Keeps back a message and all that come after it. */
  keep(isKept: (message: string) => boolean = () => true): void {
    this.#isKept = isKept;
  }

  /** Has each message take so long. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  get hasKept(): boolean {
    return this.#kept.length > 0;
  }

  release(): void {
    this.#isKept = () => false;
    for (const pass of this.#kept.splice(0)) pass();
  }
}

let world: World;
let page: Page;
let wire: Wire;
beforeEach(async () => {
  world = await World.start({ "a.txt": "first\n", "b.txt": "second\n", "gone.txt": "gone\n" });
  const context = await world.context({ permissions: ["clipboard-read", "clipboard-write"] });
  page = await context.newPage();
  wire = new Wire();
  await wire.attach(page);
  await world.visit(page);
  await page.getByText("No file is open").waitFor();
});
afterEach(() => world.end());

/** Opens a file by the palette, and waits for nothing. */
async function find(name: string): Promise<void> {
  await page.keyboard.press("Control+p");
  await page.getByRole("combobox").fill(name);
  await page.getByRole("option", { name }).waitFor();
  wire.keep();
  await page.keyboard.press("Enter");
}

test("a new text has what was typed before it was there, and what was typed on", async () => {
  wire.keep();
  await page.keyboard.press("Control+Alt+n");
  await page.keyboard.type("if (words");
  await page.keyboard.press("Enter");
  await page.keyboard.type("nexts");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Home");
  await page.keyboard.type(">");
  expect(await page.getByRole("tab").count()).toBe(0);
  wire.release();
  await shows(page, "Untitled-1", "if (words\n>next)", true);
  wire.slow(100);
  await page.keyboard.press("Control+Alt+n");
  const text = "all of this is typed while the editor comes, and none of it is lost";
  await page.keyboard.type(text, { delay: 10 });
  await shows(page, "Untitled-2", text, true);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Untitled-2");
});

test("what is typed after a file was chosen goes into that file, and not into the one before", async () => {
  await open(world, page, "a.txt");
  await page.evaluate(() => navigator.clipboard.writeText("pasted "));
  await find("b.txt");
  await page.keyboard.type("typed ");
  await page.keyboard.press("Control+v");
  await page.keyboard.type("and ");
  wire.release();
  await shows(page, "b.txt", "typed pasted and second\n", true);
  await page.getByRole("tab", { name: "a.txt", exact: true }).click();
  await shows(page, "a.txt", "first\n", true);
});

test("a file that a shell opens takes what is typed as soon as its tab is there", async () => {
  await open(world, page, "a.txt");
  wire.keep((message) => /"result":.*"text":/.test(message));
  await world.icpy(["b.txt"]);
  await page.getByRole("tab", { name: "b.txt", selected: true }).waitFor();
  await until(() => wire.hasKept, "its text is on the way");
  await page.keyboard.type("typed ");
  wire.release();
  await shows(page, "b.txt", "typed second\n", true);
});

test("so does one that is opened in the tree", async () => {
  await page.getByRole("treeitem", { name: "a.txt" }).click();
  await shows(page, "a.txt", "first\n", true);
  await page.getByRole("treeitem", { name: "b.txt" }).click({ modifiers: ["Control"] });
  await page.getByRole("treeitem", { name: "b.txt" }).click({ modifiers: ["Control"] });
  await page.getByRole("tree").press("End");
  await page.getByRole("tree").press("ArrowUp");
  wire.keep();
  await page.keyboard.press("Enter");
  await page.keyboard.type("a b");
  wire.release();
  await shows(page, "b.txt", "a bsecond\n", true);
});

test("a new terminal has what was typed before it was there", async () => {
  wire.keep();
  await page.keyboard.press("Control+Shift+Backquote");
  await page.keyboard.type("echo ty''pedx");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Enter");
  expect(await page.getByRole("tab").count()).toBe(0);
  wire.release();
  await terminalShows(page, /^typed$/m);
  wire.slow(100);
  await page.keyboard.press("Control+Shift+Backquote");
  await page.keyboard.type("echo a''ll of it, and no''thing else", { delay: 10 });
  await page.keyboard.press("Enter");
  await terminalShows(page, /^all of it, and nothing else$/m, "Terminal bash, 2");
});

test("a paste waits for a new terminal too, and keys wait behind it", async () => {
  await page.evaluate(() => navigator.clipboard.writeText("echo pa''sted"));
  wire.keep();
  await page.keyboard.press("Control+Backquote");
  await page.keyboard.press("Control+v");
  await page.keyboard.type(" too");
  await page.keyboard.press("Enter");
  wire.release();
  await terminalShows(page, /^pasted too$/m);
});

test("who turns to something else types there, and keeps the focus", async () => {
  await page.keyboard.press("Control+Shift+F");
  const field = page.getByRole("textbox", { name: "Search", exact: true });
  await field.waitFor();
  await find("b.txt");
  await page.keyboard.type("lost ");
  await field.click();
  await page.keyboard.type("kept");
  wire.release();
  await shows(page, "b.txt", "second\n", true);
  await page.keyboard.type(" here");
  expect(await field.inputValue()).toBe("kept here");
  expect(await shownText(page, "b.txt")).toBe("second\n");
});

test("what cannot be opened takes nothing, and the keys work again", async () => {
  await open(world, page, "a.txt", "gone.txt");
  await page.keyboard.press("Alt+w");
  await page.getByRole("tab", { name: "gone.txt" }).waitFor({ state: "detached" });
  unlinkSync(world.path("gone.txt"));
  await editor(page, "a.txt").focus();
  wire.keep();
  await page.keyboard.press("Alt+Shift+w");
  await page.keyboard.type("lost ");
  wire.release();
  await page.getByText("Reopen Closed Editor").waitFor();
  await page.keyboard.type("typed ");
  await shows(page, "a.txt", "typed first\n", true);
});

test("commands that are called before the workspace is known wait for it", async () => {
  const sidebar = page.getByRole("complementary", { name: "Sidebar" });
  await page.keyboard.press("Control+b");
  await sidebar.waitFor({ state: "detached" });
  const isStored = async () => (await world.icpy(["call", "state:get", "{}"])).includes('"isOpen":false');
  await until(isStored, "it is kept so");
  wire.keep();
  await page.reload();
  await page.getByRole("contentinfo").waitFor();
  await page.keyboard.press("Control+Shift+E");
  await page.keyboard.press("Control+Alt+n");
  await page.keyboard.type("early words");
  wire.release();
  await shows(page, "Untitled-1", "early words", true);
  await sidebar.waitFor();
});
