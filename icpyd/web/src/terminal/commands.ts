// The commands of terminals.

import { EditorView } from "@codemirror/view";
import type { TerminalInfo } from "$protocol";
import type { Command } from "../workbench/commands.svelte.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { moved, type Place, placed } from "./groups.ts";
import type { Terminals } from "./terminals.svelte.ts";
import { clipboardText, copy } from "./views.ts";

const CATEGORY = "Terminal";

/** Registers them. Returns how to take them away. */
export function registerTerminalCommands(workbench: Workbench): () => void {
  const all = [...making(workbench), ...moving(workbench), ...inOne(workbench), ...layout(workbench)];
  const isEnabled = () => workbench.workspaces.current !== null;
  return workbench.commands.register(...all.map((command) => ({ isEnabled, ...command, category: CATEGORY })));
}

type Own = Omit<Command, "category">;

/** The terminal that a command is about: that of its argument, or the one in front. */
function meant(terminals: Terminals, argument: unknown): TerminalInfo | null {
  const id = (argument as { terminalId?: string } | undefined)?.terminalId;
  return id ? terminals.infoOf(id) : terminals.active;
}

function making(workbench: Workbench): Own[] {
  const { terminals } = workbench;
  const hasOne = () => terminals.active !== null;
  return [
    {
      id: "terminal.new",
      title: "New Terminal",
      keys: ["Mod+Shift+`", "Mod+Shift+~"],
      isGlobal: true,
      needsWorkspace: true,
      run: (argument) => {
        const { cwd = null, profile } = (argument ?? {}) as { cwd?: string; profile?: string };
        return terminals.create({ cwd, profile: profile ?? null }, { kind: "new_group", before: null });
      },
    },
    {
      id: "terminal.split",
      title: "Split Terminal",
      keys: ["Mod+Shift+5"],
      isGlobal: true,
      needsWorkspace: true,
      run: (argument) => {
        const one = meant(terminals, argument);
        const place: Place = one ? { kind: "beside", terminal: one.terminalId } : { kind: "new_group", before: null };
        return terminals.create({ cwd: one?.cwd ?? null, profile: one?.profile ?? null }, place);
      },
    },
    {
      id: "terminal.restart",
      title: "Restart Terminal",
      isEnabled: hasOne,
      run: async (argument) => {
        const one = meant(terminals, argument);
        if (one && (await mayEnd(workbench, one, "Restart"))) await terminals.restart(one.terminalId);
      },
    },
    {
      id: "terminal.close",
      title: "Close Terminal",
      isEnabled: hasOne,
      run: async (argument) => {
        const one = meant(terminals, argument);
        if (one && (await mayEnd(workbench, one, "Close"))) await terminals.close(one.terminalId);
      },
    },
    {
      id: "terminal.rename",
      title: "Rename Terminal",
      isEnabled: hasOne,
      run: async (argument) => {
        const one = meant(terminals, argument);
        if (!one) return;
        const check = (text: string) => (text.trim() === "" ? "A terminal needs a name" : null);
        const name = await workbench.dialogs.prompt("Rename terminal", "Name", one.name, check);
        if (name === null) return;
        await workbench.connection.call("terminal:rename", { terminalId: one.terminalId, name: name.trim() });
      },
    },
  ];
}

/** Asks before a program is ended. */
async function mayEnd({ terminals, dialogs }: Workbench, one: TerminalInfo, title: string): Promise<boolean> {
  const { attachment, running } = terminals.statusOf(one.terminalId);
  const isProgram = one.command.length > 1 || !/(?:^|\/)(?:ba|z|fi|da|k|tc|c|pw)?sh$/.test(one.command[0] ?? "");
  if (one.exit || attachment.kind === "ended" || (running === null && !isProgram)) return true;
  const what = running || one.command.join(" ");
  const choices = [{ title, value: true, isDangerous: true }];
  return (await dialogs.choose(`${title} ${one.name}?`, `\`${what}\` runs in it, and would be ended.`, choices)) === true;
}

