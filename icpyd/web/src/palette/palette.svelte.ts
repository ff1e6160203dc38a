// A field in which a few characters find what somebody wants: a file, a command, a workspace, or one of a choice.

export interface PaletteItem {
  /** Names it among those that are shown. */
  id: string;
  title: string;
  /** Said behind the title, quietly. */
  detail?: string;
  keys?: string;
  /** Where the characters of the query are in the title. */
  places?: number[];
  /** Does it. Where it returns a query, that is asked next. */
  run: () => unknown;
}

/** Where items come from. */
export interface PaletteSource {
  /** What a query begins with that is meant for it. */
  prefix: string;
  /** What can be found, as a hint. */
  hint: string;
  /** Said where nothing was found. */
  nothing: string;
  find(query: string, signal: AbortSignal): Promise<PaletteItem[]> | PaletteItem[];
}

export class Palette {
  isOpen = $state(false);
  query = $state("");
  /** Those that take part, but for a single choice that is asked for. */
  #sources: PaletteSource[] = [];
  #choice = $state.raw<PaletteSource | null>(null);

  /** Adds a source. Of those that fit a query the one with the longest prefix answers. */
  addSource(source: PaletteSource): void {
    this.#sources = [...this.#sources, source].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The source that answers what is asked now. */
  get source(): PaletteSource | undefined {
    return this.#choice ?? this.#sources.find(({ prefix }) => this.query.startsWith(prefix));
  }

  /** Opens it with the beginning of a query. */
  open(query = ""): void {
    this.#choice = null;
    this.query = query;
    this.isOpen = true;
  }

  /** Asks for one of a choice. */
  choose(source: Omit<PaletteSource, "prefix">, query = ""): void {
    this.#choice = { ...source, prefix: "" };
    this.query = query;
    this.isOpen = true;
  }

  close(): void {
    this.isOpen = false;
    this.#choice = null;
  }
}
