// A terminal's colours, from the page's theme.

import type { ITheme } from "@xterm/xterm";

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** The colours as they are now. */
export function terminalTheme(element: Element): ITheme {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const theme: ITheme = {
    background: color("ground"),
    foreground: color("text"),
    cursor: color("text"),
    cursorAccent: color("ground"),
    selectionBackground: color("selection"),
    selectionInactiveBackground: color("selection"),
    scrollbarSliderBackground: `${color("line-strong")}66`,
    scrollbarSliderHoverBackground: `${color("line-strong")}99`,
    scrollbarSliderActiveBackground: `${color("line-strong")}cc`,
    overviewRulerBorder: "transparent",
  };
  for (const name of NAMES) {
    const bright = `bright${name.charAt(0).toUpperCase()}${name.slice(1)}` as const;
    Object.assign(theme, { [name]: color(`terminal-${name}`), [bright]: color(`terminal-bright-${name}`) });
  }
  return theme;
}

/** The colours of what a search finds. */
export function matchColors(element: Element): { match: string; active: string; border: string } {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return { match: color("match"), active: color("selection"), border: color("accent") };
}

/** Calls a listener whenever the page's theme is another one. Returns how to end that. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}
