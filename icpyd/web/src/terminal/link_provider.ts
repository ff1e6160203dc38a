// Links in what xterm.js shows: those of `links.ts` over lines that are broken, and only files that are there.

import type { IBufferRange, ILink, ILinkProvider, Terminal } from "@xterm/xterm";
import { findLinks, type LinkTarget, type TextLink } from "./links.ts";

export interface LinkActions {
  /** The file that a path means, if it is there. */
  find(path: string): Promise<string | null>;
  openFile(path: string, line: number | null, column: number | null): void;
  openAddress(address: string): void;
  /** Tells how to open what is pointed at; nothing any more. */
  hover(event: MouseEvent | null): void;
}

/** Rows that one line may be broken into. */
const ROWS_MAX = 20;

/** Whether a click opens what is below it: it also selects. */
export function opensLink(event: MouseEvent): boolean {
  return event.ctrlKey || event.metaKey || (event as PointerEvent).pointerType === "touch";
}

export class LinkProvider implements ILinkProvider {
  readonly #terminal: Terminal;
  readonly #actions: LinkActions;

  constructor(terminal: Terminal, actions: LinkActions) {
    this.#terminal = terminal;
    this.#actions = actions;
  }

  provideLinks(row: number, callback: (links: ILink[] | undefined) => void): void {
    const { text, places } = this.#line(row - 1);
    const found = findLinks(text);
    Promise.all(found.map((link) => this.#link(link, places)))
      .then((links) => callback(links.filter((link) => link !== null)))
      .catch(() => callback(undefined));
  }

  async #link({ from, to, target }: TextLink, places: Place[]): Promise<ILink | null> {
    const path = target.kind === "file" ? await this.#actions.find(target.path) : null;
    if (target.kind === "file" && path === null) return null;
    const [first, last] = [places[from], places[to - 1]];
    if (!first || !last) return null;
    const range: IBufferRange = {
      start: { x: first.x + 1, y: first.y + 1 },
      end: { x: last.x + last.width, y: last.y + 1 },
    };
    return {
      range,
      text: "",
      activate: (event) => {
        if (opensLink(event)) this.#open(target, path);
      },
      hover: (event) => this.#actions.hover(event),
      leave: () => this.#actions.hover(null),
    };
  }

  #open(target: LinkTarget, path: string | null): void {
    if (target.kind === "address") this.#actions.openAddress(target.address);
    else if (path !== null) this.#actions.openFile(path, target.line, target.column);
  }

  /** The whole line that a row is in, and where each of its characters is. */
  #line(row: number): { text: string; places: Place[] } {
    const buffer = this.#terminal.buffer.active;
    let first = row;
    while (first > 0 && row - first < ROWS_MAX && buffer.getLine(first)?.isWrapped) first--;
    const places: Place[] = [];
    let text = "";
    for (let y = first; y < first + ROWS_MAX * 2; y++) {
      const line = buffer.getLine(y);
      if (!line || (y > first && !line.isWrapped)) break;
      for (let x = 0; x < line.length; x++) {
        const cell = line.getCell(x);
        const width = cell?.getWidth() ?? 1;
        if (width === 0) continue;
        const characters = cell?.getChars() || " ";
        text += characters;
        for (let unit = 0; unit < characters.length; unit++) places.push({ x, y, width });
      }
    }
    return { text: text.trimEnd(), places };
  }
}

interface Place {
  x: number;
  y: number;
  width: number;
}
