// Finding what somebody means by some of its characters, in their order.

/** How well a text fits a query, and which of its characters do; nothing where it does not. */
export interface Match {
  score: number;
  /** Where the characters are that were found. */
  places: number[];
}

/** Where a word begins. */
function isWordStart(text: string, at: number): boolean {
  const before = text[at - 1];
  if (before === undefined) return true;
  const here = text[at] ?? "";
  return /[\s/_\-.:]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(here));
}

/** Matches a query. What stands together, and at the beginning of words, counts more; long texts count less. */
export function match(query: string, text: string): Match | null {
  const wanted = query.toLowerCase().replaceAll(" ", "");
  const lower = text.toLowerCase();
  const whole = lower.indexOf(query.toLowerCase());
  if (query && whole >= 0) {
    const places = Array.from(query, (_, index) => whole + index);
    return { score: 1000 + (isWordStart(text, whole) ? 500 : 0) - text.length, places };
  }
  const places: number[] = [];
  let score = 0;
  let from = 0;
  for (const character of wanted) {
    const start = wordStartWith(text, lower, character, from);
    const at = start ?? lower.indexOf(character, from);
    if (at < 0) return greedy(wanted, lower);
    score += start !== null ? 12 : at === from ? 6 : 1;
    places.push(at);
    from = at + 1;
  }
  return { score: score - text.length / 10, places };
}

/** The next word that begins with a character. */
function wordStartWith(text: string, lower: string, character: string, from: number): number | null {
  for (let at = lower.indexOf(character, from); at >= 0; at = lower.indexOf(character, at + 1)) {
    if (isWordStart(text, at)) return at;
  }
  return null;
}

/** Takes each character where it comes first: finds whatever can be found. */
function greedy(wanted: string, lower: string): Match | null {
  const places: number[] = [];
  let from = 0;
  for (const character of wanted) {
    const at = lower.indexOf(character, from);
    if (at < 0) return null;
    places.push(at);
    from = at + 1;
  }
  return { score: -lower.length, places };
}

/** Those of some that fit a query, the best first. */
export function rank<T>(query: string, all: T[], textOf: (item: T) => string): Array<{ item: T; places: number[] }> {
  if (!query) return all.map((item) => ({ item, places: [] }));
  const found = all.flatMap((item) => {
    const matched = match(query, textOf(item));
    return matched ? [{ item, ...matched }] : [];
  });
  return found.sort((a, b) => b.score - a.score);
}

/** A text in parts that are marked or not. */
export function marked(text: string, places: number[]): Array<{ text: string; isMarked: boolean }> {
  const at = new Set(places);
  const parts: Array<{ text: string; isMarked: boolean }> = [];
  for (let index = 0; index < text.length; index++) {
    const isMarked = at.has(index);
    const last = parts.at(-1);
    if (last && last.isMarked === isMarked) last.text += text[index];
    else parts.push({ text: text[index] ?? "", isMarked });
  }
  return parts;
}
