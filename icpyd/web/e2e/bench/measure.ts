// What is measured of a page, the same way of the window and of its floor: by the page's own clock, up to the frame in which it shows.

import type { BrowserContext, Page } from "playwright-core";

/** In the page: when things are there, and how far apart frames are. */
interface Probe {
  /** When a file could be edited, and when a prompt was there, in milliseconds after navigation. */
  editorMs: number | null;
  promptMs: number | null;
  worstGapMs: number;
}

/** Has pages of a context note when an editor and a prompt are there. */
export async function watchLoads(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const probe: Probe = { editorMs: null, promptMs: null, worstGapMs: 0 };
    let last = performance.now();
    const look = (now: number) => {
      probe.worstGapMs = Math.max(probe.worstGapMs, now - last);
      last = now;
      const editor = document.querySelector(".cm-content[contenteditable=true]");
      if (probe.editorMs === null && editor?.textContent?.includes("first line")) probe.editorMs = now;
      const rows = document.querySelector("[data-terminal] .xterm-rows")?.textContent ?? "";
      if (probe.promptMs === null && /[#$]/.test(rows)) probe.promptMs = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(window, { probe });
  });
}

/** What was noted of a page, once something is there, or nothing when it does not come. */
export async function loadedMs(page: Page, what: "editorMs" | "promptMs", timeoutMs = 15_000): Promise<number | null> {
  const is = (name: "editorMs" | "promptMs") => (window as unknown as { probe: Probe }).probe[name] !== null;
  const there = await page.waitForFunction(is, what, { timeout: timeoutMs }).then(
    () => true,
    () => false,
  );
  if (!there) return null;
  return page.evaluate((name) => (window as unknown as { probe: Probe }).probe[name], what);
}

/** The longest time between two frames since the last call. */
export function worstGapMs(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { probe } = window as unknown as { probe: Probe };
    const worst = probe.worstGapMs;
    probe.worstGapMs = 0;
    return worst;
  });
}

/** How long keys take until what they change in an element is painted: median and 95th percentile. */
export async function keysMs(page: Page, selector: string, count: number): Promise<{ median: number; p95: number }> {
  await page.evaluate((watched) => {
    const times: number[] = [];
    let pressedMs: number | null = null;
    addEventListener(
      "keydown",
      ({ timeStamp }) => {
        pressedMs = timeStamp;
      },
      { capture: true },
    );
    const observer = new MutationObserver(() => {
      const began = pressedMs;
      if (began === null) return;
      pressedMs = null;
      requestAnimationFrame(() => {
        // The next task comes when the frame was painted.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => times.push(performance.now() - began);
        port2.postMessage(null);
      });
    });
    const element = document.querySelector(watched);
    if (element) observer.observe(element, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { times });
  }, selector);
  for (let at = 0; at < count; at++) {
    await page.keyboard.press("x");
    await page.waitForFunction((least) => (window as unknown as { times: number[] }).times.length > least, at);
  }
  const times = await page.evaluate(() => (window as unknown as { times: number[] }).times);
  const sorted = times.slice().sort((one, other) => one - other);
  return { median: sorted[sorted.length >> 1] ?? 0, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0 };
}

/** How long something takes from now on until an element has a text, in a frame. */
export async function untilText(page: Page, selector: string, text: string, begin: () => Promise<unknown>): Promise<number> {
  await page.evaluate(
    ([watched, wanted]) => {
      const state = { beganMs: performance.now(), tookMs: null as number | null };
      const look = (now: number) => {
        if (document.querySelector(watched ?? "")?.textContent?.includes(wanted ?? "")) state.tookMs = now - state.beganMs;
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      Object.assign(window, { waiting: state });
    },
    [selector, text],
  );
  await begin();
  const took = () => (window as unknown as { waiting: { tookMs: number | null } }).waiting.tookMs;
  await page.waitForFunction(
    () => (window as unknown as { waiting: { tookMs: number | null } }).waiting.tookMs !== null,
    null,
    {
      timeout: 60_000,
    },
  );
  return (await page.evaluate(took)) ?? 0;
}

/** Has a window note when it shows the line of the cursor of a file, and has the focus there. */
export async function watchPlace(page: Page, file: string, line: string): Promise<void> {
  await page.evaluate(
    ([name, wanted]) => {
      const place = new Promise<number>((resolve) => {
        const look = () => {
          const editor = document.activeElement?.closest<HTMLElement>(".cm-content");
          // Cursors of others are drawn between the characters.
          const shown = editor?.querySelector(".cm-activeLine")?.textContent ?? "";
          if (editor?.getAttribute("aria-label") !== name || !shown.includes(wanted ?? "")) return;
          observer.disconnect();
          requestAnimationFrame(() => {
            // The next task comes when the frame was painted.
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(Date.now());
            port2.postMessage(null);
          });
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        document.addEventListener("focusin", look);
      });
      // In an object, since a promise itself would be waited for here.
      Object.assign(window, { watched: { place } });
    },
    [file, line],
  );
}

/** When it was so, by the clock of the machine, in milliseconds. */
export function placeAtMs(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { watched: { place: Promise<number> } }).watched.place);
}

/** Has a bare page show a file, and says when it did. */
export function shownAtMs(page: Page, name: string): Promise<number> {
  return page.evaluate(async (file) => {
    await (window as unknown as { open_file(name: string): Promise<void> }).open_file(file);
    return new Promise<number>((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(Date.now());
        port2.postMessage(null);
      });
    });
  }, name);
}
