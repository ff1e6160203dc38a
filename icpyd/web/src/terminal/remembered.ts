// What this window remembers of its terminals over a reload: the daemon tells it when it changes, and not anew.

export interface RememberedStatus {
  cwd: string | null;
  running: string | null;
}

interface Stored {
  activeId: string | null;
  statuses: Record<string, RememberedStatus>;
}

export class Remembered {
  readonly #key: string | null;
  readonly #stored: Stored;

  constructor(workspaceId: string | null) {
    this.#key = workspaceId && `icpy.terminals.${workspaceId}`;
    this.#stored = { activeId: null, statuses: {}, ...(this.#key ? read(this.#key) : {}) };
  }

  all(): Array<[string, RememberedStatus]> {
    return Object.entries(this.#stored.statuses);
  }

  set(id: string, status: RememberedStatus): void {
    this.#stored.statuses[id] = status;
    this.#store();
  }

  get activeId(): string | null {
    return this.#stored.activeId;
  }

  set activeId(id: string | null) {
    this.#stored.activeId = id;
    this.#store();
  }

  /** Forgets all but these. */
  keep(ids: Set<string>): void {
    for (const id of Object.keys(this.#stored.statuses)) if (!ids.has(id)) delete this.#stored.statuses[id];
    this.#store();
  }

  #store(): void {
    if (this.#key) sessionStorage.setItem(this.#key, JSON.stringify(this.#stored));
  }
}

function read(key: string): Partial<Stored> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}
