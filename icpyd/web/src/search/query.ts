// What is searched for, and what of it the daemon is told.

import type { FsGrepParams } from "$protocol";

export interface Query {
  text: string;
  isCaseSensitive: boolean;
  isWholeWord: boolean;
  isExpression: boolean;
  /** Globs of files that alone are searched, separated by commas. */
  include: string;
  /** Globs of files that are not searched. */
  exclude: string;
  hasIgnored: boolean;
}

export const EMPTY: Query = {
  text: "",
  isCaseSensitive: false,
  isWholeWord: false,
  isExpression: false,
  include: "",
  exclude: "",
  hasIgnored: false,
};

/** What version control keeps for itself is never searched. */
const INTERNAL = ["!.git", "!.hg", "!.svn", "!.jj"];

/** The params of a search without the place where it looks. `excluded` are globs that the user never wants to see. */
export function paramsOf(query: Query, excluded: string[]): Omit<FsGrepParams, "path"> {
  const include = globsOf(query.include).flatMap(expand);
  const exclude = [...excluded, ...globsOf(query.exclude)].flatMap(expand).map((glob) => `!${glob}`);
  return {
    pattern: query.text,
    isLiteral: !query.isExpression,
    ignoreCase: !query.isCaseSensitive,
    wholeWord: query.isWholeWord,
    isMultiline: query.isExpression ? query.text.includes("\\n") : query.text.includes("\n"),
    hidden: true,
    noIgnore: query.hasIgnored,
    globs: [...include, ...exclude, ...INTERNAL],
  };
}

/** Globs that are separated by commas; those between braces belong to a glob. */
export function globsOf(text: string): string[] {
  const globs: string[] = [];
  let depth = 0;
  let glob = "";
  for (const letter of `${text},`) {
    if (letter === "{") depth += 1;
    if (letter === "}") depth = Math.max(0, depth - 1);
    if (letter === "," && depth === 0) {
      globs.push(glob.trim().replace(/^\.\//, ""));
      glob = "";
    } else glob += letter;
  }
  return globs.filter((it) => it !== "");
}

/** A folder's name means all that is in it too. */
function expand(glob: string): string[] {
  const plain = glob.replace(/\/+$/, "");
  if (plain.endsWith("**")) return [glob];
  return plain.replace(/^\//, "").includes("/") ? [plain, `${plain}/**`] : [plain, `**/${plain.replace(/^\//, "")}/**`];
}

/** What is wrong with a pattern or a glob, in the one sentence that says it. */
export function problemOf(message: string): string {
  const said = message.split("\n").findLast((line) => line.startsWith("error: "));
  const text = said ? said.slice("error: ".length) : (message.split("\n")[0] ?? message);
  const plain = text.replace(/^the pattern cannot be read: /, "");
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${plain.endsWith(".") ? "" : "."}`;
}
