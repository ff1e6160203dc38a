// Asks the daemon: for lines that match, as they are found, or for how files would change.

import type { FilePath, FsGrepParams, FsMatch, FsPreviewReplaceParams, FsSkippedFile } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { joined, parentOf, shownName, shownPath } from "../explorer/paths.ts";
import { pathOf, pathText } from "../protocol.ts";
import { lineOf, lineOfEdit } from "./lines.ts";
import { type FileResult, withLines } from "./results.ts";

/** What came of a search. */
export interface Outcome {
  hasMore: boolean;
  skipped: FsSkippedFile[];
  /** Files and folders that could not be read. */
  failed: number;
}

/** At most so many lines are shown. */
export const LINES_MAX = 20_000;
const EDITS_MAX = 10_000;

export type Params = Omit<FsGrepParams, "path">;

/** Collects results as they come, file by file. */
export class Collector {
  readonly files: FileResult[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Takes a piece of a stream: an object on each line. */
  take(data: string): void {
    for (const text of data.split("\n")) if (text !== "") this.#add(JSON.parse(text) as FsMatch);
  }

  #add(match: FsMatch): void {
    const line = lineOf(match);
    const last = this.files.at(-1);
    if (last && pathText(last.relative) === pathText(match.path)) {
      last.lines.push(line);
      last.count += line.count;
    } else this.files.push(withLines(fileAt(this.#root, match.path), [line]));
  }
}

/** A file that was found, without lines. */
export function fileAt(root: string, relative: FilePath): FileResult {
  const path = joined(root, relative);
  const folder = parentOf(path);
  const below =
    folder === null || folder === root ? "" : shownPath(folder).slice(root === "/" ? 1 : shownPath(root).length + 1);
  return { path, root, relative, name: shownName(path), folder: below, lines: [], count: 0, baseVersion: null };
}

/** Finds lines in a folder, and tells of them as they come. */
export async function find(
  connection: Connection,
  root: string,
  params: Params,
  limit: number,
  onPart: (data: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const asked = { ...params, path: pathOf(root), limit, stream: true };
  const { hasMore, stats } = await connection.call("fs:grep", asked, { signal, onPart });
  return { hasMore, skipped: [], failed: stats.filesFailed };
}

/** Shows how files in a folder would change. */
export async function preview(
  connection: Connection,
  root: string,
  params: FsPreviewReplaceParams,
  signal: AbortSignal,
): Promise<Outcome & { files: FileResult[] }> {
  const search = { ...params.search, limit: EDITS_MAX };
  const found = await connection.call("fs:preview_replace", { ...params, search }, { signal, repeat: true });
  const files = found.files.map(({ path, baseVersion, edits }) => ({
    ...withLines(fileAt(root, path), edits.map(lineOfEdit)),
    baseVersion,
  }));
  return { files, hasMore: found.hasMore, skipped: found.skipped, failed: found.stats.filesFailed };
}
