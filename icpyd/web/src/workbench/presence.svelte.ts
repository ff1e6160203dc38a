// Who is in the workspace, and where: told by the daemon, and told to it of this window.

import type { PresenceInfo, PresenceListResult, PresenceRange } from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { pathOf } from "../protocol.ts";

/** Where this window is. */
export interface Whereabouts {
  /** What its user wants to be called. */
  name?: string | null;
  path?: string | null;
  selections?: PresenceRange[];
  viewport?: PresenceRange | null;
  isIdle?: boolean;
  follows?: string | null;
}

/** Where the browser keeps what its user wants to be called. */
const NAME = "icpy.name";

/** At most so often others are told. */
const TELL_MS = 50;

export class Presence {
  /** Everybody but this window, who came first first. */
  #all = $state.raw<PresenceInfo[]>([]);
  readonly #connection: Connection;
  #workspaceId: string | null = null;
  #here: Whereabouts = { name: localStorage.getItem(NAME) };
  #follows = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get others(): PresenceInfo[] {
    return this.#all;
  }

  /** The session that this window follows. */
  get follows(): string | null {
    return this.#follows;
  }

  /** What this window's user wants to be called. */
  get name(): string {
    return this.#here.name ?? "";
  }

  /** Is called so from now on, in this browser; nothing is as the daemon knows the user. */
  setName(name: string): void {
    localStorage.setItem(NAME, name);
    this.tell({ name: name || null });
  }

  /** Is in a workspace from now on. */
  open(workspaceId: string): void {
    this.#end?.();
    this.#workspaceId = workspaceId;
    this.#end = this.#connection.follow<PresenceListResult>({
      fetch: async () => {
        await this.#send();
        return this.#connection.call("presence:list", { workspaceId });
      },
      apply: ({ present }) => {
        this.#all = present.filter((it) => it.sessionId !== this.#connection.sessionId);
      },
      events: {
        "presence:changed": (info) => this.#change(info),
        "presence:left": ({ sessionId }) => {
          this.#all = this.#all.filter((it) => it.sessionId !== sessionId);
        },
      },
    });
  }

  /** Tells others where this window is now, soon. */
  tell(here: Whereabouts): void {
    this.#here = { ...this.#here, ...here };
    this.#follows = this.#here.follows ?? null;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send().catch(() => {});
    }, TELL_MS);
  }

  #change(info: PresenceInfo): void {
    const others = this.#all.filter((it) => it.sessionId !== info.sessionId);
    const isHere = info.workspaceId === this.#workspaceId && info.sessionId !== this.#connection.sessionId;
    const at = this.#all.findIndex((it) => it.sessionId === info.sessionId);
    if (!isHere) this.#all = others;
    else this.#all = at < 0 ? [...others, info] : others.toSpliced(at, 0, info);
  }

  async #send(): Promise<void> {
    const { path, ...here } = this.#here;
    const workspaceId = this.#workspaceId;
    await this.#connection.call("presence:update", { workspaceId, path: path ? pathOf(path) : null, ...here });
  }
}
