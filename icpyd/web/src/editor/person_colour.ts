// A colour for each person: the same one wherever they are shown, readable in every theme.

const HUES = [212, 145, 28, 285, 340, 178, 52, 255];

/** The colour of a person, by whatever names them. */
export function personColour(name: string): string {
  let sum = 0;
  for (const character of name) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0;
  const hue = HUES[Math.abs(sum) % HUES.length];
  return `light-dark(hsl(${hue} 75% 33%), hsl(${hue} 80% 76%))`;
}
