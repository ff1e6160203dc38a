// The pictures in the README: a small project, worked on by two people, in the themes and on a phone.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { editor, open, readyWindow } from "./editing.ts";
import { World } from "./harness.ts";
import { newTerminal, shows, typeLine } from "./terminals.ts";

const SERVER = `"""Serves the notes of a folder over HTTP."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Note:
    name: str
    text: str

    @property
    def title(self) -> str:
        first, _, _ = self.text.partition("\\n")
        return first.removeprefix("# ") or self.name


def read_notes(folder: Path) -> list[Note]:
    """All notes of a folder, the newest first."""
    files = sorted(folder.glob("*.md"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [Note(file.stem, file.read_text()) for file in files]


def find_notes(notes: list[Note], query: str) -> list[Note]:
    words = query.casefold().split()
    return [note for note in notes if all(word in note.text.casefold() for word in words)]
`;
const TEST = `from pathlib import Path

from notes.server import find_notes, read_notes


def test_notes_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Bread\\nflour, water, salt\\n")
    notes = read_notes(tmp_path)
    assert [note.title for note in find_notes(notes, "salt")] == ["Bread"]
    assert find_notes(notes, "sugar") == []
`;

let world: World;
beforeAll(async () => {
  world = await World.start({
    "notes/__init__.py": "",
    "notes/server.py": SERVER,
    "tests/test_server.py": TEST,
    "docs/bread.md": "# Bread\nflour, water, salt\n",
    "README.md": "# Notes\n\nServes the notes of a folder.\n",
    "pyproject.toml": '[project]\nname = "notes"\nversion = "1.0"\n',
  });
  writeFileSync(join(world.home, ".bashrc"), "PS1='\\[\\e[32m\\]\\W\\[\\e[0m\\]\\$ '\n");
});
afterAll(() => world.end());

test("an editor, a terminal and somebody else", async () => {
  const page = await readyWindow(world, { viewport: { width: 1280, height: 800 } });
  const other = await readyWindow(world);
  await page.getByRole("button", { name: /^People/ }).click();
  await open(world, page, "README.md", "tests/test_server.py", "notes/server.py:20:5");
  await other.getByLabel("You are called").fill("Ada");
  await other.getByLabel("You are called").press("Tab");
  await editor(other, "server.py").press("Control+End");
  for (let line = 0; line < 3; line++) await other.keyboard.press("ArrowUp");
  await other.keyboard.press("Shift+Home");
  await page.getByText("Ada").first().waitFor();
  await page.getByRole("button", { name: "Explorer", exact: true }).click();
  await newTerminal(page);
  await typeLine(page, "clear; python3 -c 'from notes.server import *; print(read_notes(Path(\"docs\")))'");
  await shows(page, "Note(name=");
  await page.locator(".cm-person-name").first().waitFor({ state: "attached" });
  await world.screenshot(page, "readme_light");
  await other.emulateMedia({ colorScheme: "dark" });
  await editor(other, "server.py").click();
  await world.screenshot(other, "readme_dark");
});

test("what is searched and replaced", async () => {
  const page = await readyWindow(world, { viewport: { width: 1280, height: 800 } });
  await page.keyboard.press("Control+Shift+h");
  await page.getByRole("textbox", { name: "Search", exact: true }).fill("notes");
  await page.getByRole("textbox", { name: "Replace", exact: true }).fill("pages");
  await page.getByText(/results in \d+ files/).waitFor();
  await world.screenshot(page, "readme_search");
});

test("a phone", async () => {
  const page = await readyWindow(world, { viewport: { width: 390, height: 780 }, colorScheme: "dark" });
  await editor(page, "server.py").waitFor();
  await world.screenshot(page, "readme_phone");
});
