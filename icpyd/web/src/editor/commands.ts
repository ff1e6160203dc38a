// The commands of the editors.

import { foldAll, unfoldAll } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import { folderOf, nameOf, pathText, relativeTo } from "../protocol.ts";
import type { Command } from "../workbench/commands.svelte.ts";
import { nameOfPresent } from "../workbench/people.ts";
import type { WorkspaceFile } from "../workbench/workspaces.svelte.ts";
import { choosingCommands } from "./choosing.ts";
import type { Editors } from "./editors.svelte.ts";
import { openFind } from "./find_panel.ts";
import type { Following } from "./following.svelte.ts";
import type { Saving } from "./saving.ts";

/** What commands are about, with an argument: the file of a tab, in its group. */
export interface TabOf {
  groupId: string;
  file: WorkspaceFile;
}

/** Registers them. Returns how to take them away. */
export function registerEditorCommands(editors: Editors, saving: Saving, following: Following): () => void {
  const all = [
    ...fileCommands(editors, saving),
    ...tabCommands(editors, saving),
    ...textCommands(editors),
    ...choosingCommands(editors),
  ];
  return editors.workbench.commands.register(...all, ...groupCommands(editors), ...followCommands(editors, following));
}

function followCommands(editors: Editors, following: Following): Command[] {
  const { presence, dialogs } = editors.workbench;
  return [
    {
      id: "presence.follow",
      title: "Follow",
      category: "People",
      isHidden: true,
      run: (sessionId) => (sessionId ? following.follow(String(sessionId)) : following.end()),
    },
    {
      id: "presence.follow_someone",
      title: "Follow Someone...",
      category: "People",
      isEnabled: () => presence.others.some(({ path }) => path),
      run: async () => {
        const text = "What they look at is shown here, until you press a key.";
        const choices = presence.others.flatMap((person) => {
          if (!person.path) return [];
          return [{ title: `${nameOfPresent(person)}, in ${nameOf(pathText(person.path))}`, value: person.sessionId }];
        });
        const sessionId = await dialogs.choose("Follow someone", text, choices);
        if (sessionId) following.follow(sessionId);
      },
    },
  ];
}

function fileCommands(editors: Editors, saving: Saving): Command[] {
  const { workbench } = editors;
  const isEnabled = () => editors.file !== null;
  const fileOf = (argument: unknown) => (argument as TabOf | undefined)?.file ?? editors.file;
  const withFile = (run: (file: WorkspaceFile) => unknown) => (argument: unknown) => {
    const file = fileOf(argument);
    return file ? run(file) : undefined;
  };
  return [
    {
      id: "file.save",
      title: "Save",
      category: "File",
      keys: ["Mod+S"],
      isEnabled,
      run: withFile((file) => saving.save(file)),
    },
    {
      id: "file.save_as",
      title: "Save As...",
      category: "File",
      keys: ["Mod+Shift+S"],
      isEnabled,
      run: withFile((file) => saving.saveAs(file)),
    },
    { id: "file.save_all", title: "Save All", category: "File", keys: ["Mod+Alt+S"], run: () => saving.saveAll() },
    {
      id: "file.revert",
      title: "Revert to What Is on Disk",
      category: "File",
      isEnabled,
      run: withFile(({ fileId }) => workbench.connection.call("file:revert", { fileId })),
    },
    {
      id: "file.copy_path",
      title: "Copy Path",
      category: "File",
      keys: ["Shift+Alt+C"],
      isEnabled,
      run: withFile(({ path }) => navigator.clipboard.writeText(path)),
    },
    {
      id: "file.copy_relative_path",
      title: "Copy Relative Path",
      category: "File",
      isEnabled,
      run: withFile(({ path }) => {
        return navigator.clipboard.writeText(relativeTo(pathText(workbench.workspaces.current?.root ?? ""), path));
      }),
    },
  ];
}

