// The profiles that the daemon's settings have for terminals.

import type { Connection } from "../connection/connection.ts";

const KEY = /^terminal\.profiles\.([^.]+)/;

/** Their names. None for who may not read the settings. */
export async function profileNames(connection: Connection): Promise<string[]> {
  try {
    const { settings } = await connection.call("daemon:get_config", {}, { repeat: true });
    const named = settings["terminal.profiles"]?.value;
    const names = Object.keys(settings).flatMap((key) => KEY.exec(key)?.[1] ?? []);
    if (named && typeof named === "object") names.push(...Object.keys(named));
    return [...new Set(names)].sort();
  } catch {
    return [];
  }
}
