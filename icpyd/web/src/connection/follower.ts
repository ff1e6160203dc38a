// Something that is kept the same as in the daemon: fetched once, and then changed by every event after that.

import type { Events, Position } from "$protocol";
import { ConnectionLost, RpcError } from "./message.ts";

export interface Following<T> {
  /** Returns how it is, at a position in the history of events where the daemon tells one. */
  fetch(): Promise<T & { position?: Position }>;
  /** Takes that. */
  apply(state: T): void;
  /** What each event changes. Where no position is told they may be of before. */
  events: { [E in keyof Events]?: (payload: Events[E]) => void };
  /** Is told when it cannot be fetched, but for a connection that was lost. */
  failed?(error: unknown): void;
}

/** When what the daemon had no time for is asked for again. */
const RETRY_MS = 500;

interface Held {
  topic: string;
  payload: never;
  seq: number;
}

export class Follower<T> {
  /** Whether it is what the daemon has, but for events that are still to come. */
  isWhole = false;
  readonly #following: Following<T>;
  /** Events that come while it is fetched. */
  #held: Held[] = [];
  #turn = 0;

  constructor(following: Following<T>) {
    this.#following = following;
  }

  /** Fetches it anew. */
  async fetch(): Promise<void> {
    const turn = ++this.#turn;
    this.isWhole = false;
    this.#held = [];
    try {
      const state = await this.#following.fetch();
      if (turn !== this.#turn) return;
      this.#following.apply(state);
      const seq = state.position?.seq ?? 0;
      this.isWhole = true;
      for (const held of this.#held.splice(0)) if (held.seq > seq) this.take(held.topic, held.payload, held.seq);
    } catch (error) {
      // Where the connection was lost it is fetched again with the next one.
      if (turn !== this.#turn || error instanceof ConnectionLost) return;
      if (error instanceof RpcError && error.data.retryable === true) setTimeout(() => this.#again(turn), RETRY_MS);
      else this.#following.failed?.(error);
    }
  }

  #again(turn: number): void {
    if (turn === this.#turn) void this.fetch();
  }

  /** Takes an event. */
  take(topic: string, payload: never, seq: number): void {
    const event = this.#following.events[topic as keyof Events];
    if (!event) return;
    if (this.isWhole) event(payload);
    else this.#held.push({ topic, payload, seq });
  }

  /** Takes nothing any more. */
  end(): void {
    this.#turn = -1;
    this.isWhole = false;
    this.#held = [];
  }
}
