// What can be done with files, as commands, and the menus that offer it.

import { pathOf } from "../protocol.ts";
import type { Command } from "../workbench/commands.svelte.ts";
import type { MenuItem } from "../workbench/menus.svelte.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { copyText } from "./clipboard.ts";
import { chosen, type Incoming } from "./dropped.ts";
import { type Explorer, explorerOf } from "./explorer.svelte.ts";
import { outermost, parentOf, shownName, shownPath } from "./paths.ts";

/** What is done with what is selected. */
type WithPaths = (paths: string[]) => unknown;

/** Registers them. Returns how to take them away. */
export function registerExplorer(workbench: Workbench): () => void {
  const explorer = explorerOf(workbench);
  return workbench.commands.register(...making(explorer), ...changing(explorer), ...using(explorer), ...viewing(explorer));
}

/** A command of the explorer. */
function command(id: string, title: string, run: Command["run"], more: Partial<Command> = {}): Command {
  return { id: `explorer.${id}`, title, category: "Explorer", run, ...more };
}

/** One that is about what is selected. */
function about(explorer: Explorer, id: string, title: string, run: WithPaths): Command {
  return command(id, title, () => run(explorer.meant), { isEnabled: () => explorer.meant.length > 0 });
}

/** One that changes what is selected. */
function change(explorer: Explorer, id: string, title: string, run: WithPaths): Command {
  return command(id, title, () => run(explorer.changeable), { isEnabled: () => explorer.changeable.length > 0 });
}

function making(explorer: Explorer): Command[] {
  const { layout } = explorer.workbench;
  const begin = (kind: "file" | "folder") => () => {
    if (layout.sidebar.view !== "explorer" || !layout.sidebar.isOpen) layout.setSidebar({ view: "explorer", isOpen: true });
    explorer.start();
    explorer.beginNew(kind);
  };
  return [
    command("new_file", "New File...", begin("file")),
    command("new_folder", "New Folder...", begin("folder")),
    command("upload", "Upload Files...", () => choose(explorer, false)),
    command("upload_folder", "Upload Folder...", () => choose(explorer, true)),
  ];
}

function changing(explorer: Explorer): Command[] {
  const { operations } = explorer;
  return [
    change(explorer, "rename", "Rename...", () => explorer.beginRename()),
    change(explorer, "delete", "Delete", async (paths) => {
      selectBeside(explorer, paths);
      await operations.trash(paths);
    }),
    change(explorer, "delete_for_good", "Delete for Good...", (paths) => operations.deleteForGood(paths)),
    change(explorer, "duplicate", "Duplicate", async (paths) => show(explorer, await operations.duplicate(paths))),
    about(explorer, "copy", "Copy", (paths) => {
      explorer.clipboard = { paths, isCut: false };
    }),
    change(explorer, "cut", "Cut", (paths) => {
      explorer.clipboard = { paths, isCut: true };
    }),
    command("paste", "Paste", () => paste(explorer), { isEnabled: () => explorer.clipboard !== null }),
    {
      id: "file.undo_operation",
      title: "Undo the Last Change of Files",
      category: "File",
      run: () => operations.undo(),
    },
  ];
}

function using(explorer: Explorer): Command[] {
  const { workbench } = explorer;
  return [
    about(explorer, "open", "Open", (paths) => open(explorer, paths)),
    about(explorer, "copy_path", "Copy Path", (paths) => copyText(paths.map(shownPath).join("\n"))),
    about(explorer, "copy_relative_path", "Copy Relative Path", (paths) =>
      copyText(paths.map((path) => explorer.relative(path)).join("\n")),
    ),
    about(explorer, "download", "Download", (paths) => download(explorer, paths)),
    command("open_in_terminal", "Open in Terminal", () => {
      const cwd = explorer.targetFolder;
      return cwd === null ? null : workbench.commands.run("terminal.new", { cwd: pathOf(cwd) });
    }),
  ];
}

function viewing(explorer: Explorer): Command[] {
  const toggle = () => {
    explorer.hidesIgnored = !explorer.hidesIgnored;
  };
  return [
    command("refresh", "Refresh", () => explorer.folders.refresh()),
    command("collapse_all", "Collapse All Folders", () => explorer.collapseAll()),
    command("toggle_ignored", "Show or Hide Ignored Files", toggle),
  ];
}

/** The menu of what is selected, or of the folder at the top. */
export function menuOf(explorer: Explorer): MenuItem[][] {
  const entry = explorer.entryAt(explorer.active);
  const isRoot = !entry || explorer.roots.some((root) => root.path === entry.path);
  const isOne = explorer.meant.length === 1;
  const make = [item(explorer, "new_file"), item(explorer, "new_folder")];
  const get = [item(explorer, "upload"), item(explorer, "upload_folder")];
  const paths = [item(explorer, "copy_path", "Alt+Shift+C"), item(explorer, "copy_relative_path")];
  const terminal = [item(explorer, "open_in_terminal")];
  const paste = item(explorer, "paste", "Mod+V");
  if (isRoot) return [make, [...get, ...terminal], [paste], entry ? paths : [], more(explorer)];
  const first = entry.isFolder ? make : [item(explorer, "open", "Enter")];
  const edit = [item(explorer, "cut", "Mod+X"), item(explorer, "copy", "Mod+C"), paste, item(explorer, "duplicate")];
  const changes = [
    { ...item(explorer, "rename", "F2"), isDisabled: !isOne },
    item(explorer, "delete", "Delete"),
    item(explorer, "delete_for_good", "Shift+Delete"),
  ];
  return [first, [...(entry.isFolder ? get : []), item(explorer, "download"), ...terminal], edit, paths, changes];
}

