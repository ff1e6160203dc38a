// How the lines of a file end.

export type LineEnds = "lf" | "crlf" | "cr" | "mixed";

/** What people call them. */
export const LINE_ENDS: Record<LineEnds, string> = { lf: "LF", crlf: "CRLF", cr: "CR", mixed: "Mixed line ends" };

/** How the lines of a sample end. */
export function lineEndsOf(sample: string): LineEnds {
  const found = new Set(sample.replace(/\r$/, "").match(/\r\n|\r|\n/g));
  if (found.size > 1) return "mixed";
  if (found.has("\r\n")) return "crlf";
  return found.has("\r") ? "cr" : "lf";
}
