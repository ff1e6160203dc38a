// The terminals of the workspace: which there are, how they do, which stand side by side, and which one is in front here.

import type { TerminalCreateParams, TerminalInfo, TerminalListResult, TerminalSize } from "$protocol";
import type { Asked } from "../workbench/type_ahead.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import type { AttachmentState } from "./attachment.ts";
import { type Group, groupsOf, type Place, placed, removed, replaced } from "./groups.ts";
import { Remembered } from "./remembered.ts";
import type { ViewPreferences } from "./view.ts";
import { Views } from "./views.ts";

/** How a terminal does, as far as this window knows. */
export interface TerminalStatus {
  attachment: AttachmentState;
  title: string;
  /** The folder that its shell tells. */
  cwd: string | null;
  /** The command that its shell runs; empty where it does not tell which. */
  running: string | null;
  /** Whether its bell rang since it was looked at, and when that was last. */
  rangAtMs: number | null;
  hasNews: boolean;
  /** The size of another window that it has. */
  foreignSize: TerminalSize | null;
}

export interface Found {
  index: number;
  count: number;
}

const RECORD = "panel/web/terminals";
const ATTACHING: AttachmentState = { kind: "attaching" };
const UNKNOWN: TerminalStatus = {
  attachment: ATTACHING,
  title: "",
  cwd: null,
  running: null,
  rangAtMs: null,
  hasNews: false,
  foreignSize: null,
};

