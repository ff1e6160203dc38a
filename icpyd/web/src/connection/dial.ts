// Where the daemon is: what has served this page.

import type { Socket } from "./connection.ts";

const SUBPROTOCOL = "icpy.v1";

/** Connects. */
export function dial(): Socket {
  return new WebSocket(`${location.origin.replace("http", "ws")}/ws`, SUBPROTOCOL);
}

/** Asks whether somebody is logged in. */
export async function isLoggedIn(signal: AbortSignal): Promise<boolean> {
  const who = await fetch("/api/v1/auth/whoami", { headers: { Accept: "application/json" }, signal });
  await who.text();
  if (who.status !== 401 && !who.ok) throw new Error(`the daemon answers with ${who.status}`);
  return who.ok;
}

/** Ends the login of this browser. */
export async function logout(csrfToken: string): Promise<void> {
  await fetch("/logout", { method: "POST", headers: { "X-Icpy-Csrf": csrfToken } });
  location.replace("/login");
}
