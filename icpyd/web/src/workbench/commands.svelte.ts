// Everything that a user can have done, by name: for menus, keys, buttons and the palette.

import type { Notices } from "./notices.svelte.ts";
import type { TypeAhead } from "./type_ahead.ts";

export interface Command {
  /** Names it for good: `file.save`. Bindings of the user's say this. */
  id: string;
  /** What people call it: `Save`. */
  title: string;
  /** What it is about, before its title: `File`. */
  category: string;
  /** Its keys, as in `Mod+Shift+P`; `Mod` is Cmd on a Mac and Ctrl elsewhere. */
  keys?: string[];
  /** Whether it can be done now; by default always. */
  isEnabled?: () => boolean;
  /** Whether its keys are taken from programs in terminals too. */
  isGlobal?: boolean;
  /** Whether the palette leaves it out. */
  isHidden?: boolean;
  /** Whether it is about the workspace: while that is not known it waits. */
  needsWorkspace?: boolean;
  run: (argument?: unknown) => unknown;
}

/** A command that had to wait for longer is not what the user wants by then. */
const EARLY_MS = 10_000;

export class Commands {
  #all = $state.raw(new Map<string, Command>());
  readonly #notices: Notices;
  readonly #typeAhead: TypeAhead;
  /** Settles when the workspace is known. */
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;

  constructor(notices: Notices, typeAhead: TypeAhead) {
    this.#notices = notices;
    this.#typeAhead = typeAhead;
  }

  /** The workspace is known, or that there is none. */
  makeReady(): void {
    this.#isReady = true;
    this.#ready.resolve();
  }

  /** Whether a command can be done, now or when the workspace is known. */
  canRun(command: Command): boolean {
    return this.#waits(command) || !command.isEnabled || command.isEnabled();
  }

  /** All, in the order in which they were registered. */
  get list(): Command[] {
    return [...this.#all.values()];
  }

  /** One by its name. */
  get(id: string): Command | undefined {
    return this.#all.get(id);
  }

  /** Adds commands. Returns how to take them away. */
  register(...commands: Command[]): () => void {
    const all = new Map(this.#all);
    for (const command of commands) {
      if (all.has(command.id)) throw new Error(`the command \`${command.id}\` exists already`);
      all.set(command.id, command);
    }
    this.#all = all;
    return () => {
      const left = new Map(this.#all);
      for (const command of commands) left.delete(command.id);
      this.#all = left;
    };
  }

  /** Does it, where that is possible now. What goes wrong is told. */
  async run(id: string, argument?: unknown): Promise<void> {
    const command = this.#all.get(id);
    if (!command) return this.#notices.error(`No command is named \`${id}\``);
    if (this.#waits(command)) return this.#runSoon(id, argument);
    if (command.isEnabled && !command.isEnabled()) return;
    try {
      await command.run(argument);
    } catch (error) {
      this.#notices.failure(command.title, error);
    }
  }

  #waits(command: Command): boolean {
    return command.needsWorkspace === true && !this.#isReady;
  }

  /** Does it when the workspace is known, with what is typed until then. */
  async #runSoon(id: string, argument: unknown): Promise<void> {
    const beganMs = Date.now();
    const asked = this.#typeAhead.ask(true);
    await this.#ready.promise;
    if (Date.now() - beganMs > EARLY_MS) return;
    const done = this.run(id, argument);
    if (asked.isEarly) this.#typeAhead.giveUp(asked);
    await done;
  }
}
