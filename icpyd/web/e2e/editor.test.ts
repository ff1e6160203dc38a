// The editor: files, tabs, groups, finding, saving, preferences, and what is no text.

import { createWriteStream, existsSync, unlinkSync, writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { editor, open, readyWindow, shownText, shows } from "./editing.ts";
import { until, World } from "./harness.ts";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX///+/v7+jQ3Y5AAAADklEQVQI12P4AIX8EAgALgAD/aNpbtEAAAAASUVORK5CYII=";

let world: World;
let page: Page;
beforeAll(async () => {
  world = await World.start({
    "a.py": "import os\n\n\ndef main():\n    print(os.name)  # where\n\n\nmain()\n",
    "b.txt": "one two three\ntwo three\nthree\n",
    "src/c.rs": 'fn main() {\n\tprintln!("{}", 1);\n}\n',
    "windows.txt": "first\r\nsecond\r\n",
    "long.txt": Array.from({ length: 500 }, (_, index) => `line ${index + 1}`).join("\n"),
  });
  writeFileSync(world.path("latin.txt"), Buffer.from("Gr\u00fc\u00dfe aus K\u00f6ln, sch\u00f6n\n", "latin1"));
  writeFileSync(world.path("pixel.png"), Buffer.from(PIXEL, "base64"));
  writeFileSync(world.path("data.bin"), Buffer.from([0, 1, 2, 3, 0, 255, 254, 0, 9, 8, 7, 0]));
});
afterAll(() => world.end());
beforeEach(async () => {
  page = await readyWindow(world);
});
afterEach(async (context) => {
  if (context.task.result?.state === "fail") await world.screenshot(page, `failed ${context.task.name}`);
  for (const file of JSON.parse(await world.icpy(["call", "file:list", "{}"])).files) {
    await world.icpy(["call", "file:close", JSON.stringify({ fileId: file.fileId, discard: true })]);
  }
  await page.context().close();
});

test("a file is opened by icpy at a place, coloured, edited, saved and undone", async () => {
  await open(world, page, "a.py:5");
  await page.getByRole("button", { name: "Ln 5, Col 1" }).waitFor();
  await page.getByText("Python").waitFor();
  await until(async () => (await page.locator(".cm-line span").count()) > 5, "it is coloured");
  await world.screenshot(page, "editor");
  await page.keyboard.type("    # hello\n");
  await page.getByRole("tab", { name: "a.py, not saved" }).waitFor();
  await page.keyboard.press("Control+s");
  await page.getByRole("tab", { name: "a.py", exact: true }).waitFor();
  expect(world.read("a.py")).toContain("    # hello\n    print(os.name)");
  const isUndone = async () => {
    await page.keyboard.press("Control+z");
    return !(await shownText(page, "a.py")).includes("hello");
  };
  await until(isUndone, "it is undone");
});

test("tabs are closed, asked about, opened again, and gone through by keys", async () => {
  await open(world, page, "a.py", "b.txt", "src/c.rs");
  await page.keyboard.press("Control+PageUp");
  await page.getByRole("tab", { name: "b.txt", selected: true }).waitFor();
  await page.keyboard.type("new ");
  await page.getByRole("tab", { name: "b.txt, not saved" }).waitFor();
  await page.keyboard.press("Alt+w");
  await page.getByRole("dialog").getByText("Save the changes to b.txt?").waitFor();
  await world.screenshot(page, "close");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("tab", { name: "b.txt, not saved" }).waitFor();
  await page.locator(".tab", { hasText: "b.txt" }).locator(".close").click();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("tab", { name: "b.txt" }).waitFor({ state: "detached" });
  expect(world.read("b.txt")).toBe("one two three\ntwo three\nthree\n");
  await page.keyboard.press("Alt+Shift+w");
  await page.getByRole("tab", { name: "b.txt", selected: true }).waitFor();
  await shows(page, "b.txt", "one two three\ntwo three\nthree\n", true);
  await page.getByRole("tab", { name: "a.py" }).click({ button: "middle" });
  await page.getByRole("tab", { name: "a.py" }).waitFor({ state: "detached" });
  await page.getByRole("tab", { name: "b.txt" }).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Close Other Editors" }).waitFor();
  await world.screenshot(page, "tab_menu");
  await page.getByRole("menuitem", { name: "Close Other Editors" }).click();
  await until(async () => (await page.getByRole("tab").count()) === 1, "one tab is left");
});

test("groups stand side by side, show one text twice, and come back after a reload", async () => {
  await open(world, page, "a.py", "b.txt");
  await page.keyboard.press("Control+\\");
  const left = page.getByRole("region", { name: "Editor group 1" });
  const right = page.getByRole("region", { name: "Editor group 2" });
  await right.getByRole("tab", { name: "b.txt", selected: true }).waitFor();
  await right.getByRole("textbox", { name: "b.txt" }).waitFor();
  await page.keyboard.type("both ");
  await until(
    async () => (await left.getByRole("textbox").first().textContent())?.includes("both one") ?? false,
    "both show it",
  );
  await page.keyboard.press("Control+1");
  await page.keyboard.type("more ");
  await until(
    async () => (await right.getByRole("textbox").first().textContent())?.includes("more") ?? false,
    "both show it",
  );
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await shows(page, "b.txt", "one two three\ntwo three\nthree\n", true);
  await left.getByRole("tab", { name: "a.py" }).dragTo(right.getByRole("tab", { name: "b.txt" }));
  await right.getByRole("tab", { name: "a.py", selected: true }).waitFor();
  await world.screenshot(page, "groups");
  await page.reload();
  await right.getByRole("tab", { name: "a.py", selected: true }).waitFor();
  await left.getByRole("tab", { name: "b.txt", selected: true }).waitFor();
  expect(await right.getByRole("tab").count()).toBe(2);
  expect(await left.getByRole("tab").count()).toBe(1);
});

test("a text without a file is made, and saved as one", async () => {
  await page.keyboard.press("Control+Alt+n");
  await page.getByRole("tab", { name: "Untitled-1" }).waitFor();
  await page.keyboard.type("words");
  await page.getByRole("tab", { name: "Untitled-1, not saved" }).waitFor();
  await page.keyboard.press("Control+s");
  await page.getByRole("textbox", { name: "Path" }).fill("notes.md");
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "notes.md", exact: true }).waitFor();
  await until(() => world.read("notes.md") === "words", "it is written");
  await editor(page, "notes.md").press("End");
  await page.keyboard.type("!");
  await page.keyboard.press("Control+s");
  await until(() => world.read("notes.md") === "words!", "it is written again");
});

