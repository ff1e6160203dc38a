// What the palette finds: files of the workspace, places in the file in front, and commands.

import type { FilePath } from "$protocol";
import { folderOf, nameOf, pathText, relativeTo } from "../protocol.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import { match, rank } from "./fuzzy.ts";
import type { PaletteItem, PaletteSource } from "./palette.svelte.ts";

const FILES_MAX = 60;
const PARTIAL_MS = 50;
const COMMANDS_KEPT_MAX = 8;
const USED_COMMANDS = "icpy.commands";

/** Files by their names, the best that the daemon knows; with nothing asked, those used last. */
export function fileSource(workbench: Workbench): PaletteSource {
  return {
    prefix: "",
    hint: "Files by name; > for commands, : for a line",
    nothing: "No file is named so",
    async find(query, signal) {
      const [, name = "", line, column] = /^(.*?)(?::(\d+))?(?::(\d+))?:?$/.exec(query) ?? [];
      const position = line ? { line: Number(line), column: column ? Number(column) : null } : null;
      const paths = name ? await foundFiles(workbench, name, signal) : recentFiles(workbench);
      const root = rootOf(workbench);
      return paths.map((path): PaletteItem => {
        const folder = relativeTo(root, folderOf(path));
        return {
          id: path,
          title: nameOf(path),
          detail: folder === root ? "" : folder,
          places: match(name, nameOf(path))?.places ?? [],
          run: () => workbench.openFile(path, position),
        };
      });
    },
  };
}

function rootOf({ workspaces }: Workbench): string {
  return workspaces.current ? pathText(workspaces.current.root) : "/";
}

async function foundFiles({ connection, workspaces }: Workbench, query: string, signal: AbortSignal): Promise<string[]> {
  const { root, folders = [] } = workspaces.current ?? { root: "/" };
  const answers = [root, ...folders].map(async (path: FilePath) => {
    for (;;) {
      const { files, isPartial } = await connection.call(
        "fs:find",
        { path, query, limit: FILES_MAX },
        { signal, repeat: true },
      );
      if (!isPartial || files.length === FILES_MAX) return files.map((file) => `${pathText(path)}/${pathText(file)}`);
      // The folder is still being read.
      await new Promise((resolve) => setTimeout(resolve, PARTIAL_MS));
    }
  });
  return (await Promise.all(answers)).flat().slice(0, FILES_MAX);
}

/** Files that were used, the last first, but for the one in front, which is there already. */
function recentFiles({ records, workspaces, activePath }: Workbench): string[] {
  const used = records.below("recent_file/").flatMap(([, value]) => {
    const { path, usedAtMs } = value as { path?: FilePath; usedAtMs?: number };
    return path === undefined ? [] : [{ path: pathText(path), usedAtMs: usedAtMs ?? 0 }];
  });
  used.sort((a, b) => b.usedAtMs - a.usedAtMs);
  const open = workspaces.files.map(({ path }) => path);
  return [...new Set([...used.map(({ path }) => path), ...open])].filter((path) => path !== activePath).slice(0, FILES_MAX);
}

/** Commands by their titles, those used last first. */
export function commandSource({ commands }: Workbench): PaletteSource {
  return {
    prefix: ">",
    hint: "Commands",
    nothing: "No command is called so",
    find(query) {
      const used: string[] = JSON.parse(localStorage.getItem(USED_COMMANDS) ?? "[]");
      const all = commands.list.filter(({ isHidden, isEnabled }) => !isHidden && (isEnabled?.() ?? true));
      const place = (id: string) => (used.includes(id) ? used.indexOf(id) : used.length);
      const sorted = all.toSorted((a, b) => place(a.id) - place(b.id) || titleOf(a).localeCompare(titleOf(b)));
      return rank(query.trim(), sorted, titleOf).map(({ item, places }) => ({
        id: item.id,
        title: titleOf(item),
        keys: item.keys?.[0],
        places,
        run: () => {
          const kept = [item.id, ...used.filter((id) => id !== item.id)].slice(0, COMMANDS_KEPT_MAX);
          localStorage.setItem(USED_COMMANDS, JSON.stringify(kept));
          return commands.run(item.id);
        },
      }));
    },
  };
}

function titleOf({ category, title }: { category: string; title: string }): string {
  return `${category}: ${title}`;
}

/** A line of the file in front. */
export function lineSource(workbench: Workbench): PaletteSource {
  return {
    prefix: ":",
    hint: "Line, or line:column",
    nothing: "Type the number of a line",
    find(query) {
      const { activePath } = workbench;
      const [, line, column] = /^\s*(\d+)(?::(\d+))?:?\s*$/.exec(query) ?? [];
      if (!activePath || !line || Number(line) === 0) return [];
      const position = { line: Number(line), column: Number(column) || null };
      const title = `Go to line ${line}${position.column ? `, column ${column}` : ""}`;
      return [{ id: "line", title, detail: nameOf(activePath), run: () => workbench.openFile(activePath, position) }];
    },
  };
}
