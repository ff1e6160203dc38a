// What a window is made of. Each part knows only those that it was made with.

import { getContext, setContext } from "svelte";
import type { TextPosition } from "$protocol";
import type { Connection, ConnectionState } from "../connection/connection.ts";
import { Palette } from "../palette/palette.svelte.ts";
import { commandSource, fileSource, lineSource } from "../palette/sources.ts";
import { pathOf } from "../protocol.ts";
import { Terminals } from "../terminal/terminals.svelte.ts";
import { Commands } from "./commands.svelte.ts";
import { Dialogs } from "./dialogs.svelte.ts";
import { Layout } from "./layout.svelte.ts";
import { Menus } from "./menus.svelte.ts";
import { Notices } from "./notices.svelte.ts";
import { Preferences } from "./preferences.svelte.ts";
import { Presence } from "./presence.svelte.ts";
import { Records } from "./records.svelte.ts";
import { Statuses } from "./statuses.svelte.ts";
import { type Asked, TypeAhead } from "./type_ahead.ts";
import { Workspaces } from "./workspaces.svelte.ts";

export class Workbench {
  connectionState = $state.raw<ConnectionState>({ kind: "connecting" });
  /** The file in front, as a key; nothing when there is none. The editors say so. */
  activePath = $state<string | null>(null);
  isSettingsOpen = $state(false);
  readonly notices = new Notices();
  readonly dialogs = new Dialogs();
  readonly menus = new Menus();
  readonly statuses = new Statuses();
  readonly palette = new Palette();
  readonly typeAhead = new TypeAhead();
  readonly commands = new Commands(this.notices, this.typeAhead);
  readonly connection: Connection;
  readonly workspaces: Workspaces;
  readonly records: Records;
  readonly preferences: Preferences;
  readonly presence: Presence;
  readonly layout: Layout;
  readonly terminals: Terminals;

  /** The file that is opened while something else keeps the focus. */
  #keepsFocus: string | null = null;
  /** What files were asked for, by their paths. */
  readonly #asked = new Map<string, Asked>();

  constructor(connection: Connection) {
    this.connection = connection;
    this.workspaces = new Workspaces(connection);
    this.records = new Records(connection);
    this.preferences = new Preferences(connection);
    this.presence = new Presence(connection);
    this.layout = new Layout(this.records);
    for (const source of [fileSource, commandSource, lineSource]) this.palette.addSource(source(this));
    this.terminals = new Terminals(this);
    this.workspaces.onOpen(({ workspaceId }) => {
      this.records.open(workspaceId);
      this.preferences.open(workspaceId);
      this.presence.open(workspaceId);
      this.terminals.open(workspaceId);
    });
  }

  /** Opens a file in the workspace and shows it: here, and in its other windows. The editor takes the focus, unless it is not to. */
  async openFile(path: string, position: TextPosition | null = null, takesFocus = true): Promise<void> {
    this.#keepsFocus = takesFocus ? null : path;
    const workspaceId = this.workspaces.current?.workspaceId ?? null;
    const params = { path: pathOf(path), position, workspaceId };
    const opened = () => this.connection.call("file:open", params, { repeat: true });
    if (!takesFocus) return void (await opened());
    const asked = this.typeAhead.ask();
    this.#asked.set(path, asked);
    await this.typeAhead.keepFor(asked, opened(), ({ file }) => file.fileId);
  }

  /** Makes a text that has no file yet, and shows it. */
  async createUntitled(): Promise<void> {
    const workspaceId = this.workspaces.current?.workspaceId ?? null;
    const asked = this.typeAhead.ask();
    const created = this.connection.call("file:create_untitled", { workspaceId });
    await this.typeAhead.keepFor(asked, created, ({ fileId }) => fileId);
  }

  /** Whether the editor takes the focus with a file that is shown now. */
  takesFocus(path: string): boolean {
    const isKept = this.#keepsFocus === path;
    if (isKept) this.#keepsFocus = null;
    const asked = this.#asked.get(path);
    this.#asked.delete(path);
    // Who has turned to something else since is left there.
    const isWanted = asked === undefined || asked === this.typeAhead.asked;
    return !isKept && isWanted && this.dialogs.current === null;
  }

  start(): void {
    this.connection.onState((state) => {
      this.connectionState = state;
      if (state.kind === "logged_out") location.replace("/login");
    });
    this.preferences.open(null);
    this.workspaces.start();
    this.connection.start();
  }
}

const KEY = Symbol("workbench");

/** Gives the workbench to the components below. */
export function provideWorkbench(workbench: Workbench): void {
  setContext(KEY, workbench);
}

/** The workbench that a component is in. */
export function useWorkbench(): Workbench {
  return getContext<Workbench>(KEY);
}
