// A browser that is logged in, and pages of others in it that attack the daemon.
//
// It is given, as one line of JSON, where the daemon is, a link that logs in, and a line that writes a file. First the daemon's own
// page does what it is for; that is told, and a line is waited for. Then pages of other origins try what pages can do: against the
// daemon, and against a server that defends nothing, which shows that the attacks themselves work.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { ATTACKS, attack } from "./pages.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const { chromium: executablePath, url, link, write } = JSON.parse((await lines.next()).value);

/// Serves until the process ends. Returns the port.
async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return server.address().port;
}

/// Serves the attacker's page under any name.
const pages = await listen(createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>evil</title><body>");
}));

/// A server that lets everybody do everything, and remembers what has reached it.
const reached = new Set();
const naive = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://naive");
  if (request.method !== "OPTIONS" && searchParams.has("attack")) reached.add(searchParams.get("attack"));
  response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Access-Control-Allow-Headers", "authorization, content-type, x-icpy-csrf");
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
  response.setHeader("Content-Type", pathname.endsWith(".png") ? "image/svg+xml" : "text/javascript");
  response.end(pathname.endsWith(".png") ? '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' : "window.stolen = 1");
});
naive.on("upgrade", (request, socket) => {
  // The browser may reset it when the page is closed.
  socket.on("error", () => socket.destroy());
  reached.add(new URL(request.url, "http://naive").searchParams.get("attack"));
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.write(Buffer.from([0x81, 2, 0x7b, 0x7d]));
});
const naivePort = await listen(naive);

const names = ["evil.test", "rebind.test", "naive.test"].map((name) => `MAP ${name} 127.0.0.1`).join(", ");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--no-proxy-server", `--host-resolver-rules=${names}`] });
const context = await browser.newContext();

/// The daemon's own page logs in, opens its WebSocket, and writes a file.
async function prove() {
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
  const said = await page.evaluate(async (write) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "icpy.v1");
    const call = (text) => new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(JSON.parse(data));
      socket.onclose = () => reject(new Error("closed"));
      socket.send(text);
    });
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    const who = await call('{"jsonrpc":"2.0","id":1,"method":"auth:whoami"}');
    socket.close();
    const headers = { "Content-Type": "application/json", "X-Icpy-Csrf": who.result.csrfToken };
    const written = await fetch("/rpc", { method: "POST", headers, body: write });
    return { user: who.result.user, credential: who.result.credential, status: written.status, address: location.href };
  }, write);
  await page.close();
  return said;
}

/// Attacks from a page. Returns what each attack saw, and what of it is a success.
async function attackFrom(page, target, kind, headers) {
  const results = [];
  for (const name of ATTACKS) {
    const seen = await page.evaluate(attack, { name, target, write, headers, id: `${kind}-${name}` });
    results.push({ from: kind, name, ...seen });
  }
  return results;
}

/// A page of the attacker: under another name, under the daemon's own name at another port, and without an origin.
async function open(kind, host) {
  const page = await context.newPage();
  await page.goto(`http://${host}:${pages}/`);
  if (kind !== "sandbox") return [page, page];
  await page.setContent('<iframe sandbox="allow-scripts allow-forms" srcdoc="<!doctype html><body>"></iframe>');
  const frame = await page.waitForSelector("iframe");
  return [page, await frame.contentFrame()];
}

tell({ proof: await prove() });
await lines.next();
const port = new URL(url).port;
const attacks = [];
for (const [kind, host] of [["other site", "evil.test"], ["same site", "127.0.0.1"], ["sandbox", "evil.test"]]) {
  const [page, frame] = await open(kind, host);
  attacks.push(...(await attackFrom(frame, url, kind)));
  // The daemon's own name for another of its names is another page too.
  attacks.push(...(await attackFrom(frame, `http://localhost:${port}`, `${kind}, other name`)));
  await page.close();
}

// DNS rebinding: the page was the attacker's when it was loaded, and its name leads to the daemon from then on.
const rebound = `http://rebind.test:${port}`;
await context.route(`${rebound}/evil`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><body>" }));
const page = await context.newPage();
await page.goto(`${rebound}/evil`);
attacks.push(...(await attackFrom(page, rebound, "rebinding")));
const visit = await page.goto(`${rebound}/`);
attacks.push({ from: "rebinding", name: "visit", success: visit.ok(), seen: visit.status() });
await page.close();

const [evil] = await open("other site", "evil.test");
const practice = await attackFrom(evil, `http://naive.test:${naivePort}`, "practice");
tell({ attacks, practice, reached: [...reached] });
await browser.close();
