// One viewer of a terminal of the daemon: takes its output as fast as it is shown, goes on after a lost connection, and says what
// size the viewer has. It knows neither xterm.js nor the page.

import type { TerminalDataOut, TerminalExit, TerminalSize, TerminalSizePolicy } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { ConnectionLost, RpcError } from "../connection/message.ts";
import { Typing } from "./typing.ts";

/** How a viewer is. */
export type AttachmentState =
  | { kind: "attaching" }
  | { kind: "attached" }
  /** There is no connection. */
  | { kind: "waiting" }
  | { kind: "ended"; exit: TerminalExit | null }
  | { kind: "failed"; reason: unknown };

/** What shows a terminal. */
export interface Display {
  /** Shows output, and says when that is done. A screen stands for all that was shown before. */
  write(bytes: Uint8Array, isScreen: boolean, done: () => void): void;
  /** Takes the terminal's size. */
  resize(size: TerminalSize): void;
  /** How many lines it keeps that were scrolled out. */
  readonly historyLines: number;
  /** Is told how the viewer is. */
  tell(state: AttachmentState): void;
}

/** How long nothing comes before lines are fetched that were left out of a flood, or a foreign size is made sure of. */
const QUIET_MS = 250;

export class Attachment {
  state: AttachmentState = { kind: "attaching" };
  readonly typing: Typing;
  readonly #connection: Connection;
  readonly #terminalId: string;
  readonly #display: Display;
  readonly #ends: Array<() => void>;
  /** Whether there is a connection. */
  #isOpen = false;
  #viewerId: string | null = null;
  /** The output that has come; nothing before there is a screen. */
  #received: number | null = null;
  /** The size that there is room for, and whether the daemon knows it. */
  #size: TerminalSize | null = null;
  #isSizeTold = false;
  #telling: Promise<void> | null = null;
  /** How often the terminal was to take this size though it had another one. */
  #takes = 0;
  /** The size that is shown: another window's, where that was active last. */
  #shown: TerminalSize | null = null;
  #policy: TerminalSizePolicy = "latest";
  /** The viewer that output has come for. */
  #begun: string | null = null;
  /** Whether lines are missing, or may be not as they are in the daemon. */
  #isStale = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(connection: Connection, terminalId: string, display: Display) {
    this.#connection = connection;
    this.#terminalId = terminalId;
    this.#display = display;
    this.typing = new Typing((data, encoding) => this.#type(data, encoding));
    this.#ends = [
      connection.on("terminal:data_out", (out) => this.#take(out)),
      connection.on("terminal:detached", ({ viewerId, exit }) => {
        if (viewerId === this.#viewerId) this.#detached(exit ?? null);
      }),
      connection.on("terminal:closed", (closed) => {
        if (closed.terminalId === terminalId) this.#end(null);
      }),
      connection.on("terminal:resized", (resized) => {
        if (resized.terminalId === terminalId) this.#resized(resized.size);
      }),
      connection.onState(({ kind }) => {
        const isOpen = kind === "open";
        if (isOpen === this.#isOpen) return;
        this.#isOpen = isOpen;
        if (isOpen) void this.#attach();
        else this.#lose();
      }),
    ];
  }

  /** There is room for so many characters. */
  resize(size: TerminalSize): void {
    if (size.columns < 1 || size.rows < 1) return;
    if (this.#size && isSame(this.#size, size) && this.#isSizeTold) return;
    const [isFirst, wasForeign] = [this.#size === null, this.isForeign];
    this.#size = size;
    if (this.state.kind === "ended") this.#show(size);
    if (wasForeign && this.#shown) {
      // Room that changes by itself is no reason to take the size from whoever types.
      this.#show(this.#shown);
      if (this.isForeign) return;
    }
    this.#isSizeTold = false;
    if (isFirst && this.#isOpen) void this.#attach();
    void this.#tellSize();
  }

  /** Whether the terminal has another size than there is room for: another window's. */
  get isForeign(): boolean {
    return this.#size !== null && this.#shown !== null && !isSame(this.#size, this.#shown);
  }

  /** Has the terminal take the size that there is room for here. */
  takeOver(): void {
    this.#takes++;
    this.#isSizeTold = false;
    void this.#tellSize();
  }

  /** Shows all anew, with the lines that were scrolled out. */
  refresh(): void {
    if (this.state.kind === "attached") void this.#attach(true);
  }

  /** Shows it no longer. */
  close(): void {
    this.#turn = -1;
    clearTimeout(this.#quiet);
    for (const end of this.#ends) end();
    this.typing.isOpen = false;
    this.#detach(this.#viewerId);
  }

  #tell(state: AttachmentState): void {
    this.state = state;
    this.typing.isOpen = state.kind === "attached";
    this.#display.tell(state);
  }

  async #attach(isAnew = false): Promise<void> {
    // A screen has a size: it is shown once there is one.
    if (this.state.kind === "ended" || !this.#size) return;
    const turn = ++this.#turn;
    const before = this.#viewerId;
    const after = isAnew ? null : this.#received;
    this.#isStale = false;
    // Showing it anew is no reason to take the size from whoever types.
    const size = this.isForeign ? null : this.#size;
    const takes = this.#takes;
    try {
      const attached = await this.#connection.call("terminal:attach", {
        terminalId: this.#terminalId,
        after,
        historyLines: this.#display.historyLines,
        size,
        isBinary: true,
      });
      if (turn !== this.#turn) return this.#detach(attached.viewerId);
      this.#viewerId = attached.viewerId;
      this.#policy = attached.terminal.sizePolicy ?? "latest";
      if (size === this.#size) this.#isSizeTold = true;
      if (takes === this.#takes) this.#show(attached.terminal.size);
      else this.#isSizeTold = false;
      this.#tell({ kind: "attached" });
      // The viewer before is left when this one has its size, which it would else take along.
      const told = this.#tellSize();
      if (isAnew) void told.then(() => this.#detach(before));
    } catch (error) {
      if (turn !== this.#turn || error instanceof ConnectionLost) return;
      if (error instanceof RpcError && error.kind === "not_found") this.#end(null);
      else this.#tell({ kind: "failed", reason: error });
    }
  }

  #detach(viewerId: string | null): void {
    if (viewerId === null) return;
    this.#connection.call("terminal:detach", { terminalId: this.#terminalId, viewerId }).catch(() => {});
  }

  #lose(): void {
    this.#viewerId = null;
    clearTimeout(this.#quiet);
    if (this.state.kind !== "ended") this.#tell({ kind: "waiting" });
  }

  /** It is not shown any more: its program has ended, or the daemon is about to be replaced. */
  #detached(exit: TerminalExit | null): void {
    if (exit) {
      this.#end(exit);
      return;
    }
    this.#lose();
    if (this.#isOpen) void this.#attach();
  }

  #end(exit: TerminalExit | null): void {
    this.#viewerId = null;
    clearTimeout(this.#quiet);
    if (this.state.kind !== "ended") this.#tell({ kind: "ended", exit });
  }

  #take({ viewerId, from, to, isScreen, bytes }: TerminalDataOut & { bytes?: Uint8Array }): void {
    if (viewerId !== this.#viewerId || !bytes) return;
    const isFirst = this.#received === null || this.#begun !== viewerId;
    // A screen in between stands for output that was too much, and has no lines that were scrolled out.
    if (!isFirst && (isScreen || from > (this.#received ?? 0))) this.#isStale = true;
    // It may be of the size before.
    if (isScreen && this.#telling) this.#isStale = true;
    this.#begun = viewerId;
    this.#received = to;
    this.#display.write(bytes, isScreen === true, () => {
      if (viewerId !== this.#viewerId) return;
      this.#connection.notify("terminal:ack", { terminalId: this.#terminalId, viewerId, to });
      if (this.#isStale) this.#waitForQuiet();
    });
  }

  #waitForQuiet(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      if (this.#isStale) this.refresh();
    }, QUIET_MS);
  }

  #resized(size: TerminalSize): void {
    // What this window has asked for is shown already.
    if (this.#telling) return;
    this.#show(size);
    // Output for the new size may have come before it was told.
    if (this.isForeign) {
      this.#isStale = true;
      this.#waitForQuiet();
    }
  }

  #show(size: TerminalSize): void {
    this.#shown = size;
    this.#display.resize(size);
  }

  /** Tells the daemon the size that there is room for: always the newest, one at a time. */
  #tellSize(): Promise<void> {
    this.#telling ??= this.#tellSizes().finally(() => {
      this.#telling = null;
    });
    return this.#telling;
  }

  async #tellSizes(): Promise<void> {
    while (!this.#isSizeTold && this.#size && this.#viewerId) {
      const size = this.#size;
      this.#isSizeTold = true;
      if (this.#policy === "latest") this.#show(size);
      try {
        const [terminalId, viewerId] = [this.#terminalId, this.#viewerId];
        await this.#connection.call("terminal:resize", { terminalId, viewerId, size });
      } catch {
        // It is told to the next viewer.
        this.#isSizeTold = false;
        return;
      }
    }
  }

  #type(data: string, encoding: "utf-8" | "base64"): Promise<unknown> {
    if (!this.#viewerId) return Promise.reject(new ConnectionLost());
    // Whoever types has the size.
    if (this.isForeign && this.#policy === "latest") this.takeOver();
    return this.#connection.call("terminal:data_in", {
      terminalId: this.#terminalId,
      viewerId: this.#viewerId,
      data,
      encoding,
    });
  }
}

function isSame(one: TerminalSize, other: TerminalSize): boolean {
  return one.columns === other.columns && one.rows === other.rows;
}
