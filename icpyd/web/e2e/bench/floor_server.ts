// Serves the bare page, and a WebSocket that returns what is typed; Enter brings a flood.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Duplex } from "node:stream";
import { build } from "vite";

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const FRAME_BYTES = 32 << 10;

/** Builds the page into a folder and serves it, with files of its own. Returns its address and how to end it. */
export async function serveFloor(folder: string, files: Record<string, string>, flood: string) {
  const root = new URL("floor", import.meta.url).pathname;
  await build({ root, configFile: false, logLevel: "silent", build: { outDir: folder, emptyOutDir: true } });
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "/index.html" : (request.url ?? "");
    const own = files[path.slice(1)];
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "text/plain");
    try {
      response.end(own ?? readFileSync(join(folder, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  server.on("upgrade", (request, socket) => echo(request, socket, flood));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const end = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${port}/`, end };
}

function echo(request: IncomingMessage, socket: Duplex, flood: string): void {
  const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  socket.on("error", () => {});
  let left = Buffer.alloc(0);
  socket.on("data", (data) => {
    left = Buffer.concat([left, data]);
    // What is typed is short: a head of two bytes, and a mask of four.
    while (left.length >= 6 && left.length >= 6 + ((left[1] ?? 0) & 127)) {
      const length = (left[1] ?? 0) & 127;
      const mask = left.subarray(2, 6);
      const typed = left.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
      left = left.subarray(6 + length);
      send(socket, typed.includes(13) ? Buffer.from(flood) : Buffer.from(typed));
    }
  });
}

function send(socket: Duplex, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; from += FRAME_BYTES) {
    const piece = bytes.subarray(from, from + FRAME_BYTES);
    const head =
      piece.length < 126
        ? Buffer.from([0x82, piece.length])
        : Buffer.from([0x82, 126, piece.length >> 8, piece.length & 255]);
    socket.write(Buffer.concat([head, piece]));
  }
}
