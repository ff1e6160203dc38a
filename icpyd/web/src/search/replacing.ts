// Replaces what was shown, in the versions that were shown. What has changed meanwhile is left alone, and told.

import type { FsPreviewReplaceParams } from "$protocol";
import { RpcError } from "../connection/message.ts";
import { explorerOf } from "../explorer/explorer.svelte.ts";
import { pathOf } from "../protocol.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { counted, type FileResult } from "./results.ts";
import type { Search } from "./search.svelte.ts";
import { preview } from "./searching.ts";

/** What came of it. */
interface Replaced {
  matches: number;
  files: number;
  operationIds: string[];
  /** Files that were left alone, since they have changed. */
  changed: FileResult[];
}

/** Files that change all the time are given up then. */
const ATTEMPTS = 3;

/** Replaces all that is shown of some files. */
export async function replaceIn(search: Search, files: readonly FileResult[], replacement: string): Promise<void> {
  const { workbench } = search;
  const wanted = await withoutUnsaved(search, files);
  if (wanted.length === 0) return;
  const replaced: Replaced = { matches: 0, files: 0, operationIds: [], changed: [] };
  for (const [root, those] of Map.groupBy(wanted, (file) => file.root)) {
    const params = { search: { ...search.params, path: pathOf(root) }, replacement };
    await replaceBelow(workbench, root, params, those, replaced);
  }
  tell(workbench, replaced);
  await search.search();
}

async function replaceBelow(
  workbench: Workbench,
  root: string,
  params: FsPreviewReplaceParams,
  files: FileResult[],
  replaced: Replaced,
): Promise<void> {
  let left = files;
  for (let attempt = 1; left.length > 0; attempt++) {
    const versions = left.map(({ relative, baseVersion }) => ({ path: relative, baseVersion: baseVersion ?? "" }));
    try {
      const done = await workbench.connection.call("fs:replace", { preview: params, files: versions });
      replaced.matches += done.replaced;
      replaced.files += done.files.length;
      if (done.operationId) replaced.operationIds.push(done.operationId);
      return;
    } catch (error) {
      const isChanged = error instanceof RpcError && (error.kind === "conflict" || error.kind === "not_found");
      if (!isChanged || attempt === ATTEMPTS) throw error;
      const now = await preview(workbench.connection, root, params, new AbortController().signal);
      const known = new Map(now.files.map((file) => [file.path, file.baseVersion]));
      replaced.changed.push(...left.filter((file) => known.get(file.path) !== file.baseVersion));
      left = left.filter((file) => known.get(file.path) === file.baseVersion);
    }
  }
}

/** Asks what to do with open files that have text which is not on disk, and so was not searched. */
async function withoutUnsaved(search: Search, files: readonly FileResult[]): Promise<readonly FileResult[]> {
  const { connection, dialogs, workspaces } = search.workbench;
  const paths = new Set(files.map(({ path }) => path));
  const open = workspaces.files.filter(({ path }) => paths.has(path));
  const texts = await Promise.all(
    open.map(async (file) => ({
      file,
      text: await connection.call("file:get_text", { fileId: file.fileId }, { repeat: true }),
    })),
  );
  const unsaved = texts.filter(({ text }) => text.isDirty).map(({ file }) => file);
  const [first] = unsaved;
  if (!first) return files;
  const name = files.find(({ path }) => path === first.path)?.name;
  const what = unsaved.length === 1 ? `${name} has` : `${unsaved.length} files have`;
  const text = "What is shown is what is on disk. Changes that are not saved would not be searched.";
  const choices = [
    { title: unsaved.length === 1 ? "Leave It Out" : "Leave Them Out", value: "skip" },
    { title: "Save and Replace", value: "save", isDefault: true },
  ];
  const answer = await dialogs.choose(`${what} unsaved changes`, text, choices);
  if (answer === null) return [];
  const unsavedPaths = new Set(unsaved.map(({ path }) => path));
  const others = files.filter(({ path }) => !unsavedPaths.has(path));
  if (answer === "skip") return others;
  for (const { fileId } of unsaved) await connection.call("file:save", { fileId });
  await search.search();
  return [...others, ...search.files.filter(({ path }) => unsavedPaths.has(path))];
}

function tell(workbench: Workbench, { matches, files, operationIds, changed }: Replaced): void {
  const { operations } = explorerOf(workbench);
  const text = `Replaced ${counted(matches, "match", "matches")} in ${counted(files, "file")}.`;
  if (matches > 0) operations.remember(text, operationIds);
  const [first] = changed;
  if (!first) return;
  const which = changed.length === 1 ? `${first.name} has` : `${first.name} and ${changed.length - 1} more have`;
  workbench.notices.tell(
    "warning",
    `${which} changed since what is to be replaced was shown, and stayed as it is. Look at it and replace again.`,
  );
}
