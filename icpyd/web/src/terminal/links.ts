// What in the text of a terminal leads somewhere: addresses, and places in files the way that compilers and programs tell them.

export interface TextLink {
  /** Where it is in the text. */
  from: number;
  to: number;
  target: LinkTarget;
}

export type LinkTarget =
  | { kind: "address"; address: string }
  | { kind: "file"; path: string; line: number | null; column: number | null };

const ADDRESS = /\b(?:https?|ftp):\/\/[^\s<>"'`\u2500-\u257f]+/g;
/** `File "x.py", line 3`, as Python tells it. */
const QUOTED = /(?:File )?"([^"\n]+)", line (\d+)/g;
/** `path(12,3)`, as TypeScript and Visual C++ tell it. */
const BRACKETED = /([^\s"'`()[\]{}<>|,;:]+)\((\d+)(?:,\s?(\d+))?\)/g;
/** `path:12:3`, `path:12`, `path`. */
const PLAIN = /([^\s"'`()[\]{}<>|,;:=]+)(?::(\d+)(?::(\d+))?)?/g;
/** More than this is no line that a person reads. */
const TEXT_MAX = 4_000;

/** All links in a text, the first first; none is in another. */
export function findLinks(text: string): TextLink[] {
  const links: TextLink[] = [];
  const shown = text.slice(0, TEXT_MAX);
  const add = (from: number, to: number, target: LinkTarget) => {
    if (!links.some((link) => from < link.to && to > link.from)) links.push({ from, to, target });
  };
  for (const match of shown.matchAll(ADDRESS)) {
    const address = withoutEnd(match[0]);
    add(match.index, match.index + address.length, { kind: "address", address });
  }
  for (const match of shown.matchAll(QUOTED)) add(match.index, match.index + match[0].length, fileTarget(match));
  for (const match of shown.matchAll(BRACKETED)) add(match.index, match.index + match[0].length, fileTarget(match));
  for (const match of shown.matchAll(PLAIN)) {
    const target = fileTarget(match);
    // A sentence's full stop is no part of it.
    const name = match[2] ? match[0] : match[0].replace(/\.+$/, "");
    if (target.line === null) target.path = name;
    if (isPathLike(target.path, target.line)) add(match.index, match.index + name.length, target);
  }
  return links.sort((one, other) => one.from - other.from);
}

/** A path as a shell in a folder means it. */
export function resolvePath(path: string, folder: string, home: string | null): string | null {
  if (path.startsWith("~/")) return home ? normalPath(`${home}/${path.slice(2)}`) : null;
  return normalPath(path.startsWith("/") ? path : `${folder}/${path}`);
}

/** The folder that a shell tells: a path, or a `file:` address. */
export function toldFolder(told: string): string | null {
  if (told.startsWith("/")) return told;
  const match = /^file:\/\/[^/]*(\/.*)$/.exec(told);
  if (!match?.[1]) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

function fileTarget(match: RegExpExecArray): LinkTarget & { kind: "file" } {
  const number = (text: string | undefined) => (text ? Number(text) : null);
  return { kind: "file", path: match[1] ?? "", line: number(match[2]), column: number(match[3]) };
}

/** Whether it may be a path: what is none is not asked about. */
function isPathLike(path: string, line: number | null): boolean {
  if (path.length > 1_000 || /^[-+.\d/~]*$/.test(path)) return false;
  return line !== null || path.includes("/") || /\.\w{1,10}$/.test(path) || /^[A-Z]\w*file$/.test(path);
}

/** An address without what ends the sentence that it is in. */
function withoutEnd(address: string): string {
  let end = address.replace(/[.,;:!?]+$/, "");
  while (/[)\]}]$/.test(end)) {
    const close = end.at(-1) as string;
    const open = { ")": "(", "]": "[", "}": "{" }[close] as string;
    if (end.split(open).length >= end.split(close).length) break;
    end = end.slice(0, -1).replace(/[.,;:!?]+$/, "");
  }
  return end;
}

function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