/** The menu of the explorer itself. */
export function more(explorer: Explorer): MenuItem[] {
  const ignored: MenuItem = {
    title: "Ignored Files",
    isChecked: !explorer.hidesIgnored,
    run: () => explorer.workbench.commands.run("explorer.toggle_ignored"),
  };
  const undo: MenuItem = {
    title: "Undo the Last Change of Files",
    run: () => explorer.workbench.commands.run("file.undo_operation"),
  };
  return [item(explorer, "refresh"), item(explorer, "collapse_all"), ignored, undo];
}

function item(explorer: Explorer, id: string, keys?: string): MenuItem {
  const { commands } = explorer.workbench;
  const found = commands.get(`explorer.${id}`);
  const isDisabled = found?.isEnabled ? !found.isEnabled() : false;
  return { title: found?.title ?? id, keys, isDisabled, run: () => commands.run(`explorer.${id}`) };
}

/** Puts things into a folder, and selects them there. */
export async function put(explorer: Explorer, paths: string[], folder: string, isCopy: boolean): Promise<void> {
  try {
    show(explorer, await explorer.operations.put(paths, folder, isCopy));
  } catch (error) {
    explorer.workbench.notices.failure(isCopy ? "Copy" : "Move", error);
  }
}

async function paste(explorer: Explorer): Promise<void> {
  const { clipboard, targetFolder } = explorer;
  if (!clipboard || targetFolder === null) return;
  // What is copied with a folder selected goes beside that folder, and not into it.
  const isItself = clipboard.paths.length === 1 && clipboard.paths[0] === targetFolder;
  const folder = isItself ? (parentOf(targetFolder) ?? targetFolder) : targetFolder;
  if (clipboard.isCut) explorer.clipboard = null;
  await put(explorer, clipboard.paths, folder, !clipboard.isCut);
}

function show(explorer: Explorer, paths: string[]): void {
  const [first] = paths;
  if (first === undefined) return;
  explorer.reveal(first);
  explorer.selected = new Set(paths);
}

async function open(explorer: Explorer, paths: string[]): Promise<void> {
  const entries = paths.map((path) => explorer.entryAt(path)).filter((entry) => entry !== null);
  const [first] = entries;
  if (entries.length === 1 && first?.isFolder) return explorer.setOpen(first.path, !explorer.isOpen(first));
  for (const entry of entries.filter((it) => !it.isFolder)) await openFile(explorer, entry.path);
}

/** Opens a file; one that is no file tells so. */
export async function openFile(explorer: Explorer, path: string, takesFocus = true): Promise<void> {
  const entry = explorer.entryAt(path);
  if (entry?.isBroken) throw new Error(`the link ${entry.name} leads nowhere: its target ${entry.linkTarget} is not there`);
  if (entry?.kind === "other") throw new Error(`${entry.name} is a pipe, a socket or a device, and no file`);
  await explorer.workbench.openFile(path, null, takesFocus);
}

/** When what is selected goes, what is below it is selected, or what is above. */
function selectBeside(explorer: Explorer, paths: string[]): void {
  const gone = new Set(outermost(paths));
  const { rows } = explorer;
  const at = explorer.indexOf(explorer.active);
  const isLeft = (path: string): boolean => {
    for (let it: string | null = path; it !== null; it = parentOf(it)) if (gone.has(it)) return false;
    return true;
  };
  const after = rows.slice(at + 1).find((row) => row.kind === "entry" && isLeft(row.key));
  const before = rows.slice(0, Math.max(0, at)).findLast((row) => row.kind === "entry" && isLeft(row.key));
  const next = after ?? before;
  if (next) explorer.select(next.key);
}

function download(explorer: Explorer, paths: string[]): void {
  const folder = paths.find((path) => explorer.entryAt(path)?.isFolder);
  if (folder !== undefined) {
    const name = shownName(folder);
    const text = `The folder ${name} cannot be downloaded as it is. Pack it in a terminal first: tar czf ${name}.tar.gz ${name}`;
    explorer.workbench.notices.info(text, [
      { title: "Copy Command", run: () => copyText(text.slice(text.indexOf(": ") + 2)) },
    ]);
    return;
  }
  for (const path of paths) {
    const named = pathOf(path);
    const text = typeof named === "string" ? named : JSON.stringify(named);
    const link = document.createElement("a");
    link.href = `/api/v1/fs/content?path=${encodeURIComponent(text)}`;
    link.download = shownName(path);
    document.body.append(link);
    link.click();
    link.remove();
  }
}

/** Asks for files to be uploaded. */
function choose(explorer: Explorer, isFolder: boolean): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = isFolder;
  input.onchange = () => {
    const folder = explorer.targetFolder;
    if (input.files && folder !== null) void upload(explorer, folder, chosen(input.files));
  };
  input.click();
}

/** Uploads things into a folder, and selects them there. */
export async function upload(explorer: Explorer, folder: string, incoming: Incoming[]): Promise<void> {
  try {
    const done = await explorer.uploads.add(folder, incoming);
    const [first] = done;
    if (first !== undefined) explorer.reveal(first);
  } catch (error) {
    explorer.workbench.notices.failure("Upload", error);
  }
}
