// Text for which there is little room.

/** A text of at most so many characters: what is too long loses its middle. */
export function cutInMiddle(text: string, charactersMax: number): string {
  const characters = [...text];
  if (characters.length <= charactersMax) return text;
  const end = Math.ceil((charactersMax - 1) / 2);
  const begin = charactersMax - 1 - end;
  return `${characters.slice(0, begin).join("")}…${characters.slice(characters.length - end).join("")}`;
}
