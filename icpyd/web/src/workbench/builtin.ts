// The commands of the workbench itself.

import type { SidebarView } from "./layout.svelte.ts";
import type { Workbench } from "./workbench.svelte.ts";
import { workspaceCommands } from "./workspace_commands.ts";

/** Registers them. Returns how to take them away. */
export function registerCommands(workbench: Workbench): () => void {
  const { commands, layout, palette, typeAhead } = workbench;
  const showView = (view: SidebarView) => () => {
    typeAhead.turnAway();
    layout.showView(view);
  };
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
      id: "file.new",
      title: "New Text File",
      category: "File",
      keys: ["Mod+Alt+N", "Mod+N"],
      needsWorkspace: true,
      run: () => workbench.createUntitled(),
    },
    {
      id: "view.toggle_sidebar",
      title: "Toggle Sidebar",
      category: "View",
      keys: ["Mod+B"],
      needsWorkspace: true,
      run: () => layout.setSidebar({ isOpen: !layout.sidebar.isOpen }),
    },
    {
      id: "view.explorer",
      title: "Explorer",
      category: "View",
      keys: ["Mod+Shift+E"],
      isGlobal: true,
      needsWorkspace: true,
      run: showView("explorer"),
    },
    {
      id: "view.search",
      title: "Search",
      category: "View",
      keys: ["Mod+Shift+F"],
      isGlobal: true,
      needsWorkspace: true,
      run: showView("search"),
    },
    {
      id: "view.people",
      title: "People",
      category: "View",
      needsWorkspace: true,
      run: showView("people"),
    },
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