export class Terminals {
  /** Those that there are, the oldest first, and those that have ended with the daemon while they were shown here. */
  list = $state.raw<TerminalInfo[]>([]);
  isKnown = $state(false);
  #known = Promise.withResolvers<void>();
  /** The one in front. */
  activeId = $state<string | null>(null);
  isFinding = $state(false);
  found = $state.raw<Found>({ index: -1, count: 0 });
  /** What windows without a preference for it have: whether screen readers are told the text. */
  isScreenReader = $state(localStorage.getItem("icpy.terminal.screenReader") === "true");
  readonly views: Views;
  readonly #workbench: Workbench;
  #statuses = $state.raw(new Map<string, TerminalStatus>());
  #remembered = new Remembered(null);
  #workspaceId: string | null = null;
  #end: (() => void) | undefined;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
    this.views = new Views(workbench, this);
  }

  /** Shows those of a workspace from now on. */
  open(workspaceId: string): void {
    this.#end?.();
    const { connection } = this.#workbench;
    this.#workspaceId = workspaceId;
    this.#remembered = new Remembered(workspaceId);
    this.#statuses = new Map(this.#remembered.all().map(([id, known]) => [id, { ...UNKNOWN, ...known }]));
    this.views.keep(new Set());
    [this.list, this.isKnown, this.activeId] = [[], false, this.#remembered.activeId];
    this.#known = Promise.withResolvers();
    this.views.prepare();
    this.#end = connection.follow<TerminalListResult>({
      fetch: () => connection.call("terminal:list", { workspace: workspaceId }),
      apply: ({ terminals }) => this.#apply(terminals),
      events: {
        "terminal:created": (info) => this.#add(info),
        "terminal:renamed": (info) => this.#replace(info),
        "terminal:exited": ({ terminalId, exit }) => {
          const info = this.infoOf(terminalId);
          if (info) this.#replace({ ...info, exit });
          this.change(terminalId, { running: null });
        },
        "terminal:closed": ({ terminalId }) => this.#remove(terminalId),
        "terminal:title_changed": ({ terminalId, title }) => this.change(terminalId, { title }),
        "terminal:cwd_changed": ({ terminalId, cwd }) => this.change(terminalId, { cwd }),
        "terminal:bell": ({ terminalId }) => this.#ring(terminalId),
        "terminal:command_started": ({ terminalId, commandLine }) => this.change(terminalId, { running: commandLine ?? "" }),
        "terminal:command_finished": ({ terminalId }) => this.change(terminalId, { running: null }),
      },
    });
  }

  /** Settles when it is known which there are. */
  get known(): Promise<void> {
    return this.#known.promise;
  }

  /** Which stand side by side. */
  get groups(): Group[] {
    return groupsOf(
      this.#workbench.records.get(RECORD),
      this.list.map(({ terminalId }) => terminalId),
    );
  }

  set groups(groups: Group[]) {
    this.#workbench.records.set(RECORD, { groups });
  }

  /** The group in front. */
  get shownGroup(): Group | null {
    const { groups, activeId } = this;
    return groups.find(({ terminals }) => activeId !== null && terminals.includes(activeId)) ?? groups[0] ?? null;
  }

  /** The terminal in front: where none was chosen, the first. */
  get active(): TerminalInfo | null {
    const { shownGroup, activeId } = this;
    const id = activeId !== null && shownGroup?.terminals.includes(activeId) ? activeId : shownGroup?.terminals[0];
    return id === undefined ? null : this.infoOf(id);
  }

  /** Its view, once there is one. */
  get activeView() {
    return this.active ? this.views.get(this.active.terminalId) : undefined;
  }

  infoOf(id: string): TerminalInfo | null {
    return this.list.find(({ terminalId }) => terminalId === id) ?? null;
  }

  /** What a terminal is called where it has to be told from others. */
  labelOf(id: string): string {
    const name = this.infoOf(id)?.name ?? "";
    const same = this.list.filter((info) => info.name === name);
    const at = same.findIndex(({ terminalId }) => terminalId === id);
    return at > 0 ? `Terminal ${name}, ${at + 1}` : `Terminal ${name}`;
  }

  statusOf(id: string): TerminalStatus {
    return this.#statuses.get(id) ?? UNKNOWN;
  }

  get viewPreferences(): ViewPreferences {
    const { preferences } = this.#workbench;
    const family = preferences.get("terminal.fontFamily", "monospace");
    const own = getComputedStyle(document.documentElement).getPropertyValue("--font-mono");
    return {
      fontSize: preferences.get("terminal.fontSize", 14),
      fontFamily: family === "monospace" ? own : family,
      historyLines: preferences.get("terminal.scrollbackLines", 10_000),
      cursorStyle: preferences.get("terminal.cursorStyle", "block"),
      cursorBlink: preferences.get("terminal.cursorBlink", false),
      copyOnSelect: preferences.get("terminal.copyOnSelect", false),
      isScreenReader: this.isScreenReader,
    };
  }

  /** Takes note of how a terminal does. */
  change(id: string, change: Partial<TerminalStatus>): void {
    const before = this.statusOf(id);
    const status = { ...before, ...change };
    this.#statuses = new Map(this.#statuses).set(id, status);
    if ("cwd" in change || "running" in change) this.#remembered.set(id, { cwd: status.cwd, running: status.running });
  }

  /** Has a terminal in front. */
  activate(id: string): void {
    if (this.statusOf(id).hasNews) this.change(id, { hasNews: false });
    if (this.activeId === id) return;
    this.activeId = id;
    this.#remembered.activeId = id;
    this.isFinding = false;
  }

  /** Has a terminal in front, in the panel, with the focus unless it is not to take it. */
  show(id: string, takesFocus = true): void {
    this.activate(id);
    this.#workbench.layout.setPanel({ isOpen: true });
    if (takesFocus) this.#focus(id);
  }

  /** The terminal that takes the focus when it is shown, and what for. */
  #focusFor: { id: string; asked: Asked } | null = null;

  /** Gives a terminal the focus, now or when it is there. */
  #focus(id: string): void {
    this.#focusFor = { id, asked: this.#workbench.typeAhead.askFor(id) };
    if (this.views.get(id)?.isShown) this.shown(id);
  }

  /** The view of a terminal is on the screen. */
  shown(id: string): void {
    const [view, wish] = [this.views.get(id), this.#focusFor];
    if (!view || wish?.id !== id) return;
    this.#focusFor = null;
    // Who has turned to something else is left there.
    if (wish.asked !== this.#workbench.typeAhead.asked) return;
    view.focus();
    this.#workbench.typeAhead.arrive(id, view);
  }

  /** Something is asked for in a terminal that is not known yet: what is typed from now on is for it. */
  ask(): Asked {
    return this.#workbench.typeAhead.ask();
  }

  /** It is known now which one. */
  is(asked: Asked, id: string): void {
    this.#workbench.typeAhead.is(asked, id);
  }

  tellFound(index: number, count: number): void {
    this.found = { index, count };
  }

  setScreenReader(isScreenReader: boolean): void {
    this.isScreenReader = isScreenReader;
    localStorage.setItem("icpy.terminal.screenReader", String(isScreenReader));
  }

  /** Makes a terminal and shows it. */
  async create(params: TerminalCreateParams, place: Place, asked = this.ask()): Promise<TerminalInfo> {
    const info = await this.#workbench.typeAhead.keepFor(asked, this.#make(params), ({ terminalId }) => terminalId);
    this.#add(info);
    this.groups = placed(this.groups, info.terminalId, place);
    // Who has turned to something else since is left there.
    this.show(info.terminalId, this.#workbench.typeAhead.asked === asked);
    return info;
  }

  async #make(params: TerminalCreateParams): Promise<TerminalInfo> {
    const { connection, preferences } = this.#workbench;
    await this.known;
    const size = this.activeView?.room ?? null;
    const named = preferences.get("terminal.profile", "") || null;
    const profile = params.command || params.shell ? null : (params.profile ?? named);
    const made = { size, workspace: this.#workspaceId, ...params, profile };
    return connection.call("terminal:create", made);
  }

  /** Forgets a terminal, and ends what runs in it. The next one is in front then. */
  async close(id: string): Promise<void> {
    try {
      await this.#workbench.connection.call("terminal:close", { terminalId: id });
    } catch (error) {
      if ((error as { kind?: string }).kind !== "not_found") throw error;
    }
    const { groups } = this;
    this.#remove(id);
    this.groups = removed(groups, id);
  }

  /** Starts the program of a terminal that has ended once more, in its place. */
  async restart(id: string): Promise<void> {
    const info = this.infoOf(id);
    if (!info) return;
    const { command, cwd, profile, name } = info;
    const { groups } = this;
    // A shell is started anew, so that it marks its commands.
    const isShell = command.length === 1;
    const program = profile ? { profile } : isShell ? { shell: command[0] } : { command };
    const made = await this.create({ ...program, cwd, name }, { kind: "new_group", before: null });
    this.groups = replaced(groups, id, made.terminalId);
    this.show(made.terminalId);
    await this.close(id);
  }

  #apply(terminals: TerminalInfo[]): void {
    const known = new Set(terminals.map(({ terminalId }) => terminalId));
    // What has ended with the daemon stays to be read where it was shown.
    const lost = this.list.filter(({ terminalId }) => !known.has(terminalId) && this.views.get(terminalId));
    this.list = [...lost, ...terminals];
    this.isKnown = true;
    this.#known.resolve();
    this.#settle();
  }

  #add(info: TerminalInfo): void {
    if (info.workspaceId !== this.#workspaceId || this.infoOf(info.terminalId)) return;
    this.list = [...this.list, info];
  }

  #replace(info: TerminalInfo): void {
    this.list = this.list.map((it) => (it.terminalId === info.terminalId ? info : it));
  }

  #remove(id: string): void {
    if (!this.infoOf(id)) return;
    this.#workbench.typeAhead.giveUpOn(id);
    const { active, groups, shownGroup } = this;
    if (active?.terminalId === id) {
      const order = groups.flatMap(({ terminals }) => terminals);
      const others = shownGroup?.terminals.filter((it) => it !== id) ?? [];
      const at = order.indexOf(id);
      const next = others.at(-1) ?? order[at + 1] ?? order[at - 1] ?? null;
      const hadFocus = document.activeElement?.closest("[data-terminal]") !== null;
      this.activeId = next;
      if (next !== null && hadFocus) this.#focus(next);
    }
    this.list = this.list.filter(({ terminalId }) => terminalId !== id);
    this.#settle();
  }

  #settle(): void {
    const ids = new Set(this.list.map(({ terminalId }) => terminalId));
    this.views.keep(ids);
    this.#remembered.keep(ids);
  }

  #ring(id: string): void {
    const isSeen = this.active?.terminalId === id && document.hasFocus() && this.#workbench.layout.panel.isOpen;
    this.change(id, { rangAtMs: Date.now(), hasNews: !isSeen });
    if (this.#workbench.preferences.get<string>("terminal.bell", "visual") === "sound")
      void import("./bell.ts").then((it) => it.ring());
  }
}
