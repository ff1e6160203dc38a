// What can be done with a search, as commands.

import type { Workbench } from "../workbench/workbench.svelte.ts";
import { searchOf } from "./search.svelte.ts";

/** Registers them. Returns how to take them away. */
export function registerSearch(workbench: Workbench): () => void {
  const search = searchOf(workbench);
  const { commands, layout } = workbench;
  const hasResults = () => search.files.length > 0;
  const about = { category: "Search" };
  return commands.register(
    {
      ...about,
      id: "search.replace",
      title: "Replace in Files",
      keys: ["Mod+Shift+H"],
      needsWorkspace: true,
      run: () => {
        if (search.replacement === null) search.setReplacement("");
        workbench.typeAhead.turnAway();
        layout.showView("search");
      },
    },
    {
      ...about,
      id: "search.next_result",
      title: "Next Result",
      keys: ["F4"],
      isEnabled: hasResults,
      run: () => search.go(1),
    },
    {
      ...about,
      id: "search.previous_result",
      title: "Previous Result",
      keys: ["Shift+F4"],
      isEnabled: hasResults,
      run: () => search.go(-1),
    },
    { ...about, id: "search.refresh", title: "Search Again", run: () => search.search() },
    {
      ...about,
      id: "search.cancel",
      title: "Cancel Search",
      isEnabled: () => search.state === "running",
      run: () => search.cancel(),
    },
    { ...about, id: "search.clear", title: "Clear Results", isEnabled: hasResults, run: () => search.change({ text: "" }) },
    {
      ...about,
      id: "search.collapse_all",
      title: "Collapse or Expand All Results",
      isEnabled: hasResults,
      run: () => search.collapseAll(!search.isAllCollapsed),
    },
  );
}
