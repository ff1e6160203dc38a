// The views of this window's terminals: each is made when it is shown first, and stays until its terminal is forgotten. xterm.js
// comes with the first one.

import { sentence } from "../connection/message.ts";
import { IS_MAC, keysOf } from "../workbench/keys.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { resolvePath, toldFolder } from "./links.ts";
import type { Terminals } from "./terminals.svelte.ts";
import type { TerminalView, ViewActions, ViewPreferences } from "./view.ts";

const STAT_MS = 5_000;
const STATS_MAX = 500;
/** From so much on a paste is worth being told of. */
const PASTE_TOLD_CHARACTERS = 256 << 10;

export class Views {
  readonly #workbench: Workbench;
  readonly #terminals: Terminals;
  readonly #views = new Map<string, TerminalView>();
  readonly #making = new Map<string, Promise<TerminalView>>();
  /** What paths are, for a while. */
  readonly #stats = new Map<string, { atMs: number; isFile: Promise<boolean> }>();

  constructor(workbench: Workbench, terminals: Terminals) {
    this.#workbench = workbench;
    this.#terminals = terminals;
  }

  get(id: string): TerminalView | undefined {
    return this.#views.get(id);
  }

  /** Loads what the first view needs, when there is nothing else to do: terminals are opened often. */
  prepare(): void {
    const load = () => void import("./view.ts").catch(() => {});
    if ("requestIdleCallback" in window) requestIdleCallback(load);
    else setTimeout(load);
  }

  /** The view of a terminal. */
  open(id: string): Promise<TerminalView> {
    const making = this.#making.get(id) ?? this.#make(id);
    this.#making.set(id, making);
    // What could not be loaded is tried again.
    making.catch(() => this.#making.delete(id));
    return making;
  }

  /** Forgets all but these. */
  keep(ids: Set<string>): void {
    for (const [id, view] of this.#views) {
      if (ids.has(id)) continue;
      view.dispose();
      this.#views.delete(id);
      this.#making.delete(id);
    }
  }

  prefer(preferences: ViewPreferences): void {
    for (const view of this.#views.values()) view.prefer(preferences);
  }

  async #make(id: string): Promise<TerminalView> {
    const { TerminalView } = await import("./view.ts");
    const view = new TerminalView(this.#workbench.connection, id, this.#terminals.viewPreferences, this.#actions(id));
    this.#views.set(id, view);
    return view;
  }

  #actions(id: string): ViewActions {
    const [workbench, terminals] = [this.#workbench, this.#terminals];
    let endPasting: (() => void) | null = null;
    return {
      tell: (state) => terminals.change(id, { attachment: state }),
      tellSize: (isForeign, size) => terminals.change(id, { foreignSize: isForeign ? size : null }),
      title: (title) => terminals.change(id, { title }),
      focused: () => terminals.activate(id),
      takesKey: (event) => this.#takesKey(id, event),
      asksPaste: (question) => this.#asksPaste(question),
      pasted: (typed, all) => {
        endPasting = this.#tellPaste(typed, all, endPasting, () => this.get(id)?.attachment.typing.keys("\x03"));
      },
      copied: (text) => void copy(text),
      wantsClipboard: (text) => {
        const name = terminals.infoOf(id)?.name ?? "a terminal";
        workbench.notices.info(`A program in ${name} wants to put ${text.length} characters on the clipboard`, [
          { title: "Allow", run: () => void copy(text) },
        ]);
      },
      found: (index, count) => terminals.tellFound(index, count),
      find: (path) => this.#find(id, path),
      openFile: (path, line, column) => {
        const opened = workbench.openFile(path, line === null ? null : { line, column });
        opened.catch((error) => workbench.notices.failure("Open file", error));
      },
      openAddress: (address) => open(address, "_blank", "noopener,noreferrer"),
      hover: (event) => {
        const host = event?.target instanceof Element ? event.target.closest<HTMLElement>("[data-terminal]") : null;
        const all = document.querySelectorAll<HTMLElement>("[data-terminal][title]");
        for (const element of all) element.removeAttribute("title");
        if (host) host.title = IS_MAC ? "Cmd+click to open" : "Ctrl+click to open";
      },
    };
  }

  #takesKey(id: string, event: KeyboardEvent): boolean {
    const { commands } = this.#workbench;
    const take = (command: string) => {
      event.preventDefault();
      void commands.run(command);
      return true;
    };
    const keys = keysOf(event);
    const { attachment, isAlternate, selection } = this.get(id) ?? {};
    if (keys === "Enter" && attachment?.state.kind === "ended") return take("terminal.restart");
    // A full-screen program pages by it, and has a search of its own.
    if (keys === "Mod+F" && !isAlternate) return take("terminal.find");
    if (keys === "Mod+Shift+C" || (IS_MAC && keys === "Mod+C" && selection)) return take("terminal.copy");
    // The browser pastes.
    return keys === "Mod+Shift+V" || (keys === "Mod+V" && !/Linux/.test(navigator.platform));
  }

  async #asksPaste(question: string): Promise<boolean> {
    const choices = [{ title: "Paste", value: true, isDefault: true }];
    return (await this.#workbench.dialogs.choose("Paste into the terminal?", question, choices)) === true;
  }

  #tellPaste(typed: number, all: number, end: (() => void) | null, stop: () => void): (() => void) | null {
    const { notices } = this.#workbench;
    if (typed < 0) {
      end?.();
      notices.tell("warning", `Only ${-typed} of ${all} characters were pasted: it was interrupted`);
      return null;
    }
    if (typed === all) {
      end?.();
      return null;
    }
    if (all < PASTE_TOLD_CHARACTERS || end) return end;
    return notices.tell("info", "Pasting...", [{ title: "Cancel", run: stop }]);
  }

  /** The file that a path in a terminal means, if it is there. */
  async #find(id: string, path: string): Promise<string | null> {
    const { cwd } = this.#terminals.statusOf(id);
    const info = this.#terminals.infoOf(id);
    const folder = (cwd && toldFolder(cwd)) || (typeof info?.cwd === "string" ? info.cwd : null);
    if (!folder) return null;
    const whole = resolvePath(path, folder, null);
    return whole !== null && (await this.#isFile(whole)) ? whole : null;
  }

  #isFile(path: string): Promise<boolean> {
    const known = this.#stats.get(path);
    if (known && Date.now() - known.atMs < STAT_MS) return known.isFile;
    const stat = this.#workbench.connection.call("fs:stat", { path }, { repeat: true });
    const isFile = stat.then(
      ({ kind }) => kind === "file",
      () => false,
    );
    if (this.#stats.size > STATS_MAX) this.#stats.clear();
    this.#stats.set(path, { atMs: Date.now(), isFile });
    return isFile;
  }
}

/** Puts text on the clipboard. */
export async function copy(text: string): Promise<void> {
  if (text === "") return;
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Pages that are not from this machine have none without HTTPS.
  document.execCommand("copy");
}

/** What is on the clipboard. It fails where the browser does not tell. */
export async function clipboardText(): Promise<string> {
  try {
    return await navigator.clipboard.readText();
  } catch (error) {
    throw new Error(`the browser does not tell what is on the clipboard: press ${IS_MAC ? "Cmd+V" : "Ctrl+Shift+V"}`, {
      cause: sentence(error),
    });
  }
}