function moving({ terminals }: Workbench): Own[] {
  const isSeveral = () => terminals.list.length > 1;
  const step = (by: 1 | -1) => {
    const order = terminals.groups.flatMap((group) => group.terminals);
    const at = order.indexOf(terminals.active?.terminalId ?? "");
    const next = order.at((at + by) % order.length);
    if (next) terminals.show(next);
  };
  const move = (by: 1 | -1) => (argument: unknown) => {
    const one = meant(terminals, argument);
    if (one) terminals.groups = moved(terminals.groups, one.terminalId, by);
  };
  return [
    {
      id: "terminal.next",
      title: "Next Terminal",
      keys: ["Alt+Shift+Right"],
      isGlobal: true,
      isEnabled: () => isSeveral() && isInTerminals(),
      run: () => step(1),
    },
    {
      id: "terminal.previous",
      title: "Previous Terminal",
      keys: ["Alt+Shift+Left"],
      isGlobal: true,
      isEnabled: () => isSeveral() && isInTerminals(),
      run: () => step(-1),
    },
    { id: "terminal.move_left", title: "Move Terminal Left", isEnabled: isSeveral, run: move(-1) },
    { id: "terminal.move_right", title: "Move Terminal Right", isEnabled: isSeveral, run: move(1) },
    {
      id: "terminal.unsplit",
      title: "Unsplit Terminal",
      isEnabled: () => (terminals.shownGroup?.terminals.length ?? 0) > 1,
      run: (argument) => {
        const one = meant(terminals, argument);
        if (one) terminals.groups = placed(terminals.groups, one.terminalId, { kind: "new_group", before: null });
      },
    },
  ];
}

function inOne({ terminals, connection, notices }: Workbench): Own[] {
  const hasView = () => terminals.activeView !== undefined;
  const isFocused = () => isInTerminals() && terminals.activeView?.isAlternate === false;
  return [
    {
      id: "terminal.copy",
      title: "Copy Selection",
      isEnabled: () => Boolean(terminals.activeView?.selection),
      run: () => copy(terminals.activeView?.selection ?? ""),
    },
    {
      id: "terminal.paste",
      title: "Paste",
      isEnabled: hasView,
      run: async () => terminals.activeView?.paste(await clipboardText()),
    },
    { id: "terminal.select_all", title: "Select All", isEnabled: hasView, run: () => terminals.activeView?.selectAll() },
    {
      id: "terminal.clear",
      title: "Clear Terminal",
      isEnabled: () => terminals.active !== null,
      run: async (argument) => {
        const one = meant(terminals, argument);
        if (one) await connection.call("terminal:clear", { terminalId: one.terminalId }, { repeat: true });
      },
    },
    {
      id: "terminal.find",
      title: "Find in Terminal",
      isEnabled: hasView,
      run: () => {
        terminals.isFinding = true;
      },
    },
    {
      id: "terminal.run_selection",
      title: "Run Selected Text",
      isEnabled: hasView,
      run: (argument) => {
        const selected = typeof argument === "string" ? argument : selectedText();
        if (selected.trim() === "") return notices.info("Select the text that is to be run first");
        terminals.activeView?.run(selected);
      },
    },
    {
      id: "terminal.scroll_to_previous_command",
      title: "Scroll to Previous Command",
      keys: ["Mod+Up"],
      isGlobal: true,
      isEnabled: isFocused,
      run: () => terminals.activeView?.scrollToCommand(-1),
    },
    {
      id: "terminal.scroll_to_next_command",
      title: "Scroll to Next Command",
      keys: ["Mod+Down"],
      isGlobal: true,
      isEnabled: isFocused,
      run: () => terminals.activeView?.scrollToCommand(1),
    },
  ];
}

function layout({ terminals, layout }: Workbench): Own[] {
  let returnTo: HTMLElement | null = null;
  const focus = async () => {
    returnTo = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const asked = terminals.ask();
    await terminals.known;
    if (!terminals.active) return terminals.create({}, { kind: "new_group", before: null }, asked);
    terminals.is(asked, terminals.active.terminalId);
    terminals.show(terminals.active.terminalId);
  };
  return [
    {
      id: "terminal.toggle",
      title: "Toggle Terminals",
      keys: ["Mod+`"],
      isGlobal: true,
      needsWorkspace: true,
      run: () => {
        if (!layout.panel.isOpen) return focus();
        const hadFocus = isInTerminals();
        layout.setPanel({ isOpen: false });
        if (hadFocus && returnTo?.isConnected) returnTo.focus();
      },
    },
    { id: "terminal.focus", title: "Focus Terminal", needsWorkspace: true, run: focus },
    {
      id: "terminal.maximize",
      title: "Maximize or Restore Panel",
      isEnabled: () => layout.panel.isOpen,
      run: () => layout.setPanel({ isMaximized: !layout.panel.isMaximized }),
    },
    {
      id: "terminal.toggle_screen_reader",
      title: "Toggle Screen Reader Mode",
      run: () => terminals.setScreenReader(!terminals.isScreenReader),
    },
  ];
}

/** What is selected in an editor. */
function selectedText(): string {
  const editors = [...document.querySelectorAll<HTMLElement>(".cm-editor")];
  const states = editors.map((editor) => EditorView.findFromDOM(editor)?.state).filter((state) => state !== undefined);
  const state = states.find(({ selection }) => !selection.main.empty);
  return state ? state.sliceDoc(state.selection.main.from, state.selection.main.to) : "";
}

/** Whether the focus is in a terminal. */
function isInTerminals(): boolean {
  return Boolean(document.activeElement?.closest("[data-terminal]"));
}