function tabCommands(editors: Editors, saving: Saving): Command[] {
  const isEnabled = () => editors.file !== null;
  const tabOf = (argument: unknown): TabOf | null => {
    if (argument) return argument as TabOf;
    return editors.file && { groupId: editors.active.id, file: editors.file };
  };
  const close = (which: (files: WorkspaceFile[], file: WorkspaceFile) => WorkspaceFile[]) => async (argument: unknown) => {
    const tab = tabOf(argument);
    const group = editors.groups.find(({ id }) => id === tab?.groupId);
    if (!tab || !group) return;
    const files = group.files.flatMap((id) => editors.fileOf(id) ?? []);
    for (const file of which(files, tab.file)) if (!(await saving.close(group.id, file))) return;
  };
  const next = (step: number) => () => {
    const { files, id } = editors.active;
    const at = files.indexOf(editors.file?.fileId ?? "");
    const fileId = files.at((at + step) % files.length);
    if (!fileId) return;
    editors.front(id, fileId);
    editors.focus();
  };
  const category = "View";
  return [
    {
      id: "tab.close",
      title: "Close Editor",
      category,
      keys: ["Alt+W", "Mod+W"],
      isEnabled,
      run: close((_, file) => [file]),
    },
    {
      id: "tab.close_others",
      title: "Close Other Editors",
      category,
      isEnabled,
      run: close((files, file) => files.filter((it) => it !== file)),
    },
    {
      id: "tab.close_right",
      title: "Close Editors to the Right",
      category,
      isEnabled,
      run: close((files, file) => files.slice(files.indexOf(file) + 1)),
    },
    {
      id: "tab.close_saved",
      title: "Close Saved Editors",
      category,
      isEnabled,
      run: close((files) => files.filter((file) => !editors.documents.isDirty(file))),
    },
    { id: "tab.close_all", title: "Close All Editors", category, isEnabled, run: close((files) => files) },
    {
      id: "tab.reopen",
      title: "Reopen Closed Editor",
      category,
      keys: ["Alt+Shift+W", "Mod+Shift+T"],
      run: async () => {
        const path = editors.takeClosed();
        if (path) await editors.workbench.openFile(path);
      },
    },
    { id: "tab.next", title: "Next Editor", category, keys: ["Mod+PageDown", "Alt+PageDown"], isEnabled, run: next(1) },
    { id: "tab.previous", title: "Previous Editor", category, keys: ["Mod+PageUp", "Alt+PageUp"], isEnabled, run: next(-1) },
  ];
}

function groupCommands(editors: Editors): Command[] {
  const isEnabled = () => editors.file !== null;
  const focus = (index: number) => () => {
    const group = editors.groups[index];
    if (!group) return;
    editors.activate(group.id);
    editors.focus();
  };
  const tabOf = (argument: unknown): TabOf | null => {
    if (argument) return argument as TabOf;
    return editors.file && { groupId: editors.active.id, file: editors.file };
  };
  const move = (step: number) => (argument: unknown) => {
    const tab = tabOf(argument);
    const at = editors.groups.findIndex(({ id }) => id === tab?.groupId);
    const to = editors.groups[at + step];
    if (tab && to) editors.move(tab.groupId, to.id, tab.file.fileId);
    else if (tab && step > 0 && (editors.groups[at]?.files.length ?? 0) > 1) {
      editors.split(tab.groupId, tab.file.fileId);
      editors.remove(tab.groupId, tab.file.fileId);
    }
  };
  const category = "View";
  return [
    {
      id: "group.split",
      title: "Split Editor Right",
      category,
      keys: ["Mod+\\"],
      isEnabled,
      run: (argument) => {
        const tab = tabOf(argument);
        if (tab) editors.split(tab.groupId, tab.file.fileId);
      },
    },
    {
      id: "group.move_right",
      title: "Move Editor into Next Group",
      category,
      keys: ["Mod+Alt+Right"],
      isEnabled,
      run: move(1),
    },
    {
      id: "group.move_left",
      title: "Move Editor into Previous Group",
      category,
      keys: ["Mod+Alt+Left"],
      isEnabled,
      run: move(-1),
    },
    ...[1, 2, 3].map((number) => ({
      id: `group.focus_${number}`,
      title: `Focus Editor Group ${number}`,
      category,
      keys: [`Mod+${number}`],
      isEnabled: () => editors.groups.length >= number,
      run: focus(number - 1),
    })),
  ];
}

function textCommands(editors: Editors): Command[] {
  const isEnabled = () => editors.view !== null;
  const withView = (run: (view: EditorView) => unknown) => () => {
    const view = editors.view?.view;
    return view ? run(view) : undefined;
  };
  const category = "Edit";
  const { preferences } = editors.workbench;
  return [
    { id: "editor.undo", title: "Undo", category, isEnabled, run: () => editors.view?.undo() },
    { id: "editor.redo", title: "Redo", category, isEnabled, run: () => editors.view?.redo() },
    {
      id: "editor.find",
      title: "Find",
      category,
      keys: ["Mod+F"],
      isEnabled,
      run: withView((view) => openFind(view, false)),
    },
    {
      id: "editor.replace",
      title: "Replace",
      category,
      keys: ["Mod+H"],
      isEnabled,
      run: withView((view) => openFind(view, true)),
    },
    {
      id: "editor.word_wrap",
      title: "Toggle Word Wrap",
      category: "View",
      keys: ["Alt+Z"],
      run: () => preferences.set("editor.wordWrap", preferences.get("editor.wordWrap", "off") === "off" ? "on" : "off"),
    },
    { id: "editor.fold_all", title: "Fold All", category, keys: ["Mod+K Mod+0"], isEnabled, run: withView(foldAll) },
    { id: "editor.unfold_all", title: "Unfold All", category, keys: ["Mod+K Mod+J"], isEnabled, run: withView(unfoldAll) },
  ];
}

/** Where a file is, as people read it. */
export function placeOf(editors: Editors, file: WorkspaceFile): string {
  const root = pathText(editors.workbench.workspaces.current?.root ?? "/");
  if (file.path.startsWith("untitled:")) return "";
  const folder = folderOf(file.path);
  return folder === root ? nameOf(root) : relativeTo(root, folder);
}
