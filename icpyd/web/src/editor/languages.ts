// Languages by the names of files. Each is loaded when the first file of it is shown.

import type { LanguageDescription } from "@codemirror/language";
import { nameOf } from "../protocol.ts";

/** What a file is that has no language. */
export const PLAIN_TEXT = "Plain Text";

let loaded: Promise<LanguageDescription[]> | undefined;

/** What other programs' files are, that the list does not know by name. */
const ALIASES: Array<[RegExp, string]> = [
  [/^(\.bashrc|\.profile|\.bash_profile|\.zshrc|PKGBUILD)$/, "Shell"],
  [/\.(jsonc|jsonl|webmanifest)$|^\.babelrc$|^\.eslintrc$/, "JSON"],
  [/^(Cargo|uv|poetry|Pipfile)\.lock$|^Pipfile$/, "TOML"],
  [/\.(svelte|vue)$/, "HTML"],
  [/^(Gemfile|Rakefile|Vagrantfile)$/, "Ruby"],
];

/** All that there are. */
export function languages(): Promise<LanguageDescription[]> {
  loaded ??= import("@codemirror/language-data").then((module) => module.languages);
  return loaded;
}

/** A language by its name; nothing where it is plain text. */
export async function languageNamed(name: string): Promise<LanguageDescription | null> {
  return (await languages()).find((language) => language.name === name) ?? null;
}

/** The language of a file; nothing where it is plain text. */
export async function languageOf(path: string): Promise<LanguageDescription | null> {
  const { LanguageDescription } = await import("@codemirror/language");
  const all = await languages();
  const name = nameOf(path);
  const alias = ALIASES.find(([pattern]) => pattern.test(name))?.[1];
  const byAlias = alias ? all.find((language) => language.name === alias) : null;
  return byAlias ?? LanguageDescription.matchFilename(all, name);
}
