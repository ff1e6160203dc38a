// What keys do in the tree: the WAI-ARIA pattern of trees, and what editors have for files.

import { keysOf } from "../workbench/keys.ts";
import type { Explorer } from "./explorer.svelte.ts";
import { parentOf } from "./paths.ts";
import type { Row } from "./rows.ts";

/** What is typed so close together is one beginning of a name. */
const TYPING_MS = 700;

export class TreeKeys {
  readonly #explorer: Explorer;
  /** How many rows a page has. */
  readonly #page: () => number;
  #typed = { text: "", atMs: 0 };

  constructor(explorer: Explorer, page: () => number) {
    this.#explorer = explorer;
    this.#page = page;
  }

  /** Does what a key means. Returns whether it means something. */
  press(event: KeyboardEvent): boolean {
    return this.#move(event) || this.#act(event) || this.#type(event);
  }

  #move(event: KeyboardEvent): boolean {
    const { rows, active } = this.#explorer;
    const at = this.#explorer.indexOf(active);
    const last = rows.length - 1;
    const places: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? last : at - 1,
      Home: 0,
      End: last,
      PageDown: Math.min(last, at + this.#page()),
      PageUp: Math.max(0, at - this.#page()),
    };
    const to = places[event.key];
    if (to === undefined || event.altKey) return false;
    const step = ["ArrowUp", "PageUp", "End"].includes(event.key) ? -1 : 1;
    const row = nearest(rows, to, step) ?? nearest(rows, to, -step);
    if (!row) return true;
    if (event.shiftKey) this.#explorer.extendTo(row.key);
    else if (event.ctrlKey || event.metaKey) {
      this.#explorer.active = row.key;
      this.#explorer.wanted = { path: row.key };
    } else this.#explorer.select(row.key);
    return true;
  }

  #act(event: KeyboardEvent): boolean {
    const explorer = this.#explorer;
    const { commands } = explorer.workbench;
    const entry = explorer.entryAt(explorer.active);
    const actions: Record<string, () => unknown> = {
      Right: () => this.#right(),
      Left: () => this.#left(),
      Enter: () => commands.run("explorer.open"),
      Space: () => (entry ? explorer.toggle(entry.path) : null),
      "Mod+Space": () => (entry ? explorer.toggle(entry.path) : null),
      "Mod+A": () => explorer.selectAll(),
      Escape: () => {
        explorer.clipboard = null;
        if (entry) explorer.select(entry.path);
      },
      F2: () => commands.run("explorer.rename"),
      Delete: () => commands.run("explorer.delete"),
      "Shift+Delete": () => commands.run("explorer.delete_for_good"),
      "Mod+C": () => commands.run("explorer.copy"),
      "Mod+X": () => commands.run("explorer.cut"),
      "Mod+Z": () => commands.run("file.undo_operation"),
      "Alt+Shift+C": () => commands.run("explorer.copy_path"),
    };
    const keys = keysOf(event);
    // Files that were copied elsewhere come by the browser's own event.
    if (keys === "Mod+V" && explorer.clipboard) actions[keys] = () => commands.run("explorer.paste");
    const action = actions[keys];
    if (!action) return false;
    void action();
    return true;
  }

  #right(): void {
    const explorer = this.#explorer;
    const at = explorer.indexOf(explorer.active);
    const row = explorer.rows[at];
    if (row?.kind !== "entry" || !row.entry.isFolder) return;
    const next = explorer.rows[at + 1];
    if (!row.isOpen) explorer.setOpen(row.entry.path, true);
    else if (next?.kind === "entry" && next.level > row.level) explorer.select(next.key);
  }

  #left(): void {
    const explorer = this.#explorer;
    const row = explorer.rows[explorer.indexOf(explorer.active)];
    if (row?.kind !== "entry") return;
    const above = parentOf(row.entry.path);
    if (row.isOpen) explorer.setOpen(row.entry.path, false);
    else if (above !== null && explorer.indexOf(above) >= 0) explorer.select(above);
  }

  /** Goes to the next row whose name begins so. */
  #type(event: KeyboardEvent): boolean {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
    const isMore = event.timeStamp - this.#typed.atMs < TYPING_MS;
    this.#typed = { text: (isMore ? this.#typed.text : "") + event.key.toLowerCase(), atMs: event.timeStamp };
    const { rows, active } = this.#explorer;
    const at = this.#explorer.indexOf(active);
    // The same letter several times goes through all names that begin with it.
    const text = /^(.)\1+$/u.test(this.#typed.text) ? this.#typed.text.slice(0, 1) : this.#typed.text;
    const from = Math.max(0, text.length > 1 ? at : at + 1);
    const turned = [...rows.slice(from), ...rows.slice(0, from)];
    const found = turned.find((row) => row.kind === "entry" && row.entry.name.toLowerCase().startsWith(text));
    if (found) this.#explorer.select(found.key);
    return true;
  }
}

/** The row at a place, or the next one that can have the focus. */
function nearest(rows: Row[], from: number, step: number): Row | null {
  for (let at = from; at >= 0 && at < rows.length; at += step) if (rows[at]?.kind === "entry") return rows[at] ?? null;
  return null;
}
