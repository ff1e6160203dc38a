// Which terminals stand side by side, and in which order their tabs are: shared by all windows of the workspace.

/** Terminals that are shown side by side. */
export interface Group {
  terminals: string[];
  /** How much of the width each has, of 1 in all. */
  sizes: number[];
}

/** What the record holds. */
export interface GroupsRecord {
  groups: Group[];
}

/** Where a terminal goes. */
export type Place = { kind: "new_group"; before: string | null } | { kind: "beside"; terminal: string };

const SIZE_MIN = 0.1;

/** The groups of those terminals that there are. Whoever is in none has one of its own at the end. */
export function groupsOf(record: unknown, terminals: string[]): Group[] {
  const left = new Set(terminals);
  const groups: Group[] = [];
  for (const stored of storedGroups(record)) {
    const kept = stored.terminals.map((id, at) => ({ id, size: stored.sizes[at] ?? 0 })).filter(({ id }) => left.delete(id));
    if (kept.length > 0) groups.push(evened({ terminals: kept.map(({ id }) => id), sizes: kept.map(({ size }) => size) }));
  }
  for (const id of left) groups.push({ terminals: [id], sizes: [1] });
  return groups;
}

/** Puts a terminal somewhere, away from where it was. */
export function placed(groups: Group[], id: string, place: Place): Group[] {
  const others = removed(groups, id);
  if (place.kind === "beside") {
    return others.map((group) => {
      const at = group.terminals.indexOf(place.terminal);
      if (at < 0) return group;
      const terminals = group.terminals.toSpliced(at + 1, 0, id);
      return { terminals, sizes: terminals.map(() => 1 / terminals.length) };
    });
  }
  const at = others.findIndex((group) => place.before !== null && group.terminals.includes(place.before));
  return others.toSpliced(at < 0 ? others.length : at, 0, { terminals: [id], sizes: [1] });
}

/** Takes a terminal out. */
export function removed(groups: Group[], id: string): Group[] {
  return groups
    .map((group) => {
      const at = group.terminals.indexOf(id);
      if (at < 0) return group;
      return evened({ terminals: group.terminals.toSpliced(at, 1), sizes: group.sizes.toSpliced(at, 1) });
    })
    .filter(({ terminals }) => terminals.length > 0);
}

/** Puts another terminal in the place of one. */
export function replaced(groups: Group[], id: string, by: string): Group[] {
  return removed(groups, by).map((group) => ({ ...group, terminals: group.terminals.map((it) => (it === id ? by : it)) }));
}

/** Moves a terminal among the tabs: within its group, and where that ends, its group among the groups. */
export function moved(groups: Group[], id: string, step: -1 | 1): Group[] {
  const from = groups.findIndex(({ terminals }) => terminals.includes(id));
  const group = groups[from];
  if (!group) return groups;
  const at = group.terminals.indexOf(id);
  if (group.terminals[at + step] !== undefined) {
    return groups.with(from, { terminals: swapped(group.terminals, at, step), sizes: swapped(group.sizes, at, step) });
  }
  return groups[from + step] === undefined ? groups : swapped(groups, from, step);
}

/** Changes how much of a group's width a terminal has; its right neighbour gives it. */
export function resized(groups: Group[], id: string, size: number): Group[] {
  return groups.map((group) => {
    const at = group.terminals.indexOf(id);
    const [own, next] = [group.sizes[at], group.sizes[at + 1]];
    if (own === undefined || next === undefined) return group;
    const changed = Math.min(Math.max(size, SIZE_MIN), own + next - SIZE_MIN);
    return { ...group, sizes: group.sizes.toSpliced(at, 2, changed, own + next - changed) };
  });
}

function swapped<T>(list: T[], at: number, step: number): T[] {
  const [one, other] = [list[at] as T, list[at + step] as T];
  return list.with(at, other).with(at + step, one);
}

/** Sizes that are 1 in all. */
function evened(group: Group): Group {
  const total = group.sizes.reduce((sum, size) => sum + size, 0);
  const isWhole = group.sizes.length === group.terminals.length && group.sizes.every((size) => size > 0);
  const { length } = group.terminals;
  return { ...group, sizes: group.terminals.map((_, at) => (isWhole ? (group.sizes[at] as number) / total : 1 / length)) };
}

/** What the record says, as far as it makes sense: any client may write it. */
function storedGroups(record: unknown): Group[] {
  const groups = (record as GroupsRecord | undefined)?.groups;
  if (!Array.isArray(groups)) return [];
  return groups.map((group) => ({
    terminals: Array.isArray(group?.terminals) ? group.terminals.filter((id) => typeof id === "string") : [],
    sizes: Array.isArray(group?.sizes) ? group.sizes.map((size) => (Number.isFinite(size) && size > 0 ? size : 0)) : [],
  }));
}
