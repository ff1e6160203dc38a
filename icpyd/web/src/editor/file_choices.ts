// What users have chosen for a file that is open, and all windows show: its language, and how it is indented.

import type { Records } from "../workbench/records.svelte.ts";
import type { Indentation } from "./indentation.ts";

interface Choices {
  /** The language by its name; without one it is the one of the file's name. */
  language?: string;
  indentation?: Indentation;
}

const PREFIX = "panel/web/file/";

export class FileChoices {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** The language that was chosen, by its name. */
  languageOf(fileId: string): string | null {
    return this.#of(fileId).language ?? null;
  }

  indentationOf(fileId: string): Indentation | null {
    return this.#of(fileId).indentation ?? null;
  }

  /** Chooses a language; with nothing, that of the file's name. */
  chooseLanguage(fileId: string, language: string | null): void {
    const { indentation } = this.#of(fileId);
    this.#set(fileId, { ...(indentation && { indentation }), ...(language !== null && { language }) });
  }

  /** Chooses how a file is indented; with nothing, as it is already or as it is preferred. */
  chooseIndentation(fileId: string, indentation: Indentation | null): void {
    const { language } = this.#of(fileId);
    this.#set(fileId, { ...(language !== undefined && { language }), ...(indentation && { indentation }) });
  }

  /** Forgets what was chosen for files that are not open any more. */
  keep(fileIds: Set<string>): void {
    for (const [key] of this.#records.below(PREFIX)) {
      if (!fileIds.has(key.slice(PREFIX.length))) this.#records.set(key, null);
    }
  }

  #of(fileId: string): Choices {
    return this.#records.get<Choices>(PREFIX + fileId) ?? {};
  }

  #set(fileId: string, choices: Choices): void {
    this.#records.set(PREFIX + fileId, Object.keys(choices).length > 0 ? choices : null);
  }
}
