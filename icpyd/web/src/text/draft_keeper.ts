// Has the draft of one text written while something in it is not safe, and removed when all is.

import type { Drafts } from "./drafts.ts";
import type { SharedText } from "./shared_text.ts";

/** How long the daemon may take before what was typed is written down here. */
const PATIENCE_MS = 100;

export class DraftKeeper {
  /** The file, as a key. */
  path: string;
  /** Whether the daemon can be reached: where not, what is typed is written down at once. */
  isOnline = true;
  readonly #drafts: Drafts;
  readonly #text: () => SharedText | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWriting = false;
  #isWritten = false;
  #isStale = false;

  constructor(drafts: Drafts, path: string, text: () => SharedText | null) {
    this.#drafts = drafts;
    this.path = path;
    this.#text = text;
  }

  /** What is safe may be something else than before. */
  check(): void {
    if (!this.#text()?.isUnsettled) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (this.#isWritten && !this.#isWriting) void this.#remove();
    } else if (!this.isOnline) {
      void this.#write();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#write();
      }, PATIENCE_MS);
    }
  }

  /** Writes it while the tab goes away. */
  last(): void {
    const text = this.#text();
    if (text?.isUnsettled) this.#drafts.writeLast(this.path, text.draft());
  }

  /** Ends it: what was typed is thrown away, or safe. */
  async forget(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#drafts.remove(this.path);
  }

  async #write(): Promise<void> {
    this.#isStale = true;
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        const text = this.#text();
        if (!text?.isUnsettled) break;
        this.#isWritten = true;
        await this.#drafts.write(this.path, text.draft());
      }
    } finally {
      this.#isWriting = false;
    }
    if (!this.#text()?.isUnsettled) this.check();
  }

  async #remove(): Promise<void> {
    this.#isWritten = false;
    await this.#drafts.remove(this.path);
    // What was typed meanwhile is written anew.
    this.check();
  }
}
