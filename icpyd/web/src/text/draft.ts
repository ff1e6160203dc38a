// What of a text must outlive its tab: written to the browser's own store while something typed is not safe with the daemon.

import type { SentEdit } from "./shared_text.ts";

/** A text with what was typed, serialised. */
export interface Draft {
  /** Names the tab: the lock of that name is held as long as the tab lives. */
  tab: string;
  /** The file, as a key. */
  path: string;
  /** Who has sent, and how many edits: what is sent next has the number that the tab may have sent it with after all. */
  client: string;
  seq: number;
  epoch: string;
  /** The revision up to which nothing of ours can be lost, and its text. */
  settledRev: number;
  settled: string;
  /** The revisions since. */
  since: Array<{ rev: number; changes: unknown; own: SentEdit | null }>;
  sent: { edit: SentEdit; changes: unknown } | null;
  pending: unknown;
}
