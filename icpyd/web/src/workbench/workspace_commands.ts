// Commands about workspaces: which one is shown, and which there are.

import type { WorkspaceInfo } from "$protocol";
import { rank } from "../palette/fuzzy.ts";
import type { PaletteItem } from "../palette/palette.svelte.ts";
import { folderOf, nameOf, pathOf, pathText } from "../protocol.ts";
import type { Command } from "./commands.svelte.ts";
import type { Workbench } from "./workbench.svelte.ts";

const FOLDERS_MAX = 200;

/** All of them. */
export function workspaceCommands(workbench: Workbench): Command[] {
  const { workspaces, connection, dialogs } = workbench;
  const category = "Workspace";
  const isEnabled = () => workspaces.current !== null;
  return [
    { id: "workspace.switch", title: "Switch...", category, keys: ["Mod+R"], run: () => chooseWorkspace(workbench) },
    {
      id: "workspace.open_folder",
      title: "Open Folder...",
      category,
      keys: ["Mod+K Mod+O"],
      run: () => openFolder(workbench),
    },
    {
      id: "workspace.rename",
      title: "Rename...",
      category,
      isEnabled,
      run: async () => {
        const { name = "", workspaceId } = workspaces.current ?? {};
        const check = (text: string) => (text.trim() ? null : "A name is needed");
        const renamed = await dialogs.prompt("Rename workspace", "Name", name, check);
        if (renamed !== null) await connection.call("workspace:rename", { workspaceId, name: renamed.trim() });
      },
    },
    { id: "workspace.close", title: "Close", category, isEnabled, run: () => closeWorkspace(workbench) },
  ];
}

function itemOf({ workspaceId, name, root, openFiles }: WorkspaceInfo, places: number[], run: () => unknown): PaletteItem {
  const files = openFiles === 1 ? "1 file open" : `${openFiles} files open`;
  return { id: workspaceId, title: name, detail: `${pathText(root)} · ${files}`, places, run };
}

function chooseWorkspace(workbench: Workbench): void {
  const { workspaces, palette } = workbench;
  const other = workspaces.list.filter(({ workspaceId }) => workspaceId !== workspaces.current?.workspaceId);
  const open: PaletteItem = { id: "", title: "Open Folder...", run: () => openFolder(workbench) };
  palette.choose({
    hint: "Workspace to show in this window",
    nothing: "No workspace is called so",
    find: (query) => [
      ...rank(query, other, ({ name }) => name).map(({ item, places }) => itemOf(item, places, () => show(workbench, item))),
      ...(query ? [] : [open]),
    ],
  });
}

/** Shows a workspace, and makes it the one in which files open that belong to none. */
async function show({ workspaces, connection }: Workbench, workspace: WorkspaceInfo): Promise<void> {
  workspaces.show(workspace);
  await connection.call("workspace:activate", { workspaceId: workspace.workspaceId }, { repeat: true });
}

/** Asks for a folder by its path, and shows what is on the way to it. */
export function openFolder(workbench: Workbench, from?: string): void {
  const { palette, workspaces } = workbench;
  const root = workspaces.current ? folderOf(pathText(workspaces.current.root)) : "/";
  const find = (query: string, signal: AbortSignal) => folders(workbench, query, signal);
  palette.choose(
    { hint: "Path of a folder", nothing: "There is no such folder", find },
    from ?? (root === "/" ? root : `${root}/`),
  );
}

async function folders(workbench: Workbench, query: string, signal: AbortSignal): Promise<PaletteItem[]> {
  if (!query.startsWith("/")) return [];
  const folder = query.slice(0, query.lastIndexOf("/")) || "/";
  const beginning = nameOf(query.endsWith("/") ? "" : query).toLowerCase();
  const page = { path: folder, foldersFirst: true, sortBy: "natural" as const, limit: 10_000 };
  const { entries } = await workbench.connection.call("fs:list_directory", page, { signal, repeat: true });
  const below = entries
    .filter(({ kind, isHidden }) => kind === "directory" && (!isHidden || beginning.startsWith(".")))
    .map(({ name }) => pathText(name))
    .filter((name) => name.toLowerCase().startsWith(beginning))
    .slice(0, FOLDERS_MAX)
    .map((name): PaletteItem => {
      const path = `${folder === "/" ? "" : folder}/${name}`;
      return { id: path, title: `${name}/`, run: () => openFolder(workbench, `${path}/`) };
    });
  const here: PaletteItem = { id: "", title: `Open ${folder}`, run: () => load(workbench, folder) };
  return query.endsWith("/") ? [here, ...below] : below;
}

async function load({ connection, workspaces }: Workbench, folder: string): Promise<void> {
  const { workspace } = await connection.call("project:load", { path: pathOf(folder) });
  workspaces.show(workspace);
}

async function closeWorkspace({ connection, workspaces, dialogs }: Workbench): Promise<void> {
  const { workspaceId, name } = workspaces.current ?? {};
  try {
    await connection.call("workspace:close", { workspaceId });
  } catch (error) {
    if ((error as { kind?: string }).kind !== "conflict") throw error;
    const text = `${(error as Error).message}. Closing throws that away.`;
    const discard = await dialogs.choose(`Close ${name}?`, text, [
      { title: "Discard and Close", value: true, isDangerous: true },
    ]);
    if (discard) await connection.call("workspace:close", { workspaceId, discard });
  }
}
