import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const CSS = readFileSync(new URL("../ui/theme.css", import.meta.url), "utf8");
const THEMES = { light: ":root {", dark: ':root[data-theme="dark"]', high_contrast: ':root[data-theme="high_contrast"]' };

function colorsOf(selector: string): Map<string, string> {
  const from = CSS.indexOf(selector);
  const block = CSS.slice(from, CSS.indexOf("}", from));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", color = ""]) => [name, color]));
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

test.each(Object.entries(THEMES))("the colours of terminals can be read on the ground: %s", (theme, selector) => {
  const colors = colorsOf(selector);
  const ground = colors.get("ground") ?? "";
  const own = [...colors].filter(([name]) => name.startsWith("terminal-"));
  expect(own.length).toBe(16);
  // Black is a ground on a dark one; as text the terminal makes it lighter.
  const read = own.filter(([name]) => theme === "light" || name !== "terminal-black");
  const faint = read.filter(([, color]) => contrast(color, ground) < 4.5).map(([name]) => name);
  expect(faint).toEqual([]);
});
