// Globs for files that are left out, as in a `.gitignore`.

/** Whether a path below a folder fits one of some globs: a glob without a slash is one for names. */
export function matcherOf(globs: readonly string[]): (relative: string) => boolean {
  const expressions = globs.filter((glob) => glob.trim() !== "").map(expressionOf);
  return (relative) => expressions.some((expression) => expression.test(relative));
}

function expressionOf(glob: string): RegExp {
  const plain = glob.trim().replace(/\/+$/, "").replace(/^\//, "");
  const isForNames = !glob.trim().replace(/\/+$/, "").includes("/");
  let source = "";
  for (let at = 0; at < plain.length; at++) {
    const rest = plain.slice(at);
    const letter = plain[at] as string;
    if (rest.startsWith("**/")) {
      source += "(?:.*/)?";
      at += 2;
    } else if (rest.startsWith("**")) {
      source += ".*";
      at += 1;
    } else if (letter === "*") source += "[^/]*";
    else if (letter === "?") source += "[^/]";
    else if (letter === "{") source += "(?:";
    else if (letter === "}") source += ")";
    else if (letter === "," && source.includes("(?:")) source += "|";
    else source += letter.replace(/[\\^$.|+()[\]]/, "\\$&");
  }
  try {
    return new RegExp(`${isForNames ? "(?:^|/)" : "^"}${source}$`, "u");
  } catch {
    // Nothing fits what is no glob.
    return /(?!)/;
  }
}
