// A terminal as it is shown: an adapter over xterm.js, which is loaded with it. It knows neither Svelte nor what is around it.

import { FitAddon } from "@xterm/addon-fit";
import { type ISearchOptions, SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import type { WebglAddon } from "@xterm/addon-webgl";
import { type ITerminalOptions, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { TerminalSize } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import type { Typed, TypeTarget } from "../workbench/type_ahead.ts";
import { Attachment, type AttachmentState, type Display } from "./attachment.ts";
import { matchColors, onThemeChange, terminalTheme } from "./colors.ts";
import { keySequence } from "./key_sequence.ts";
import { type LinkActions, LinkProvider, opensLink } from "./link_provider.ts";
import { toldFolder } from "./links.ts";
import { Marks } from "./marks.ts";
import { pastedText, pasteQuestion } from "./paste.ts";
import { selecting } from "./selecting.ts";
import { silence } from "./silence.ts";

/** What the user prefers of it. */
export interface ViewPreferences {
  fontSize: number;
  fontFamily: string;
  historyLines: number;
  cursorStyle: "line" | "block" | "underline";
  cursorBlink: boolean;
  copyOnSelect: boolean;
  isScreenReader: boolean;
}

/** What is around it. */
export interface ViewActions extends LinkActions {
  tell(state: AttachmentState): void;
  /** Tells whether it has the size of another window. */
  tellSize(isForeign: boolean, size: TerminalSize): void;
  title(title: string): void;
  focused(): void;
  /** Takes a key; nothing of it goes to the program then. */
  takesKey(event: KeyboardEvent): boolean;
  asksPaste(question: string): Promise<boolean>;
  pasted(typed: number, all: number): void;
  copied(text: string): void;
  /** A program wants to have the clipboard hold something. */
  wantsClipboard(text: string): void;
  found(index: number, count: number): void;
}

/** Pieces that xterm.js parses without letting anything else happen. */
const PIECE_BYTES = 16 << 10;
const MATCHES_MAX = 1_000;
const SYNCHRONIZED = ["\x1b[?2026h", "\x1b[?2026l"] as const;

export class TerminalView implements Display, TypeTarget {
  readonly attachment: Attachment;
  readonly #terminal: Terminal;
  readonly #actions: ViewActions;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon({ highlightLimit: MATCHES_MAX });
  readonly #marks: Marks;
  readonly #host = document.createElement("div");
  readonly #observer: ResizeObserver;
  readonly #endTheme: () => void;
  #preferences: ViewPreferences;
  #webgl: WebglAddon | null = null;
  #frame = 0;

  constructor(connection: Connection, terminalId: string, preferences: ViewPreferences, actions: ViewActions) {
    this.#preferences = preferences;
    this.#actions = actions;
    this.#host.className = "terminal-host";
    this.#terminal = new Terminal({
      ...optionsOf(preferences),
      allowProposedApi: true,
      minimumContrastRatio: 4.5,
      reflowCursorLine: true,
      // As the daemon has it: what is cleared is scrolled out.
      scrollOnEraseInDisplay: true,
      rescaleOverlappingGlyphs: true,
      windowOptions: { pushTitle: true, popTitle: true },
      logLevel: "off",
      linkHandler: {
        allowNonHttpProtocols: true,
        activate: (event, address) => this.#openAddress(event, address),
        hover: (event) => actions.hover(event),
        leave: () => actions.hover(null),
      },
    });
    this.#marks = new Marks(this.#terminal);
    this.#load();
    this.attachment = new Attachment(connection, terminalId, this);
    this.#observer = new ResizeObserver(() => this.#fitSoon());
    this.#endTheme = onThemeChange(() => this.#paint());
  }

  get historyLines(): number {
    return this.#preferences.historyLines;
  }

  /** Shows it in an element. */
  show(parent: HTMLElement, label: string): void {
    parent.append(this.#host);
    if (!this.#terminal.element) this.#open();
    this.#terminal.textarea?.setAttribute("aria-label", label);
    this.#observer.observe(this.#host);
    this.#fitNow();
    this.#terminal.refresh(0, this.#terminal.rows - 1);
    void this.#accelerate();
  }

  /** Shows it no longer; it goes on. */
  hide(): void {
    this.#observer.disconnect();
    this.#webgl?.dispose();
    this.#webgl = null;
    this.#host.remove();
  }

  dispose(): void {
    this.hide();
    cancelAnimationFrame(this.#frame);
    this.#endTheme();
    this.attachment.close();
    this.#marks.dispose();
    this.#terminal.dispose();
  }

  /** Whether it is in the page. */
  get isShown(): boolean {
    return this.#host.isConnected;
  }

  focus(): void {
    this.#terminal.focus();
  }

  typeAhead(typed: Typed[]): void {
    const { applicationCursorKeysMode } = this.#terminal.modes;
    for (const piece of typed) {
      if (piece.kind === "paste") void this.paste(piece.text);
      else this.#type(piece.kind === "text" ? piece.text : keySequence(piece.key, applicationCursorKeysMode));
    }
  }

  /** What it has room for. */
  get room(): TerminalSize | null {
    const room = this.#fit.proposeDimensions();
    if (!room || !(room.cols >= 2 && room.rows >= 1) || this.#host.clientHeight === 0) return null;
    return { columns: room.cols, rows: room.rows };
  }

  prefer(preferences: ViewPreferences): void {
    const hasMore = preferences.historyLines > this.#preferences.historyLines;
    this.#preferences = preferences;
    Object.assign(this.#terminal.options, optionsOf(preferences));
    this.#fitSoon();
    if (hasMore) this.attachment.refresh();
  }

  write(bytes: Uint8Array, isScreen: boolean, done: () => void): void {
    const terminal = this.#terminal;
    const fromEnd = terminal.buffer.active.baseY - terminal.buffer.active.viewportY;
    let select = () => {};
    // It shows when it is whole.
    if (isScreen) {
      terminal.write(SYNCHRONIZED[0], () => {
        this.#marks.clear();
        select = selecting(terminal);
      });
    }
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      const isLast = from + PIECE_BYTES >= bytes.length;
      terminal.write(bytes.subarray(from, from + PIECE_BYTES), isLast && !isScreen ? done : undefined);
    }
    if (!isScreen) return;
    terminal.write(SYNCHRONIZED[1], () => {
      select();
      if (fromEnd > 0) terminal.scrollToLine(Math.max(0, terminal.buffer.active.baseY - fromEnd));
      done();
    });
  }

  resize({ columns, rows }: TerminalSize): void {
    if (columns !== this.#terminal.cols || rows !== this.#terminal.rows) this.#terminal.resize(columns, rows);
    const { isForeign } = this.attachment;
    this.#host.classList.toggle("foreign", isForeign);
    this.#actions.tellSize(isForeign, { columns, rows });
  }

  tell(state: AttachmentState): void {
    this.#terminal.options.disableStdin = state.kind === "ended" || state.kind === "failed";
    this.#terminal.options.cursorInactiveStyle = state.kind === "ended" ? "none" : "outline";
    this.#actions.tell(state);
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  /** Whether a full-screen program has it. */
  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  selectAll(): void {
    this.#terminal.selectAll();
  }

  /** Types text as if it was pasted, after a question where that may do harm. */
  async paste(text: string): Promise<void> {
    if (text === "") return;
    const { bracketedPasteMode } = this.#terminal.modes;
    const question = pasteQuestion(text, bracketedPasteMode);
    if (question && !(await this.#actions.asksPaste(question))) return;
    this.#terminal.scrollToBottom();
    const data = pastedText(text, bracketedPasteMode);
    const typed = await this.attachment.typing.paste(data, (so_far) => this.#actions.pasted(so_far, data.length));
    if (typed < data.length) this.#actions.pasted(-typed, data.length);
  }

  /** Types lines that are to be run. */
  run(text: string): void {
    this.#terminal.scrollToBottom();
    const lines = text.replace(/(?:\r?\n)+$/, "");
    this.#type(`${pastedText(lines, this.#terminal.modes.bracketedPasteMode)}\r`);
  }

  #type(text: string): void {
    this.attachment.typing.keys(text);
  }

  scrollToCommand(step: -1 | 1): void {
    const line = this.#marks.next(this.#terminal.buffer.active.viewportY, step);
    if (line !== null) this.#terminal.scrollToLine(line);
    else if (step > 0) this.#terminal.scrollToBottom();
  }

  /** Looks for text, from the last match on or, while it is typed, from there. False where the pattern makes no sense. */
  find(text: string, step: -1 | 1, options: { regex: boolean; caseSensitive: boolean; incremental?: boolean }): boolean {
    if (text === "" || (options.regex && !isPattern(text))) {
      this.endFind();
      return text === "";
    }
    const { match, active, border } = matchColors(this.#host);
    const decorations = {
      matchBackground: match,
      activeMatchBackground: active,
      activeMatchBorder: border,
      matchOverviewRuler: border,
      activeMatchColorOverviewRuler: border,
    };
    const all: ISearchOptions = { ...options, decorations };
    // What was found in another way is counted on otherwise.
    if (options.incremental) this.#search.clearDecorations();
    if (step < 0) this.#search.findPrevious(text, all);
    else this.#search.findNext(text, all);
    return true;
  }

  endFind(): void {
    this.#search.clearDecorations();
    this.#terminal.clearSelection();
    this.#actions.found(-1, 0);
  }

  #load(): void {
    const [terminal, actions] = [this.#terminal, this.#actions];
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.#search);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    silence(terminal);
    terminal.registerLinkProvider(new LinkProvider(terminal, actions));
    terminal.onTitleChange((title) => actions.title(title));
    terminal.onData((data) => {
      // Where the focus is, is told when it moves, and not when it is asked for.
      if (data !== "\x1b[I" && data !== "\x1b[O") this.attachment.typing.keys(data);
    });
    terminal.onBinary((data) => this.attachment.typing.bytes(data));
    terminal.attachCustomKeyEventHandler((event) => event.type !== "keydown" || !actions.takesKey(event));
    terminal.parser.registerOscHandler(52, (data) => this.#takeClipboard(data));
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => actions.found(resultIndex, resultCount));
  }

  #open(): void {
    const [terminal, host] = [this.#terminal, this.#host];
    terminal.open(host);
    this.#paint();
    host.addEventListener("paste", (event) => this.#takePaste(event), { capture: true });
    host.addEventListener("pointerup", () => {
      if (this.#preferences.copyOnSelect && terminal.hasSelection()) this.#actions.copied(terminal.getSelection());
    });
    const tellFocus = (sequence: string) => {
      if (terminal.modes.sendFocusMode && this.attachment.state.kind === "attached") this.#type(sequence);
    };
    terminal.textarea?.addEventListener("focus", () => {
      this.#actions.focused();
      tellFocus("\x1b[I");
    });
    terminal.textarea?.addEventListener("blur", () => tellFocus("\x1b[O"));
  }

  #paint(): void {
    if (this.#host.isConnected) this.#terminal.options.theme = terminalTheme(this.#host);
  }

  #fitSoon(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#fitNow());
  }

  #fitNow(): void {
    const { room } = this;
    if (room) this.attachment.resize(room);
    this.#paintOnce();
  }

  /** The theme is not known before it is in the page. */
  #paintOnce(): void {
    if (!this.#terminal.options.theme?.background) this.#paint();
  }

  #takePaste(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    void this.paste(event.clipboardData?.getData("text/plain") ?? "");
  }

  /** OSC 52: what is on the clipboard is told to nobody. */
  #takeClipboard(data: string): boolean {
    const [, content = ""] = data.split(";", 2);
    try {
      const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
      if (bytes.length > 0) this.#actions.wantsClipboard(new TextDecoder().decode(bytes));
    } catch {
      // It is not base64: it asks for what is there.
    }
    return true;
  }

  #openAddress(event: MouseEvent, address: string): void {
    if (!opensLink(event)) return;
    const path = address.startsWith("file:") ? toldFolder(address) : null;
    if (path !== null) this.#actions.openFile(path, null, null);
    else if (/^(?:https?|ftp|mailto):/i.test(address)) this.#actions.openAddress(address);
  }

  /** Draws by WebGL where that is faster. Without it, or when the system takes it away, the page's own elements do. */
  async #accelerate(): Promise<void> {
    if (this.#webgl || !hasFastWebgl()) return;
    const { WebglAddon } = await import("@xterm/addon-webgl");
    if (this.#webgl || !this.#host.isConnected) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => {
        webgl.dispose();
        if (this.#webgl === webgl) this.#webgl = null;
      });
      this.#terminal.loadAddon(webgl);
      this.#webgl = webgl;
    } catch {
      isWebglFast = false;
    }
  }
}

/** Whether WebGL is done by hardware; not known before it is asked for. */
let isWebglFast: boolean | null = null;

function hasFastWebgl(): boolean {
  if (isWebglFast === null) {
    const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
    const named = context?.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? context?.RENDERER;
    isWebglFast = named !== undefined && !/swiftshader|llvmpipe|software/i.test(String(context?.getParameter(named)));
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return isWebglFast;
}

function optionsOf(preferences: ViewPreferences): ITerminalOptions {
  const { fontSize, fontFamily, historyLines, cursorStyle, cursorBlink, isScreenReader } = preferences;
  return {
    fontSize,
    fontFamily,
    scrollback: historyLines,
    cursorStyle: cursorStyle === "line" ? "bar" : cursorStyle,
    cursorBlink,
    screenReaderMode: isScreenReader,
  };
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
