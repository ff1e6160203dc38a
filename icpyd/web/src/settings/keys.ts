// Which commands the table of keys shows.

import type { Command } from "../workbench/commands.svelte.ts";
import { bindings, shownKeys } from "../workbench/keys.ts";

/** The keys of each command that has some, by its name. */
export function keysByCommand(commands: Command[], own: Record<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [keys, id] of bindings(commands, own)) found.set(id, [...(found.get(id) ?? []), keys]);
  return found;
}

/** Those whose title or keys have each word of a query. */
export function fitting(commands: Command[], byCommand: Map<string, string[]>, query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = ({ id, category, title }: Command) =>
    `${category}: ${title} ${(byCommand.get(id) ?? []).map(shownKeys).join(" ")}`.toLowerCase();
  return commands.filter((command) => !command.isHidden && words.every((word) => textOf(command).includes(word)));
}
