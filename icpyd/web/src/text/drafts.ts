// Keeps drafts in the browser's own database, and finds those of tabs that have ended.
//
// The text that a draft begins with changes seldom, and may be large: it is written only when it is another one.

import type { Draft } from "./draft.ts";

const DATABASE = "icpy.drafts";
const STORES = { drafts: "drafts", texts: "texts" } as const;
/** What the locks of tabs, and drafts of the last moment, are named after. */
const LOCK = "icpy.tab.";
const LAST = "icpy.draft.";
const TEXT_LENGTH_MAX = 1_000_000;

type Key = [tab: string, path: string];

export class Drafts {
  /** Names this tab. */
  readonly tab: string = crypto.randomUUID();
  readonly #database: Promise<IDBDatabase>;
  /** Of which revision the text of each draft is that is written. */
  readonly #written = new Map<string, string>();

  constructor() {
    this.#database = openDatabase();
    void navigator.locks.request(LOCK + this.tab, () => new Promise(() => {}));
  }

  /** Keeps a draft until it is removed. */
  async write(path: string, draft: Omit<Draft, "path" | "tab">): Promise<void> {
    const { settled, ...rest } = draft;
    const key: Key = [this.tab, path];
    const revision = `${draft.epoch} ${draft.settledRev}`;
    const transaction = (await this.#database).transaction(Object.values(STORES), "readwrite", { durability: "relaxed" });
    if (this.#written.get(path) !== revision) transaction.objectStore(STORES.texts).put(settled, key);
    transaction.objectStore(STORES.drafts).put({ ...rest, path, tab: this.tab }, key);
    await ended(transaction);
    this.#written.set(path, revision);
  }

  /** Forgets a draft: all of it is safe. */
  async remove(path: string, tab = this.tab): Promise<void> {
    localStorage.removeItem(LAST + JSON.stringify([tab, path]));
    if (tab === this.tab) this.#written.delete(path);
    const transaction = (await this.#database).transaction(Object.values(STORES), "readwrite");
    for (const store of Object.values(STORES)) transaction.objectStore(store).delete([tab, path]);
    await ended(transaction);
  }

  /** Keeps a draft at once, while the tab goes away. */
  writeLast(path: string, draft: Omit<Draft, "path" | "tab">): void {
    if (draft.settled.length > TEXT_LENGTH_MAX) void this.write(path, draft);
    else localStorage.setItem(LAST + JSON.stringify([this.tab, path]), JSON.stringify({ ...draft, path, tab: this.tab }));
  }

  /** Hands over the drafts of other tabs, each tab's when that has ended. They stay until they are removed. */
  async recover(take: (draft: Draft) => Promise<void>): Promise<void> {
    const tabs = new Set((await this.#all()).map(({ tab }) => tab));
    tabs.delete(this.tab);
    for (const tab of tabs) {
      void navigator.locks.request(LOCK + tab, async () => {
        const drafts = (await this.#all()).filter((draft) => draft.tab === tab);
        await Promise.all(drafts.map(take));
      });
    }
  }

  async #all(): Promise<Draft[]> {
    const transaction = (await this.#database).transaction(Object.values(STORES), "readonly");
    const drafts = transaction.objectStore(STORES.drafts);
    const texts = transaction.objectStore(STORES.texts);
    const [rests, keys, settled] = await Promise.all([
      answered<Array<Omit<Draft, "settled">>>(drafts.getAll()),
      answered<IDBValidKey[]>(texts.getAllKeys()),
      answered<string[]>(texts.getAll()),
    ]);
    const byKey = new Map(keys.map((key, index) => [JSON.stringify(key), settled[index]]));
    const found = new Map<string, Draft>();
    for (const rest of rests) {
      const key = JSON.stringify([rest.tab, rest.path]);
      const text = byKey.get(key);
      if (text !== undefined) found.set(key, { ...rest, settled: text });
    }
    // What was written while a tab went away is newer than what it wrote before.
    for (const name of Object.keys(localStorage)) {
      const draft = name.startsWith(LAST) ? localStorage.getItem(name) : null;
      if (draft) found.set(name.slice(LAST.length), JSON.parse(draft));
    }
    return [...found.values()];
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    for (const store of Object.values(STORES)) opening.result.createObjectStore(store);
  };
  return answered(opening);
}

function answered<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
