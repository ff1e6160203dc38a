// The connection against a daemon that says what a test has it say: what the real one does in which order no test could bring
// about at will.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection, type ConnectionState, type Socket } from "./connection.ts";
import { ConnectionLost } from "./message.ts";

interface Sent {
  id?: number;
  method: string;
  params: Record<string, unknown>;
}

/** The other end of one connection. */
class Line implements Socket {
  readyState: 0 | 1 | 2 | 3 = 1;
  bufferedAmount = 0;
  binaryType: BinaryType = "blob";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  readonly sent: Sent[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  /** A browser tells that it is closed when the other end says so, or much later. */
  close(): void {
    this.readyState = 2;
  }

  /** Opens, and greets. */
  async open(resumes = "gone"): Promise<void> {
    this.onopen?.call(this as never, new Event("open"));
    await settle();
    const position = { epoch: "e", seq: 5 };
    if (this.last("session:resume")) {
      this.answer("session:resume", { status: resumes, resumeToken: "t2", position, subscriptions: [1] });
    } else {
      this.answer("session:initialize", { sessionId: "s", resumeToken: "t" });
      await settle();
      this.answer("session:subscribe", { subscription: 1, position });
    }
    await settle();
  }

  last(method: string): Sent | undefined {
    return this.sent.findLast((sent) => sent.method === method);
  }

  answer(method: string, result: unknown): void {
    this.say({ id: this.last(method)?.id, result });
  }

  event(method: string, seq: number, payload: Record<string, unknown>): void {
    this.say({ method, params: { subscription: 1, epoch: "e", seq, ...payload } });
  }

  say(message: unknown): void {
    this.onmessage?.call(
      this as never,
      { data: JSON.stringify({ jsonrpc: "2.0", ...(message as object) }) } as MessageEvent,
    );
  }

  lose(): void {
    this.readyState = 3;
    this.onclose?.call(this as never, { reason: "" } as CloseEvent);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

let lines: Line[];
let asked: number[];
let connection: Connection;
let states: ConnectionState[];
beforeEach(async () => {
  vi.useFakeTimers();
  lines = [];
  states = [];
  asked = [];
  const dial = () => {
    const line = new Line();
    lines.push(line);
    return line;
  };
  // Before which connection it was asked.
  const isLoggedIn = async () => asked.push(lines.length) > 0;
  connection = new Connection({ dial, isLoggedIn }, "test");
  connection.onState((state) => states.push(state));
  connection.start();
  await settle();
});
afterEach(() => vi.useRealTimers());

function line(): Line {
  return lines.at(-1) as Line;
}

/** Loses the connection, and waits for the next one. */
async function reconnect(): Promise<void> {
  line().lose();
  await vi.advanceTimersByTimeAsync(400);
}

test("what is asked for before there is a connection waits for one", async () => {
  const status = connection.call("daemon:status", {});
  await line().open();
  line().answer("daemon:status", { version: "1" });
  expect(await status).toEqual({ version: "1" });
});

test("an error has its kind and says what it is about", async () => {
  await line().open();
  const opened = connection.call("file:open", { path: "/a" });
  const error = { code: -32010, message: "`/a` does not exist", data: { kind: "not_found" } };
  line().say({ id: line().last("file:open")?.id, error });
  await expect(opened).rejects.toMatchObject({ kind: "not_found", message: "`/a` does not exist" });
});

test("of what was under way only what may be repeated is sent again", async () => {
  await line().open();
  const once = connection.call("terminal:data_in", { terminalId: "t", data: "x" });
  const again = connection.call("daemon:status", {}, { repeat: true });
  const failed = expect(once).rejects.toBeInstanceOf(ConnectionLost);
  await reconnect();
  await failed;
  await line().open("resumed");
  expect(line().last("terminal:data_in")).toBeUndefined();
  line().answer("daemon:status", { version: "1" });
  expect(await again).toEqual({ version: "1" });
});

test("a request is cancelled here and there", async () => {
  await line().open();
  const controller = new AbortController();
  const found = connection.call("fs:find", { path: "/", query: "a" }, { signal: controller.signal });
  controller.abort();
  await expect(found).rejects.toMatchObject({ name: "AbortError" });
  expect(line().last("$/cancelRequest")?.params).toEqual({ id: line().last("fs:find")?.id });
});

test("what is followed is the snapshot and every event after it, and no other", async () => {
  const seen: string[] = [];
  await line().open();
  connection.follow<{ value: string }>({
    fetch: () => connection.call("state:get", {}) as never,
    apply: ({ value }) => seen.push(value),
    events: { "state:updated": ({ changedBy }) => seen.push(changedBy) },
  });
  await settle();
  line().event("state:updated", 6, { changedBy: "before" });
  line().event("state:updated", 7, { changedBy: "after" });
  line().answer("state:get", { value: "snapshot", position: { epoch: "e", seq: 6 } });
  await settle();
  line().event("state:updated", 8, { changedBy: "later" });
  expect(seen).toEqual(["snapshot", "after", "later"]);
});

test("a session that is resumed goes on, and one whose events are gone is fetched again", async () => {
  let fetched = 0;
  await line().open();
  connection.follow({
    fetch: async () => {
      fetched++;
      return {};
    },
    apply: () => {},
    events: {},
  });
  await settle();
  line().event("state:updated", 9, {});
  await reconnect();
  await line().open("resumed");
  const resume = lines.findLast((it) => it.last("session:resume"))?.last("session:resume");
  expect(resume?.params).toEqual({ resumeToken: "t", epoch: "e", after: 9 });
  expect(fetched).toBe(1);
  await reconnect();
  await line().open("gone");
  expect(fetched).toBe(2);
});

test("a connection that gives no answer is given up", async () => {
  await line().open();
  await vi.advanceTimersByTimeAsync(9_000);
  expect(states.some(({ kind }) => kind === "lost")).toBe(true);
  expect(lines.map(({ readyState }) => readyState)).toEqual([2, 1]);
  // What the first one says now is of no interest.
  lines[0]?.lose();
  await line().open("resumed");
  expect(connection.state.kind).toBe("open");
});

test("a connection that says something else meanwhile is alive", async () => {
  await line().open();
  for (let seq = 6; seq < 10; seq++) {
    await vi.advanceTimersByTimeAsync(5_000);
    line().event("state:updated", seq, {});
  }
  expect(connection.state.kind).toBe("open");
  await vi.advanceTimersByTimeAsync(17_000);
  expect(lines).toHaveLength(2);
});

test("a connection that does not open is given up", async () => {
  for (const count of [2, 3]) {
    await vi.advanceTimersByTimeAsync(9_000);
    expect(lines).toHaveLength(count);
  }
});

test("whether somebody is logged in is asked when a connection was refused, and not of one that may be dead", async () => {
  await line().open();
  await reconnect();
  await vi.advanceTimersByTimeAsync(9_000);
  expect([lines.length, asked]).toEqual([3, [0]]);
  await reconnect();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([lines.length, asked]).toEqual([4, [0, 3]]);
});

test("a connection is looked at when the computer wakes up", async () => {
  await line().open();
  line().answer("session:ping", {});
  await settle();
  const pings = () => line().sent.filter(({ method }) => method === "session:ping").length;
  connection.check();
  expect(pings()).toBe(2);
  line().answer("session:ping", {});
  await vi.advanceTimersByTimeAsync(10_000);
  expect(pings(), "one goes on").toBe(3);
  line().answer("session:ping", {});
  await settle();
  connection.check();
  await vi.advanceTimersByTimeAsync(3_400);
  expect(lines).toHaveLength(2);
});
