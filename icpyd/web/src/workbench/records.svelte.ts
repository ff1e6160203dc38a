// The workspace's shared state: records that every window of it shows, and may change. A change shows at once, and is taken back
// where the daemon refuses it.

import type { StateGetResult, StateMutation, StateUpdated } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { ConnectionLost } from "../connection/message.ts";

/** How often at most what changes all the time, such as a width that is dragged, is stored. */
const SETTLE_MS = 50;

export class Records {
  /** Whether it is known what they hold. */
  isKnown = $state(false);
  /** What each holds, by its key. */
  #values = $state.raw(new Map<string, unknown>());
  readonly #connection: Connection;
  #workspaceId: string | null = null;
  #revs = new Map<string, number>();
  /** Changes that are not stored yet, by their keys. */
  readonly #pending = new Map<string, unknown>();
  /** The keys of those that were not sent. */
  readonly #unsent = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    window.addEventListener("pagehide", () => void this.#store());
  }

  /** Shows those of a workspace from now on. */
  open(workspaceId: string): void {
    this.#end?.();
    void this.#store();
    this.#workspaceId = workspaceId;
    this.isKnown = false;
    this.#values = new Map();
    this.#revs.clear();
    this.#pending.clear();
    this.#end = this.#connection.follow<StateGetResult>({
      fetch: () => this.#connection.call("state:get", { workspaceId }),
      apply: ({ records }) => {
        this.#revs = new Map(records.map(({ key, rev }) => [key, rev]));
        this.#values = new Map([...records.map(({ key, value }) => [key, value] as const), ...this.#pending]);
        this.isKnown = true;
      },
      events: { "state:updated": (update) => this.#update(update) },
    });
  }

  /** What a record holds. */
  get<T>(key: string): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  /** The records whose keys begin so. */
  below(prefix: string): Array<[string, unknown]> {
    return [...this.#values].filter(([key]) => key.startsWith(prefix));
  }

  /** Changes a record, here and in the daemon; `null` removes it. Of what changes all the time not every value is stored. */
  set(key: string, value: unknown): void {
    this.#show(new Map([[key, value]]));
    this.#pending.set(key, value);
    this.#unsent.add(key);
    if (this.#timer !== undefined) return;
    void this.#store();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#store();
    }, SETTLE_MS);
  }

  #show(changes: Map<string, unknown>): void {
    const values = new Map(this.#values);
    for (const [key, value] of changes) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    this.#values = values;
  }

  #update({ workspaceId, records }: StateUpdated): void {
    if (workspaceId !== this.#workspaceId) return;
    const changes = new Map<string, unknown>();
    for (const { key, rev, value } of records) {
      if (rev <= (this.#revs.get(key) ?? 0) && value !== null) continue;
      this.#revs.set(key, rev);
      if (!this.#pending.has(key)) changes.set(key, value);
    }
    if (changes.size > 0) this.#show(changes);
  }

  async #store(): Promise<void> {
    const workspaceId = this.#workspaceId;
    const sent = [...this.#unsent].map((key): [string, unknown] => [key, this.#pending.get(key)]);
    this.#unsent.clear();
    if (sent.length === 0) return;
    const mutations = sent.map(
      ([key, value]): StateMutation => (value === null ? { key, delete: true } : { key, set: value }),
    );
    const mutationId = crypto.randomUUID();
    try {
      await this.#connection.call("state:mutate", { workspaceId, mutations, mutationId }, { repeat: true });
      for (const [key, value] of sent) if (this.#pending.get(key) === value) this.#pending.delete(key);
    } catch (error) {
      if (error instanceof ConnectionLost || workspaceId !== this.#workspaceId) return;
      // What is refused, say to who may only look, is this window's alone.
      for (const [key] of sent) this.#pending.delete(key);
    }
  }
}
