// Which open file is in which group of editors. The windows of a workspace share it.

/** A group of editors, beside the others. */
export interface Group {
  id: string;
  /** The ids of its files, in the order of their tabs. */
  files: string[];
  /** Its part of the width, in relation to the others'. */
  size: number;
}

/** At most so many stand side by side. */
export const GROUPS_MAX = 4;
const FIRST: Group = { id: "1", files: [], size: 1 };

/** The groups as they are shown: of files that are open, and of all of those. */
export function arranged(stored: unknown, open: string[]): Group[] {
  const groups = readGroups(stored).map((group) => ({
    ...group,
    files: [...new Set(group.files)].filter((file) => open.includes(file)),
  }));
  const [first = FIRST, ...others] = groups.filter((group, index) => index === 0 || group.files.length > 0);
  const placed = new Set(groups.flatMap(({ files }) => files));
  const files = [...first.files, ...open.filter((file) => !placed.has(file))];
  if (files.length === 0 && others[0]) return others;
  return [{ ...first, files }, ...others];
}

/** A file is in a group too, before a place or at the end. */
export function added(groups: Group[], groupId: string, file: string, before: string | null = null): Group[] {
  return groups.map((group) => {
    if (group.id !== groupId) return group;
    const files = group.files.filter((it) => it !== file);
    const at = before === null ? -1 : files.indexOf(before);
    files.splice(at < 0 ? files.length : at, 0, file);
    return { ...group, files };
  });
}

/** A file is not in a group any more. A group without files goes. */
export function removed(groups: Group[], groupId: string, file: string): Group[] {
  const left = groups.map((group) => {
    return group.id === groupId ? { ...group, files: group.files.filter((it) => it !== file) } : group;
  });
  const full = left.filter(({ files }) => files.length > 0);
  return full.length > 0 ? full : left.slice(0, 1);
}

/** A file goes from one group to another. */
export function moved(groups: Group[], from: string, to: string, file: string, before: string | null = null): Group[] {
  const there = added(groups, to, file, before);
  return from === to ? there : removed(there, from, file);
}

/** There is one more group, to the right of another, with a file. */
export function split(groups: Group[], groupId: string, file: string): { groups: Group[]; id: string } {
  const at = groups.findIndex(({ id }) => id === groupId);
  const id = String(Math.max(0, ...groups.map((group) => Number(group.id) || 0)) + 1);
  const size = (groups[at]?.size ?? 1) / 2;
  const resized = groups.map((group, index) => (index === at ? { ...group, size } : group));
  return { groups: resized.toSpliced(at + 1, 0, { id, files: [file], size }), id };
}

function readGroups(stored: unknown): Group[] {
  const groups = (stored as { groups?: unknown } | undefined)?.groups;
  if (!Array.isArray(groups)) return [FIRST];
  const isGroup = (it: Group) => typeof it?.id === "string" && Array.isArray(it.files) && it.size > 0;
  const read = groups.filter(isGroup).slice(0, GROUPS_MAX);
  return read.length > 0 ? read : [FIRST];
}
