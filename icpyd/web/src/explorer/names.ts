// Names of files: which there may be, which one a copy gets, and in what order they stand.

const BYTES_MAX = 255;

/** What is wrong with a name for something new, as a sentence. One with `/` makes folders where that is allowed. */
export function problemOf(name: string, taken: ReadonlySet<string>, canHaveFolders: boolean): string | null {
  if (name.trim() === "") return "Type a name.";
  if (name.includes("\0")) return "A name cannot have a NUL character.";
  if (!canHaveFolders && name.includes("/")) return "A name cannot have a slash.";
  const parts = name.replace(/\/$/, "").split("/");
  if (parts.some((part) => part === "")) return "There is no name between two slashes, or before the first.";
  if (parts.some((part) => part === "." || part === "..")) return "The names . and .. mean folders that exist already.";
  const long = parts.find((part) => new TextEncoder().encode(part).length > BYTES_MAX);
  if (long !== undefined) return `A name has at most ${BYTES_MAX} bytes.`;
  if (parts.length === 1 && taken.has(parts[0] as string)) return `There is already something named ${parts[0]} here.`;
  return null;
}

/** What is allowed, and yet may be a mistake, as a sentence. */
export function doubtOf(name: string): string | null {
  const isPadded = name.split("/").some((part) => part !== "" && part !== part.trim());
  return isPadded ? "The name begins or ends with a space." : null;
}

/** A name like another one that nothing has yet: `a copy.txt`, `a copy 2.txt`. */
export function copyName(name: string, taken: ReadonlySet<string>, isFolder: boolean): string {
  if (!taken.has(name)) return name;
  const dot = isFolder ? -1 : name.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const plain = stem.replace(/ copy( \d+)?$/, "");
  for (let count = 1; ; count++) {
    const copy = `${plain} copy${count > 1 ? ` ${count}` : ""}${end}`;
    if (!taken.has(copy)) return copy;
  }
}

const PARTS = /\d+|\D/gu;

/** Compares names as the daemon does: numbers by their value, ASCII letters without their case. */
export function compareNames(one: string, other: string): number {
  const [parts, others] = [one.match(PARTS) ?? [], other.match(PARTS) ?? []];
  for (let at = 0; at < parts.length && at < others.length; at++) {
    const order = compareParts(parts[at] as string, others[at] as string);
    if (order !== 0) return order;
  }
  return parts.length - others.length || (one < other ? -1 : one > other ? 1 : 0);
}

function compareParts(one: string, other: string): number {
  if (isNumber(one) && isNumber(other)) {
    const [number, otherNumber] = [one.replace(/^0+/, ""), other.replace(/^0+/, "")];
    return number.length - otherNumber.length || (number < otherNumber ? -1 : number > otherNumber ? 1 : 0);
  }
  return (lower(one).codePointAt(0) ?? 0) - (lower(other).codePointAt(0) ?? 0);
}

function isNumber(part: string): boolean {
  return part >= "0" && part < ":";
}

function lower(letter: string): string {
  return letter >= "A" && letter <= "Z" ? letter.toLowerCase() : letter;
}
