// Whatever happens while somebody types, every character that was typed is in the file in the end, and once.

import type { Page, WebSocketRoute } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { editor, open, shows } from "./editing.ts";
import { until, World } from "./harness.ts";

/** Words that can be told from each other. */
function words(who: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `<${who}${from + index}>`);
}

// Much of it is waiting for a daemon that comes back.
vi.setConfig({ testTimeout: 180_000 });

let world: World;
let pages: Page[] = [];
beforeAll(async () => {
  world = await World.start({});
});
afterAll(() => world.end());
afterEach(async (context) => {
  if (context.task.result?.state === "fail") {
    for (const [index, page] of pages.entries()) {
      await world.screenshot(page, `failed ${context.task.name} ${index}`).catch(() => {});
    }
  }
  for (const page of pages) await page.context().close();
  pages = [];
});

/** A window that leaves without being asked. */
async function window(page?: Page): Promise<Page> {
  const made = page ? await world.visit(page) : await world.window();
  made.on("dialog", (dialog) => void dialog.accept().catch(() => {}));
  await made.getByText("No file is open").or(made.getByRole("tab").first()).first().waitFor();
  pages.push(made);
  return made;
}

async function typeWords(page: Page, all: string[], delay = 5): Promise<void> {
  for (const word of all) await page.keyboard.type(word, { delay });
}

/** Waits until all of it is in the file, and looks that it is there once. */
async function saved(page: Page, name: string, all: string[]): Promise<void> {
  for (const word of all) await shows(page, name, word);
  await page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
  await editor(page, name).focus();
  await page.keyboard.press("Control+s");
  await until(() => all.every((word) => world.read(name).includes(word)), "all is saved");
  const text = world.read(name);
  for (const word of all) expect(text.split(word).length - 1, `${word} in ${text}`).toBe(1);
  expect(text.replaceAll(/<[a-z]+\d+>/g, "").trim()).toBe("");
}

test("the connection is lost again and again while two type", async () => {
  // What two type in one place stands there letter by letter.
  world.write({ "lost.txt": "\n\n" });
  const context = await world.context();
  const ann = await context.newPage();
  const sockets: WebSocketRoute[] = [];
  await ann.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await window(ann);
  const bob = await window();
  await open(world, ann, "lost.txt");
  await editor(bob, "lost.txt").press("Control+End");
  await editor(ann, "lost.txt").press("Control+Home");
  const [anns, bobs] = [words("ann", 20), words("bob", 20)];
  const lose = async () => {
    for (let time = 0; time < 3; time++) {
      await until(() => sockets.length > time, "there is a connection");
      await shows(ann, "lost.txt", `<ann${time * 6}>`);
      await sockets.at(-1)?.close();
      await ann.getByText("Reconnecting").waitFor();
      await ann.getByRole("status").filter({ hasText: "Connected" }).waitFor();
    }
  };
  await Promise.all([typeWords(ann, anns, 20), typeWords(bob, bobs, 20), lose()]);
  await shows(bob, "lost.txt", "<ann19>");
  await saved(ann, "lost.txt", [...anns, ...bobs]);
});

test("the daemon is killed while two type", async () => {
  world.write({ "killed.txt": "\n\n" });
  const [ann, bob] = [await window(), await window()];
  await open(world, ann, "killed.txt");
  await editor(bob, "killed.txt").press("Control+End");
  await editor(ann, "killed.txt").press("Control+Home");
  const [anns, bobs] = [words("ann", 30), words("bob", 30)];
  const kill = async () => {
    for (let time = 0; time < 3; time++) {
      await shows(ann, "killed.txt", `<ann${time * 8}>`);
      await world.killDaemon();
      await world.startDaemon();
      await ann.getByRole("status").filter({ hasText: "Connected" }).waitFor();
    }
  };
  await Promise.all([typeWords(ann, anns, 20), typeWords(bob, bobs, 20), kill()]);
  for (const word of anns) await shows(bob, "killed.txt", word);
  await saved(ann, "killed.txt", [...anns, ...bobs]);
});

test("the window is loaded again while somebody types", async () => {
  world.write({ "reload.txt": "" });
  const page = await window();
  await open(world, page, "reload.txt");
  const all: string[] = [];
  for (let time = 0; time < 4; time++) {
    await editor(page, "reload.txt").click();
    await page.keyboard.press("Control+End");
    const some = words("it", 4, time * 4);
    await typeWords(page, some, 0);
    all.push(...some);
    await page.reload();
    await editor(page, "reload.txt").waitFor();
  }
  await saved(page, "reload.txt", all);
});

test("tabs crash and are closed while the daemon is away, and another goes on with what was typed", async () => {
  world.write({ "crash.txt": "", "closed.txt": "" });
  const context = await world.context();
  const first = await window(await context.newPage());
  await open(world, first, "crash.txt");
  await editor(first, "crash.txt").click();
  await world.killDaemon();
  const [crashed, closed] = [words("crash", 6), words("close", 6)];
  await typeWords(first, crashed);
  await written(first, "<crash5>");
  const session = await context.newCDPSession(first);
  const isCrashed = new Promise((resolve) => first.once("crash", resolve));
  session.send("Page.crash").catch(() => {});
  await isCrashed;
  await world.startDaemon();
  const second = await window(await context.newPage());
  await second.getByText(/is restored/).waitFor();
  await second.getByRole("tab", { name: "crash.txt" }).click();
  await shows(second, "crash.txt", "<crash5>");
  await world.screenshot(second, "restored");
  await saved(second, "crash.txt", crashed);
  await open(world, second, "closed.txt");
  await editor(second, "closed.txt").click();
  await world.killDaemon();
  await typeWords(second, closed);
  await written(second, "<close5>");
  await second.close();
  await world.startDaemon();
  const third = await window(await context.newPage());
  await open(world, third, "closed.txt");
  await saved(third, "closed.txt", closed);
});

test("what is typed without a connection is still there when another has closed the file", async () => {
  world.write({ "both.txt": "" });
  const context = await world.context();
  const bob = await context.newPage();
  let isAway = false;
  const sockets: WebSocketRoute[] = [];
  await bob.routeWebSocket(/\/ws$/, async (socket) => {
    sockets.push(socket);
    if (isAway) await socket.close();
    else socket.connectToServer();
  });
  await window(bob);
  const ann = await window();
  await open(world, ann, "both.txt");
  await editor(bob, "both.txt").click();
  isAway = true;
  await sockets.at(-1)?.close();
  await bob.getByText("Reconnecting").waitFor();
  await typeWords(bob, words("bob", 5));
  await editor(ann, "both.txt").click();
  await ann.keyboard.press("Alt+w");
  await ann.getByRole("tab", { name: "both.txt" }).waitFor({ state: "detached" });
  isAway = false;
  await bob.getByRole("button", { name: "Connection" }).click();
  // What another window opens is a tab here, and not in front.
  await ann.getByRole("tab", { name: "both.txt" }).click();
  await shows(ann, "both.txt", "<bob4>");
  await saved(bob, "both.txt", words("bob", 5));
});

/** Waits until a draft with a text is written in the browser. */
async function written(page: Page, text: string): Promise<void> {
  const drafts = () =>
    page.evaluate(
      () =>
        new Promise<string>((resolve, reject) => {
          const opening = indexedDB.open("icpy.drafts");
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const all = opening.result.transaction("drafts").objectStore("drafts").getAll();
            all.onsuccess = () => resolve(JSON.stringify(all.result));
          };
        }),
    );
  await until(async () => (await drafts()).includes(text.at(-2) ?? text), "a draft is written");
}
