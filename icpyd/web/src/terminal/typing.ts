// What is typed into a terminal, in its order: keys at once, a paste piece by piece as fast as the program reads it. What is typed
// while there is no connection waits for one.

/** Types one piece. It fails when it is not known whether it was typed. */
export type Send = (data: string, encoding: "utf-8" | "base64") => Promise<unknown>;

/** Bytes of a paste that are on the way at once: what an interrupt may still wait for. */
const PIECE_CHARACTERS = 8 << 10;
/** Pieces of keys that are on the way at once. */
const KEYS_MAX = 32;
/** What is kept of what is typed while there is no connection. */
const KEPT_CHARACTERS_MAX = 64 << 10;
/** ^C, ^Z and ^\: they end a paste. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is typed.
const INTERRUPT = /^[\x03\x1a\x1c]$/;

export class Typing {
  readonly #send: Send;
  /** Keys that are not sent yet. */
  #keys = "";
  #keysUnderWay = 0;
  #paste: AbortController | null = null;
  #isOpen = false;
  /** Pastes that wait for somebody to type to. */
  #waiting: Array<() => void> = [];

  constructor(send: Send) {
    this.#send = send;
  }

  /** Whether a paste is under way. */
  get isPasting(): boolean {
    return this.#paste !== null;
  }

  /** There is somebody to type to, or not. */
  set isOpen(isOpen: boolean) {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    if (isOpen) {
      for (const go of this.#waiting.splice(0)) go();
      this.#sendKeys();
    } else {
      this.#paste?.abort();
    }
  }

  /** Types keys. An interrupt ends what is pasted. */
  keys(data: string): void {
    if (INTERRUPT.test(data)) this.#paste?.abort();
    if (this.#keys.length + data.length > KEPT_CHARACTERS_MAX) return;
    this.#keys += data;
    this.#sendKeys();
  }

  /** Types what is no text. */
  bytes(data: string): void {
    if (this.#isOpen) this.#send(btoa(data), "base64").catch(() => {});
  }

  /**
   * Types a paste, now or when there is somebody to type to, and tells how much was typed. Returns how much that was: less than
   * all where it was interrupted or the connection was lost.
   */
  async paste(data: string, tell: (typed: number) => void = () => {}): Promise<number> {
    this.#paste?.abort();
    const abort = new AbortController();
    this.#paste = abort;
    let typed = 0;
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      while (typed < data.length && !abort.signal.aborted) {
        const piece = pieceAt(data, typed);
        await this.#send(piece, "utf-8");
        typed += piece.length;
        tell(typed);
      }
    } catch {
      // How much was typed says it.
    }
    if (this.#paste === abort) this.#paste = null;
    this.#sendKeys();
    return typed;
  }

  #sendKeys(): void {
    if (!this.#isOpen || this.#keys === "" || this.#keysUnderWay >= KEYS_MAX) return;
    if (this.#paste && !this.#paste.signal.aborted) return;
    const data = this.#keys;
    this.#keys = "";
    this.#keysUnderWay++;
    // Whether it was typed is not known when it fails: it is not typed twice.
    this.#send(data, "utf-8")
      .catch(() => {})
      .finally(() => {
        this.#keysUnderWay--;
        this.#sendKeys();
      });
  }
}

/** The next piece, without a half character at its end. */
function pieceAt(data: string, from: number): string {
  const end = from + PIECE_CHARACTERS;
  const last = data.charCodeAt(end - 1);
  const isHalf = end < data.length && last >= 0xd800 && last < 0xdc00;
  return data.slice(from, isHalf ? end - 1 : end);
}