test("what is looked for is found, counted and replaced", async () => {
  await open(world, page, "b.txt");
  await page.keyboard.press("Control+f");
  await page.getByRole("textbox", { name: "Find" }).fill("three");
  await page.getByText("3 found").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("1 of 3").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("2 of 3").waitFor();
  await page.keyboard.press("Control+h");
  await page.getByRole("textbox", { name: "Replace with" }).fill("3");
  await world.screenshot(page, "find");
  await page.getByRole("button", { name: "Replace All" }).click();
  await shows(page, "b.txt", "one two 3\ntwo 3\n3\n", true);
  await page.getByRole("button", { name: "Use regular expression" }).click();
  await page.getByRole("textbox", { name: "Find" }).fill("[");
  await page.getByText("No such pattern").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("textbox", { name: "Find" }).waitFor({ state: "detached" });
});

test("several cursors type at once, and a line is gone to", async () => {
  await open(world, page, "b.txt", "long.txt");
  await page.keyboard.press("Control+g");
  await page.keyboard.type("400:3");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Ln 400, Col 3" }).waitFor();
  await page.getByText("line 400").waitFor();
  await page.getByRole("tab", { name: "b.txt" }).click();
  await page.getByRole("button", { name: "Ln 1, Col 1" }).waitFor();
  await page.keyboard.press("Control+Alt+ArrowDown");
  await page.keyboard.press("Control+Alt+ArrowDown");
  await page.getByText("3 cursors").waitFor();
  await page.keyboard.type("> ");
  await shows(page, "b.txt", "> one two three\n> two three\n> three\n", true);
});

test("preferences hold at once", async () => {
  await open(world, page, "src/c.rs");
  const set = (key: string, value: unknown) => world.icpy(["call", "preferences:set", JSON.stringify({ key, value })]);
  await page.getByText("Tab size: 4").waitFor();
  await page.keyboard.press("Tab");
  await shows(page, "c.rs", "\tfn main() {");
  await set("editor.fontSize", 20);
  const size = () => editor(page, "c.rs").evaluate((content) => getComputedStyle(content).fontSize);
  await until(async () => (await size()) === "20px", "the font is larger");
  await set("editor.tabSize", 8);
  await page.getByText("Tab size: 8").waitFor();
  await set("editor.lineNumbers", "off");
  await page.locator(".cm-lineNumbers").waitFor({ state: "detached" });
  await set("editor.lineNumbers", "relative");
  await page.locator(".cm-lineNumbers").waitFor();
  await set("editor.wordWrap", "on");
  await page.locator(".cm-lineWrapping").waitFor();
  await set("editor.renderWhitespace", "all");
  await page.locator(".cm-highlightTab").first().waitFor();
  await set("editor.rulers", [20, 40]);
  await world.screenshot(page, "preferences");
  await set("files.trimTrailingWhitespace", true);
  await set("files.insertFinalNewline", true);
  await set("files.autoSave", "after_delay");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("// end   ");
  await until(() => world.read("src/c.rs").endsWith("// end\n"), "it is saved by itself, and tidied");
  await set("files.autoSave", "on_focus_change");
  await page.keyboard.type("// left");
  await open(world, page, "b.txt");
  await until(() => world.read("src/c.rs").endsWith("// left\n"), "it is saved when another file is in front");
  for (const key of ["fontSize", "tabSize", "lineNumbers", "wordWrap", "renderWhitespace", "rulers"])
    await set(`editor.${key}`, null);
  for (const key of ["trimTrailingWhitespace", "insertFinalNewline", "autoSave"]) await set(`files.${key}`, null);
});

