// Files on their way to the daemon: in pieces, several at once, each there as a whole in the end or not at all.

import type { Connection } from "../connection/connection.ts";
import { ConnectionLost, RpcError, sentence } from "../connection/message.ts";
import { nameOf, pathOf } from "../protocol.ts";
import type { Notices } from "../workbench/notices.svelte.ts";
import type { Incoming } from "./dropped.ts";
import { copyName } from "./names.ts";
import type { Operations } from "./operations.ts";
import { joined, parentOf, shownName } from "./paths.ts";

interface Parts {
  connection: Connection;
  notices: Notices;
  operations: Operations;
  onChanged: (paths: string[]) => void;
}

/** How far it is. */
export interface Progress {
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
}

interface Upload {
  /** Where it is to be. */
  target: string;
  file: File;
  mustBeNew: boolean;
}

/** What became of it. */
type Outcome = "done" | "taken" | "failed";

/** Divisible by three, so that no piece but the last has padding. */
const PIECE_BYTES = 192 << 10;
/** So many pieces of a file are under way. */
const PIECES_MAX = 4;
const FILES_MAX = 3;
/** How often a file is sent again that the daemon has forgotten. */
const ATTEMPTS = 3;

export class Uploads {
  /** How far all that is under way is; nothing when nothing is. */
  progress = $state.raw<Progress | null>(null);
  readonly #parts: Parts;
  #controller = new AbortController();
  #batches = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Ends all that is under way. What is complete stays. */
  cancel(): void {
    this.#controller.abort(new DOMException("the upload was cancelled", "AbortError"));
    this.#controller = new AbortController();
  }

  /** Uploads things into a folder. Returns the paths of those that are there then. */
  async add(folder: string, incoming: Incoming[]): Promise<string[]> {
    const { signal } = this.#controller;
    const files = incoming.filter((it): it is Incoming & { file: File } => it.file !== null);
    const uploads = files.map(({ path, file }) => ({ target: joined(folder, path), file, mustBeNew: true }));
    this.#batches += 1;
    this.#count({ files: uploads.length, bytes: uploads.reduce((sum, { file }) => sum + file.size, 0) });
    try {
      for (const { path } of incoming.filter(({ file }) => file === null))
        await this.#makeFolder(joined(folder, path), signal);
      const first = await this.#send(uploads, signal);
      const done = [...first.done, ...(await this.#settle(folder, first.taken, signal))];
      this.#parts.onChanged([...new Set(incoming.map(({ path }) => joined(folder, path.split("/")[0] ?? path)))]);
      if (done.length > 0) this.#parts.notices.info(`Uploaded ${countedFiles(done.length)} to ${shownName(folder)}.`);
      return done;
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#parts.notices.info("The upload was cancelled. What was complete has stayed.");
      return [];
    } finally {
      this.#batches -= 1;
      if (this.#batches === 0) this.progress = null;
    }
  }

  async #makeFolder(path: string, signal: AbortSignal): Promise<void> {
    await this.#parts.connection.call("fs:create_directory", { path: pathOf(path) }, { signal, repeat: true });
  }

  async #settle(folder: string, taken: Upload[], signal: AbortSignal): Promise<string[]> {
    if (taken.length === 0) return [];
    const names = taken.map(({ target }) => nameOf(target));
    const answer = await this.#parts.operations.ask(names, folder, "What was there is lost when it is replaced.");
    if (answer === null || answer === "skip") return [];
    const again = answer === "replace" ? taken.map((it) => ({ ...it, mustBeNew: false })) : await this.#renamed(taken);
    this.#count({ filesDone: -taken.length });
    return (await this.#send(again, signal)).done;
  }

  async #renamed(uploads: Upload[]): Promise<Upload[]> {
    const names = new Map<string, Set<string>>();
    const renamed: Upload[] = [];
    for (const upload of uploads) {
      const folder = parentOf(upload.target) ?? "/";
      const taken = names.get(folder) ?? (await this.#parts.operations.namesIn(folder));
      const name = copyName(nameOf(upload.target), taken, false);
      names.set(folder, taken.add(name));
      renamed.push({ ...upload, target: joined(folder, name) });
    }
    return renamed;
  }

  async #send(uploads: Upload[], signal: AbortSignal): Promise<{ done: string[]; taken: Upload[] }> {
    const waiting = [...uploads];
    const result = { done: [] as string[], taken: [] as Upload[] };
    const work = async () => {
      for (let upload = waiting.shift(); upload; upload = waiting.shift()) {
        const outcome = await this.#sendOne(upload, signal);
        if (outcome === "done") result.done.push(upload.target);
        if (outcome === "taken") result.taken.push(upload);
        this.#count({ filesDone: 1 });
      }
    };
    await Promise.all(Array.from({ length: FILES_MAX }, work));
    return result;
  }

  async #sendOne(upload: Upload, signal: AbortSignal): Promise<Outcome> {
    let sent = 0;
    const onSent = (bytes: number) => {
      sent += bytes;
      this.#count({ bytesDone: bytes });
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(upload, onSent, signal);
        return "done";
      } catch (error) {
        signal.throwIfAborted();
        this.#count({ bytesDone: -sent });
        sent = 0;
        const kind = error instanceof RpcError ? error.kind : null;
        if (kind === "already_exists") return "taken";
        const isForgotten = kind === "not_found" || kind === "gone" || error instanceof ConnectionLost;
        if (isForgotten && attempt < ATTEMPTS) continue;
        this.#parts.notices.error(`${nameOf(upload.target)} was not uploaded: ${sentence(error)}`);
        return "failed";
      }
    }
  }

  async #write({ target, file, mustBeNew }: Upload, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    const { connection } = this.#parts;
    const options = { signal, repeat: true };
    const { writeId } = await connection.call(
      "fs:begin_write",
      { path: pathOf(target), mustBeNew, makeFolders: true },
      options,
    );
    try {
      const pieces = new Set<Promise<void>>();
      for (let at = 0; at < file.size; at += PIECE_BYTES) {
        const bytes = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
        const params = { writeId, at, content: base64(bytes), encoding: "base64" as const };
        const piece: Promise<void> = connection.call("fs:write_part", params, options).then(() => {
          pieces.delete(piece);
          onSent(bytes.length);
        });
        // One that fails is met below, and must not be unmet before.
        piece.catch(() => {});
        pieces.add(piece);
        if (pieces.size >= PIECES_MAX) await Promise.race(pieces);
      }
      await Promise.all(pieces);
      signal.throwIfAborted();
      await connection.call("fs:commit_write", { writeId });
    } catch (error) {
      if (await this.#isThere(error, target, file)) return;
      connection.call("fs:abort_write", { writeId }).catch(() => {});
      throw error;
    }
  }

  /** Whether the file is complete, where the answer to its last request was lost. */
  async #isThere(error: unknown, target: string, file: File): Promise<boolean> {
    if (!(error instanceof ConnectionLost)) return false;
    try {
      const { size } = await this.#parts.connection.call("fs:stat", { path: pathOf(target) }, { repeat: true });
      return size === file.size;
    } catch {
      return false;
    }
  }

  #count(change: Partial<Progress>): void {
    const before = this.progress ?? { files: 0, filesDone: 0, bytes: 0, bytesDone: 0 };
    this.progress = {
      files: before.files + (change.files ?? 0),
      filesDone: before.filesDone + (change.filesDone ?? 0),
      bytes: before.bytes + (change.bytes ?? 0),
      bytesDone: before.bytesDone + (change.bytesDone ?? 0),
    };
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function countedFiles(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}
