// What goes over the WebSocket: JSON-RPC 2.0, a message in a frame of text, or a line and bytes in a binary one.

/** An error that the daemon has answered with. */
export class RpcError extends Error {
  /** What kind of error it is, as the protocol names it: `not_found`, `conflict`... */
  readonly kind: string;
  /** What it says to programs. */
  readonly data: Record<string, unknown>;

  constructor(message: string, data: Record<string, unknown>) {
    super(message);
    this.kind = typeof data.kind === "string" ? data.kind : "internal";
    this.data = data;
  }
}

/** The connection was lost before an answer came: whether it was done is not known. */
export class ConnectionLost extends Error {
  constructor() {
    super("the connection was lost before the daemon answered");
    this.name = "ConnectionLost";
  }
}

export interface Answer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

export interface Notification {
  method: string;
  params: Record<string, unknown>;
  /** What followed the line in a binary frame. */
  bytes?: Uint8Array;
}

/** Reads what a frame brings. */
export function readMessage(data: string | ArrayBuffer): Answer | Notification {
  if (typeof data === "string") return JSON.parse(data);
  const frame = new Uint8Array(data);
  const end = frame.indexOf(10);
  const line = new TextDecoder().decode(frame.subarray(0, end));
  return { ...JSON.parse(line), bytes: frame.subarray(end + 1) };
}

/** The error in an answer. */
export function errorOf({ message, data }: NonNullable<Answer["error"]>): RpcError {
  return new RpcError(message, data ?? {});
}

/** An error as a sentence for people. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
