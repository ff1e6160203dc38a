// What the user prefers: defaults, the user's own and the workspace's, in layers that the daemon keeps.

import type { PreferencesDeclared, PreferencesGetResult, PreferencesLayer, PreferencesValue } from "$protocol";
import type { Connection } from "../connection/connection.ts";

export class Preferences {
  /** What holds, by key. */
  #values = $state.raw<Record<string, PreferencesValue>>({});
  readonly #connection: Connection;
  #workspaceId: string | null = null;
  #end: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Shows what holds in a workspace from now on; without one, what holds where none says anything. */
  open(workspaceId: string | null): void {
    this.#end?.();
    this.#workspaceId = workspaceId;
    this.#end = this.#connection.follow<PreferencesGetResult>({
      fetch: () => this.#fetch(),
      apply: ({ preferences }) => {
        this.#values = preferences;
      },
      // Which of the layers holds then, the daemon knows.
      events: { "preferences:changed": () => void this.#reload() },
    });
  }

  /** What holds, or what is given while that is not known. */
  get<T>(key: string, otherwise: T): T {
    const value = this.#values[key];
    return value === undefined ? otherwise : (value.value as T);
  }

  /** Where it is from. */
  layer(key: string): PreferencesLayer {
    return this.#values[key]?.layer ?? "default";
  }

  /** Every preference that there is. */
  async schema(): Promise<PreferencesDeclared[]> {
    return (await this.#connection.call("preferences:schema", {}, { repeat: true })).preferences;
  }

  /** Sets one for the user, or in the workspace; `null` takes it out of that layer. */
  async set(key: string, value: unknown, layer: "user" | "workspace" = "user"): Promise<void> {
    const workspaceId = layer === "workspace" ? this.#workspaceId : null;
    await this.#connection.call("preferences:set", { key, value, workspaceId });
  }

  #fetch(): Promise<PreferencesGetResult> {
    return this.#connection.call("preferences:get", { workspaceId: this.#workspaceId });
  }

  async #reload(): Promise<void> {
    this.#values = (await this.#fetch()).preferences;
  }
}
