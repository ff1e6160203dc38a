// Colours and motion, as the preferences say, or else the system.

import type { Preferences } from "./preferences.svelte.ts";

const DARK = "(prefers-color-scheme: dark)";
const CONTRAST = "(prefers-contrast: more)";
const REDUCED = "(prefers-reduced-motion: reduce)";

/** Keeps the page's colours as they are preferred. Returns how to end that. */
export function applyAppearance(preferences: Preferences): () => void {
  const theme = preferences.get("workbench.theme", "system");
  const isStill = preferences.get("workbench.reduceMotion", false);
  const queries = [DARK, CONTRAST, REDUCED].map((query) => matchMedia(query));
  const apply = () => {
    const [isDark, isContrast, isReduced] = queries.map((query) => query.matches);
    const ofSystem = isContrast ? "high_contrast" : isDark ? "dark" : "light";
    document.documentElement.dataset.theme = theme === "system" ? ofSystem : theme;
    document.documentElement.dataset.motion = isStill || isReduced ? "reduced" : "full";
  };
  apply();
  for (const query of queries) query.addEventListener("change", apply);
  return () => {
    for (const query of queries) query.removeEventListener("change", apply);
  };
}
