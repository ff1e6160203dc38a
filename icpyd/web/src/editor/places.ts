// Where the cursor was in each file: kept for when the window is loaded again.

interface Place {
  anchor: number;
  head: number;
}

const REMEMBERED = "icpy.places";

export class Places {
  #all: Record<string, Place> = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "{}");

  of(fileId: string): Place | null {
    return this.#all[fileId] ?? null;
  }

  keep(fileId: string, { anchor, head }: Place): void {
    this.#all[fileId] = { anchor, head };
  }

  store(): void {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(this.#all));
  }
}
