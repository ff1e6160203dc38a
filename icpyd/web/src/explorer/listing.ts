// What the daemon says of folders and of what is in them.

import type { FsListDirectoryResult, FsListPlace } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { RpcError } from "../connection/message.ts";
import { pathOf } from "../protocol.ts";
import { described, type Entry, entryOf, isInternal } from "./entry.ts";

/** The first page comes at once; the others are as large as they may be. */
const FIRST_PAGE = 500;
const PAGE = 10_000;
/** So many links of a folder are looked at for whether they lead to folders. */
const LINKS_MAX = 200;

/** Lists a folder. What is known of it so far is told again with every page. */
export async function list(
  connection: Connection,
  folder: string,
  onPage: (entries: Entry[], isLast: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal, repeat: true };
  let entries: Entry[] = [];
  let after: FsListPlace | null = null;
  do {
    const order = { sortBy: "natural", foldersFirst: true, details: true } as const;
    const limit: number = after ? PAGE : FIRST_PAGE;
    const params = { path: pathOf(folder), after, limit, ...order };
    const page: FsListDirectoryResult = await connection.call("fs:list_directory", params, options);
    const found = page.entries.map((entry) => entryOf(folder, entry)).filter((entry) => !isInternal(entry.path));
    await followLinks(connection, found, signal);
    entries = [...entries, ...found];
    after = page.nextAfter ?? null;
    onPage(entries, after === null);
  } while (after);
}

/** Describes what is at a path; nothing where there is nothing any more. */
export async function describe(connection: Connection, path: string): Promise<Entry | null> {
  if (isInternal(path)) return null;
  try {
    const found = await connection.call("fs:stat", { path: pathOf(path), noFollow: true }, { repeat: true });
    const entry = described(path, found);
    await followLinks(connection, [entry], new AbortController().signal);
    return entry;
  } catch (error) {
    if (error instanceof RpcError && error.kind === "not_found") return null;
    throw error;
  }
}

async function followLinks(connection: Connection, entries: Entry[], signal: AbortSignal): Promise<void> {
  const links = entries.filter((entry) => entry.kind === "symlink" && !entry.isBroken).slice(0, LINKS_MAX);
  const look = async (entry: Entry) => {
    try {
      const { kind } = await connection.call("fs:stat", { path: pathOf(entry.path) }, { signal, repeat: true });
      entry.isFolder = kind === "directory";
    } catch {
      // It leads where this user may not look: then it is shown as a link and no more.
    }
  };
  await Promise.all(links.map(look));
}
