// The commands of the workbench itself.

import type { Workbench } from "./workbench.svelte.ts";

/** Registers them. Returns how to take them away. */
export function registerCommands(workbench: Workbench): () => void {
  const { commands, layout } = workbench;
  return commands.register(
    {
      id: "view.toggle_sidebar",
      title: "Toggle Sidebar",
      category: "View",
      keys: ["Mod+B"],
      run: () => layout.setSidebar({ isOpen: !layout.sidebar.isOpen }),
    },
    {
      id: "view.explorer",
      title: "Explorer",
      category: "View",
      keys: ["Mod+Shift+E"],
      isGlobal: true,
      run: () => layout.showView("explorer"),
    },
    {
      id: "view.search",
      title: "Search",
      category: "View",
      keys: ["Mod+Shift+F"],
      isGlobal: true,
      run: () => layout.showView("search"),
    },
    { id: "view.people", title: "People", category: "View", run: () => layout.showView("people") },
    { id: "view.settings", title: "Settings", category: "View", keys: ["Mod+,"], run: () => layout.showView("settings") },
  );
}