test("encodings and line ends are shown, and kept", async () => {
  await open(world, page, "windows.txt");
  await page.getByText("CRLF", { exact: true }).waitFor();
  await page.keyboard.type("new\n");
  await page.keyboard.press("Control+s");
  await until(() => world.read("windows.txt") === "new\r\nfirst\r\nsecond\r\n", "the line ends are kept");
  await open(world, page, "latin.txt");
  await shows(page, "latin.txt", "Gr\u00fc\u00dfe aus K\u00f6ln");
  await page.getByText(/windows-1252|ISO-8859/).waitFor();
});

test("a file that is deleted from disk is said to be, and its text stays", async () => {
  world.write({ "gone.txt": "still here\n" });
  await open(world, page, "gone.txt");
  await shows(page, "gone.txt", "still here");
  unlinkSync(world.path("gone.txt"));
  await page.getByRole("tab", { name: "gone.txt, deleted" }).waitFor();
  await page.getByText("gone.txt was deleted from disk").waitFor();
  await shows(page, "gone.txt", "still here");
  await world.screenshot(page, "deleted");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await until(() => existsSync(world.path("gone.txt")), "it is written again");
  await page.getByRole("tab", { name: "gone.txt", exact: true }).waitFor();
});

test("images are shown, and other files that are no text say what they are", async () => {
  await open(world, page, "pixel.png");
  await page.getByText("8 \u00d7 8 pixels").waitFor();
  await world.screenshot(page, "image");
  await open(world, page, "data.bin");
  await page.getByText("This file is not text").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("data.bin");
  await world.screenshot(page, "binary");
});

test("two files are compared, and one of them can be edited there", async () => {
  world.write({ "old.txt": "same\nold\n", "new.txt": "same\nnew\n" });
  await world.icpy(["diff", "old.txt", "new.txt"]);
  await page.getByRole("textbox", { name: "old.txt" }).waitFor();
  await page.getByRole("textbox", { name: "new.txt" }).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("more\n");
  await page.getByRole("tab", { name: "new.txt, not saved" }).waitFor();
  await world.screenshot(page, "compare");
  await page.keyboard.press("Control+s");
  await until(() => world.read("new.txt") === "same\nnew\nmore\n", "it is saved");
});

test("a program that waits for a file is told that it is done, or that it is not", async () => {
  for (const [button, status] of [
    ["Done", 0],
    ["Discard", 1],
  ] as const) {
    world.write({ "message.txt": "old\n" });
    const ended = world.icpy(["--wait", "message.txt"]).then(
      () => 0,
      ({ code }) => code,
    );
    await editor(page, "message.txt").waitFor();
    await page.getByText(/waits until you are done with message.txt/).waitFor();
    await editor(page, "message.txt").press("Control+Home");
    await page.keyboard.type("new ");
    await shows(page, "message.txt", "new old");
    await world.screenshot(page, "waiting");
    await page.getByRole("button", { name: button, exact: true }).click();
    expect(await ended).toBe(status);
    expect(world.read("message.txt")).toBe(button === "Done" ? "new old\n" : "old\n");
  }
});

test("a file that is too large to be edited is read in pieces, wherever one looks", async () => {
  const line = (index: number) => `line ${index} ${"x".repeat(80)}\n`;
  const file = createWriteStream(world.path("large.txt"));
  for (let part = 0; part < 12; part++) {
    file.write(Array.from({ length: 10_000 }, (_, index) => line(part * 10_000 + index)).join(""));
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
  await open(world, page, "large.txt");
  await page.getByText("it is too large to be edited here").waitFor();
  await page.getByText("line 0 x").waitFor();
  await page.getByRole("textbox", { name: "large.txt, read-only" }).click();
  await page.keyboard.press("Control+End");
  await page.getByRole("slider", { name: "Place in the file" }).focus();
  await page.keyboard.press("End");
  await page.getByText("line 119999 x").waitFor();
  await world.screenshot(page, "large");
  await page.keyboard.press("Home");
  await page.getByText("line 0 x").waitFor();
});
