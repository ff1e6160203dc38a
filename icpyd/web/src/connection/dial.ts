// Where the daemon is: what has served this page.

import type { Socket } from "./connection.ts";

const SUBPROTOCOL = "icpy.v1";

/** Asks who is logged in, which a WebSocket could not tell, and connects. Nothing when nobody is. */
export async function dial(): Promise<Socket | null> {
  const who = await fetch("/api/v1/auth/whoami", { headers: { Accept: "application/json" } });
  if (who.status === 401) return null;
  if (!who.ok) throw new Error(`the daemon answers with ${who.status}`);
  return new WebSocket(`${location.origin.replace("http", "ws")}/ws`, SUBPROTOCOL);
}

/** Ends the login of this browser. */
export async function logout(csrfToken: string): Promise<void> {
  await fetch("/logout", { method: "POST", headers: { "X-Icpy-Csrf": csrfToken } });
  location.replace("/login");
}
