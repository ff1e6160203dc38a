// The connection to the daemon: requests, events, and coming back when it was lost.
//
// What is asked for while there is no connection waits for one. An event comes to its listeners once and in order; where some
// are lost for good, whoever follows something fetches it again.

import type { Events, Methods } from "$protocol";
import { Follower, type Following } from "./follower.ts";
import { type Answer, ConnectionLost, errorOf, type Notification, readMessage } from "./message.ts";

/** How the connection is. */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "open"; latencyMs: number | null }
  | { kind: "lost"; retryAtMs: number; reason: string | null }
  | { kind: "logged_out" };

/** What a request may have beside its params. */
export interface CallOptions {
  /** Cancels it. */
  signal?: AbortSignal;
  /** Whether it may be sent again when the connection was lost before the answer: it reads, or can be done twice. */
  repeat?: boolean;
  /** Takes the pieces of a stream. */
  onPart?: (data: string) => void;
}

/** What is needed of a WebSocket. */
export type Socket = Pick<
  WebSocket,
  "send" | "close" | "binaryType" | "onopen" | "onmessage" | "onclose" | "onerror" | "readyState" | "bufferedAmount"
>;

/** Where connections come from. */
export interface Dialer {
  /** A connection that is about to open. */
  dial(): Socket;
  /** Whether the browser is logged in, which a connection that is refused does not tell. */
  isLoggedIn(signal: AbortSignal): Promise<boolean>;
}

interface Call {
  id: number;
  method: string;
  params: unknown;
  options: CallOptions;
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

/** A session of the daemon, which outlives a connection. */
interface Session {
  id: string;
  resumeToken: string;
  epoch: string;
  /** The last event that was seen. */
  seq: number;
}

type Listener = (payload: never) => void;

const PATTERNS = ["workspace:*", "state:*", "preferences:*", "presence:*", "file:*", "terminal:*", "fs:*"];
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 8_000;
/** For a connection that is made, and for one that may have died. */
const DIAL_TIMEOUT_MS = 8_000;
const CHECK_TIMEOUT_MS = 3_000;
const STATE_OPEN = 1;

export class Connection {
  state: ConnectionState = { kind: "connecting" };
  readonly #dialer: Dialer;
  readonly #clientName: string;
  #socket: Socket | null = null;
  #session: Session | null = null;
  #nextId = 1;
  #calls = new Map<number, Call>();
  #waiting: Call[] = [];
  #isOpen = false;
  /** Something has come since the last ping. */
  #hasHeard = false;
  #isAsking = false;
  #mayBeLoggedOut = true;
  #retryMs = RETRY_MS_MIN;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closingReason: string | null = null;
  readonly #followers = new Set<Follower<unknown>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();

  constructor(dialer: Dialer, clientName: string) {
    this.#dialer = dialer;
    this.#clientName = clientName;
  }

  /** Names the session, once there is one. */
  get sessionId(): string | null {
    return this.#session?.id ?? null;
  }

