// Text as it is pasted into a terminal.

/** From so many characters on a paste is asked about. */
const LONG_CHARACTERS = 5_000;

/** Text the way a program gets it: lines end as by the Enter key, and nothing in it is a control sequence. */
export function pastedText(text: string, isBracketed: boolean): string {
  const typed = text.replace(/\r?\n/g, "\r").replaceAll("\x1b", "\u241b");
  return isBracketed ? `\x1b[200~${typed}\x1b[201~` : typed;
}

/** What to ask before text is pasted where each line would be run at once. Nothing where it is harmless. */
export function pasteQuestion(text: string, isBracketed: boolean): string | null {
  if (isBracketed) return null;
  const lines = text.replace(/\r?\n$/, "").split("\n").length;
  if (lines > 1) return `${lines.toLocaleString("en")} lines would be typed, and a shell would run each at once.`;
  if (text.length > LONG_CHARACTERS) return `${text.length.toLocaleString("en")} characters would be typed.`;
  return null;
}
