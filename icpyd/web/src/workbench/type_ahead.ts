// What is typed before an editor or a terminal is there that was asked for: it is kept in its order, and typed into that one when
// it has the focus. It is never typed into another one, and is forgotten when the user turns to something else.

/** A key that edits, and is no character. */
export type EditingKey =
  | "Enter"
  | "Backspace"
  | "Delete"
  | "ArrowLeft"
  | "ArrowRight"
  | "ArrowUp"
  | "ArrowDown"
  | "Home"
  | "End";

/** A piece of what was typed. */
export type Typed = { kind: "text"; text: string } | { kind: "key"; key: EditingKey } | { kind: "paste"; text: string };

/** What can be typed into. */
export interface TypeTarget {
  /** Types what was typed before it was there. */
  typeAhead(typed: Typed[]): void;
}

/** What of a key says what is typed by it. */
export type KeyPressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing"> & {
  getModifierState(name: string): boolean;
};

/** Something that was asked for, and is to have the focus. */
export interface Asked {
  /** Names the file or the terminal; nothing while that is not known. */
  id: string | null;
  /** Whether it is not known yet what is asked for it: another command goes on with it. */
  isEarly: boolean;
  readonly typed: Typed[];
  /** What has the focus already, while it is not known whether that is what was asked for. */
  there: { id: string; target: TypeTarget } | null;
}

const MOVES = new Set<string>(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
const EDITING_KEYS = new Set<string>(["Enter", "Backspace", "Delete", ...MOVES]);
/** What is kept at most. */
const KEPT_CHARACTERS_MAX = 64 << 10;
/** What does not come in this time is not waited for. */
const WAITED_MS = 30_000;

export class TypeAhead {
  #asked: Asked | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What is waited for. */
  get asked(): Asked | null {
    return this.#asked;
  }

  /** Something is asked for that is to have the focus: what is typed from now on is for it. */
  ask(isEarly = false): Asked {
    if (this.#asked?.isEarly && !isEarly) {
      this.#asked.isEarly = false;
      return this.#asked;
    }
    return this.#begin(null, isEarly);
  }

  /** The same, where it is known which file or terminal it is. */
  askFor(id: string): Asked {
    const { asked } = this;
    // What is asked for may be just that.
    if (asked && (asked.id === id || asked.id === null)) return asked;
    return this.#begin(id, false);
  }

  /** It is known now which file or terminal it is. */
  is(asked: Asked, id: string): void {
    if (asked !== this.#asked) return;
    asked.id = id;
    if (asked.there?.id === id) this.arrive(id, asked.there.target);
  }

  /** Asks for what a call tells the name of. What fails is not waited for. */
  async keepFor<T>(asked: Asked, call: Promise<T>, idOf: (result: T) => string): Promise<T> {
    try {
      const result = await call;
      this.is(asked, idOf(result));
      return result;
    } catch (error) {
      this.giveUp(asked);
      throw error;
    }
  }

  /** A file or a terminal is there and has the focus. */
  arrive(id: string, target: TypeTarget): void {
    const { asked } = this;
    if (!asked) return;
    if (asked.id === null) {
      asked.there = { id, target };
      return;
    }
    this.giveUp();
    if (asked.id === id && asked.typed.length > 0) target.typeAhead(asked.typed);
  }

  /** Nothing is waited for any more; with something, only where that was it. */
  giveUp(asked: Asked | null = this.#asked): void {
    if (asked !== this.#asked) return;
    this.#asked = null;
    clearTimeout(this.#timer);
  }

  /** The user turns to something else: but not from what was asked for later, by a command that still waits. */
  turnAway(): void {
    if (!this.#asked?.isEarly) this.giveUp();
  }

  /** A file or a terminal does not come, or cannot be typed into. */
  giveUpOn(id: string): void {
    if (this.#asked?.id === id) this.giveUp();
  }

  /** Keeps what is typed. Returns whether it is. */
  type(typed: Typed): boolean {
    const all = this.#asked?.typed;
    if (!all) return false;
    // With nothing typed there is nothing to move in: it is for what has the focus now.
    if (typed.kind === "key" && MOVES.has(typed.key) && all.length === 0) return false;
    const length = (piece: Typed) => (piece.kind === "key" ? 1 : piece.text.length);
    const kept = all.reduce((sum, piece) => sum + length(piece), 0);
    if (kept + length(typed) > KEPT_CHARACTERS_MAX) return true;
    const last = all.at(-1);
    if (typed.kind === "text" && last?.kind === "text") last.text += typed.text;
    else all.push({ ...typed });
    return true;
  }

  #begin(id: string | null, isEarly: boolean): Asked {
    const asked: Asked = { id, isEarly, typed: [], there: null };
    this.#asked = asked;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(asked), WAITED_MS);
    return asked;
  }
}

/** What a key types; nothing where it does something else. */
export function typedBy(event: KeyPressed, isMac: boolean): Typed | null {
  if (event.isComposing || event.metaKey) return null;
  const isCharacter = [...event.key].length === 1;
  const isAltGraph = event.getModifierState("AltGraph") || (isMac && event.altKey && !event.ctrlKey);
  if (isCharacter && (isAltGraph || (!event.ctrlKey && !event.altKey))) return { kind: "text", text: event.key };
  if (event.ctrlKey || event.altKey) return null;
  if (!EDITING_KEYS.has(event.key) || (event.shiftKey && event.key !== "Enter" && event.key !== "Backspace")) return null;
  return { kind: "key", key: event.key as EditingKey };
}

/** What takes keys for itself when it has the focus; editors and terminals are what is waited for. */
const TAKING = "input, textarea:not(.xterm-helper-textarea), select, [role=dialog] *, [role=menu] *";

/** Keeps what is typed in the window while something is waited for. Keys of commands are to be taken before. Returns how to end that. */
export function listenForTyping(ahead: TypeAhead, isMac: boolean): () => void {
  const press = (event: KeyboardEvent) => {
    if (!ahead.asked || event.defaultPrevented) return;
    // Tab moves the focus.
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey) return ahead.giveUp();
    const isPaste = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "v";
    const typed = typedBy(event, isMac);
    const isKept = typed !== null && ahead.type(typed);
    if (isKept) event.preventDefault();
    // What is pasted comes by itself.
    if (isKept || isPaste) event.stopPropagation();
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData("text/plain");
    if (!text || !ahead.type({ kind: "paste", text })) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const focus = (event: FocusEvent) => {
    if (event.target instanceof Element && event.target.matches(TAKING)) ahead.giveUp();
  };
  const point = () => ahead.giveUp();
  const controller = new AbortController();
  const options = { capture: true, signal: controller.signal };
  window.addEventListener("keydown", press, options);
  window.addEventListener("paste", paste, options);
  window.addEventListener("focusin", focus, options);
  window.addEventListener("pointerdown", point, options);
  return () => controller.abort();
}