  /** Connects, now and whenever the connection is lost. */
  start(): void {
    if (this.#socket || this.#isAsking) return;
    clearTimeout(this.#timer);
    void this.#dial();
  }

  /** Looks at once whether the connection is alive: of one that died while the computer slept nobody is told. */
  check(): void {
    if (!this.#socket || !this.#isOpen) {
      this.start();
      return;
    }
    // What was asked before goes first.
    void this.#ping(this.#socket, this.bufferedBytes > 0 ? PING_TIMEOUT_MS : CHECK_TIMEOUT_MS);
  }

  /** Sends a request. It fails with `RpcError`, with `ConnectionLost`, or with the reason of `signal`. */
  call<M extends keyof Methods>(
    method: M,
    params: Methods[M]["params"],
    options: CallOptions = {},
  ): Promise<Methods[M]["result"]> {
    return this.#request(method, params, options, false);
  }

  /** Sends what has no answer; nothing while there is no connection. */
  notify(method: string, params: unknown): void {
    if (this.#isOpen) this.#send({ jsonrpc: "2.0", method, params });
  }

  /** Has a listener called with each event of a topic. Returns how to end that. */
  on<T extends keyof Events>(topic: T, listener: (payload: Events[T]) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Keeps something the same as it is in the daemon. Returns how to end that. */
  follow<T>(following: Following<T>): () => void {
    const follower = new Follower(following) as Follower<unknown>;
    this.#followers.add(follower);
    if (this.#isOpen) void follower.fetch();
    return () => {
      follower.end();
      this.#followers.delete(follower);
    };
  }

  /** Tells how the connection is, now and whenever that changes. Returns how to end that. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#stateListeners.add(listener);
    listener(this.state);
    return () => this.#stateListeners.delete(listener);
  }

  /** Waits until all that was sent has left the browser's buffer but for so many bytes. */
  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  #setState(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.#stateListeners) listener(state);
  }

  #request<M extends keyof Methods>(
    method: M,
    params: Methods[M]["params"],
    options: CallOptions,
    isFirst: boolean,
  ): Promise<Methods[M]["result"]> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    return new Promise((resolve, reject) => {
      const call: Call = { id: this.#nextId++, method, params, options, resolve, reject };
      options.signal?.addEventListener("abort", () => this.#abort(call), { once: true });
      if (this.#isOpen || isFirst) this.#sendCall(call);
      else this.#waiting.push(call);
    });
  }

  #abort(call: Call): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== call);
    if (this.#calls.delete(call.id)) this.#send({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: call.id } });
    call.reject(call.options.signal?.reason);
  }

  #sendCall(call: Call): void {
    this.#calls.set(call.id, call);
    this.#send({ jsonrpc: "2.0", id: call.id, method: call.method, params: call.params });
  }

  #send(message: unknown): void {
    if (this.#socket?.readyState === STATE_OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #dial(): Promise<void> {
    if (this.#mayBeLoggedOut && !(await this.#isLoggedIn())) {
      this.#setState({ kind: "logged_out" });
      return;
    }
    const socket = this.#dialer.dial();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const deadline = setTimeout(() => this.#drop(socket), DIAL_TIMEOUT_MS);
    let hasOpened = false;
    socket.onopen = () => {
      hasOpened = true;
      void this.#begin(socket).finally(() => clearTimeout(deadline));
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ reason }) => {
      // One that was given up says nothing about that.
      if (this.#socket === socket) this.#mayBeLoggedOut ||= !hasOpened;
      this.#lose(socket, reason);
    };
  }

  /** Where nobody answers it is still so, for all that is known: a new connection may get through where an old one is dead. */
  async #isLoggedIn(): Promise<boolean> {
    this.#isAsking = true;
    try {
      this.#mayBeLoggedOut = !(await this.#dialer.isLoggedIn(AbortSignal.timeout(DIAL_TIMEOUT_MS)));
      return !this.#mayBeLoggedOut;
    } catch {
      return true;
    } finally {
      this.#isAsking = false;
    }
  }

  /** Takes the session up again, or begins one, and then sends what waits. */
  async #begin(socket: Socket): Promise<void> {
    try {
      const isWhole = this.#session !== null && (await this.#resume(this.#session));
      if (!isWhole) await this.#initialize();
      if (this.#socket !== socket) return;
      this.#isOpen = true;
      this.#retryMs = RETRY_MS_MIN;
      this.#setState({ kind: "open", latencyMs: null });
      for (const follower of this.#followers) if (!isWhole || !follower.isWhole) void follower.fetch();
      for (const call of this.#waiting.splice(0)) this.#sendCall(call);
      void this.#ping(socket, PING_TIMEOUT_MS);
    } catch {
      this.#drop(socket);
    }
  }

  /** Whether nothing was missed. */
  async #resume(session: Session): Promise<boolean> {
    const { resumeToken, epoch, seq } = session;
    try {
      const resumed = await this.#request("session:resume", { resumeToken, epoch, after: seq }, {}, true);
      session.resumeToken = resumed.resumeToken;
      if (resumed.status !== "gone") return true;
      session.epoch = resumed.position.epoch;
      session.seq = resumed.position.seq;
      for (const follower of this.#followers) follower.isWhole = false;
      return resumed.subscriptions.length > 0;
    } catch (error) {
      if (error instanceof ConnectionLost) throw error;
      return false;
    }
  }

  async #initialize(): Promise<void> {
    const clientInfo = { name: this.#clientName };
    const { sessionId, resumeToken } = await this.#request("session:initialize", { clientInfo }, {}, true);
    const { position } = await this.#request("session:subscribe", { patterns: PATTERNS }, {}, true);
    this.#session = { id: sessionId, resumeToken, epoch: position.epoch, seq: position.seq };
  }

  #receive(data: string | ArrayBuffer): void {
    this.#hasHeard = true;
    const message = readMessage(data);
    if ("id" in message) this.#settle(message);
    else this.#notice(message);
  }

  #settle(answer: Answer): void {
    const call = this.#calls.get(answer.id);
    if (!call) return;
    this.#calls.delete(answer.id);
    if (answer.error) call.reject(errorOf(answer.error));
    else call.resolve(answer.result as never);
  }

  #notice({ method, params, bytes }: Notification): void {
    if (method === "$/stream") {
      const { id, data } = params as { id: number; data: string };
      this.#calls.get(id)?.options.onPart?.(data);
      // Pieces are ASCII or text of which the daemon counts bytes.
      const length = new TextEncoder().encode(data).length;
      this.#send({ jsonrpc: "2.0", method: "$/ack", params: { id, bytes: length } });
      return;
    }
    if (method === "session:closing") this.#closingReason = String(params.reason);
    if (method === "session:gap") for (const follower of this.#followers) void follower.fetch();
    const seq = typeof params.seq === "number" && "subscription" in params ? params.seq : null;
    if (seq !== null && this.#session) this.#session.seq = seq;
    const payload = (bytes ? { ...params, bytes } : params) as never;
    for (const follower of this.#followers) follower.take(method, payload, seq ?? Number.POSITIVE_INFINITY);
    for (const listener of this.#listeners.get(method) ?? []) listener(payload);
  }

  /** Gives a connection up. The browser would wait for the other end to say that it has closed it too. */
  #drop(socket: Socket): void {
    socket.close();
    this.#lose(socket, "");
  }

  #lose(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#isOpen = false;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) {
      if (call.options.repeat) this.#waiting.push(call);
      else call.reject(new ConnectionLost());
    }
    this.#retry(this.#closingReason ?? (reason || null));
    this.#closingReason = null;
  }

  #retry(reason: string | null): void {
    // A little by chance, so that windows do not come all at once.
    const pauseMs = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    this.#setState({ kind: "lost", retryAtMs: Date.now() + pauseMs, reason });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), pauseMs);
  }

  /** Measures how long an answer takes, and gives up a connection that gives none; then again and again. */
  async #ping(socket: Socket, timeoutMs: number): Promise<void> {
    clearTimeout(this.#timer);
    this.#hasHeard = false;
    const deadline = setInterval(() => {
      if (!this.#hasHeard) this.#drop(socket);
      this.#hasHeard = false;
    }, timeoutMs);
    try {
      const began = performance.now();
      await this.call("session:ping", {});
      if (this.#socket !== socket) return;
      this.#setState({ kind: "open", latencyMs: performance.now() - began });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#ping(socket, PING_TIMEOUT_MS), PING_INTERVAL_MS);
    } catch {
      // The connection is lost: that is seen to elsewhere.
    } finally {
      clearInterval(deadline);
    }
  }
}
