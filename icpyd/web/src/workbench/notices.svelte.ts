// What a user is told beside what is looked at: in a corner, until it was read.

import { sentence } from "../connection/message.ts";

export interface NoticeAction {
  title: string;
  run: () => unknown;
}

export interface Notice {
  id: number;
  kind: "info" | "warning" | "error";
  text: string;
  actions: NoticeAction[];
}

/** How long news stay that need no answer. */
const INFO_MS = 6_000;
const NOTICES_MAX = 5;

export class Notices {
  /** Those that are shown, the newest last. */
  list = $state<Notice[]>([]);
  #nextId = 1;

  /** Tells something. It goes by itself unless it is an error or has actions. Returns how to take it away. */
  tell(kind: Notice["kind"], text: string, actions: NoticeAction[] = []): () => void {
    const id = this.#nextId++;
    const others = this.list.filter((notice) => notice.text !== text);
    this.list = [...others, { id, kind, text, actions }].slice(-NOTICES_MAX);
    const close = () => this.close(id);
    if (kind === "info" && actions.length === 0) setTimeout(close, INFO_MS);
    return close;
  }

  info(text: string, actions: NoticeAction[] = []): void {
    this.tell("info", text, actions);
  }

  error(text: string, actions: NoticeAction[] = []): void {
    this.tell("error", text, actions);
  }

  /** Tells what could not be done, and why. What was cancelled is no failure. */
  failure(what: string, error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.error(`${what}: ${sentence(error)}`);
  }

  close(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}
