// The commands of the workbench itself.

import type { Workbench } from "./workbench.svelte.ts";
import { workspaceCommands } from "./workspace_commands.ts";

/** Registers them. Returns how to take them away. */
export function registerCommands(workbench: Workbench): () => void {
  const { commands, layout, palette } = workbench;
  return commands.register(
    {
      id: "palette.commands",
      title: "Show All Commands",
      category: "Palette",
      keys: ["Mod+Shift+P", "F1"],
      isGlobal: true,
      run: () => palette.open(">"),
    },
    {
      id: "palette.files",
      title: "Go to File...",
      category: "Palette",
      keys: ["Mod+P"],
      isGlobal: true,
      run: () => palette.open(),
    },
    { id: "palette.line", title: "Go to Line...", category: "Palette", keys: ["Mod+G"], run: () => palette.open(":") },
    ...workspaceCommands(workbench),
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
    {
      id: "view.settings",
      title: "Settings",
      category: "View",
      isGlobal: true,
      keys: ["Mod+,"],
      run: () => {
        workbench.isSettingsOpen = true;
      },
    },
  );
}
