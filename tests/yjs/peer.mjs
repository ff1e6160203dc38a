// A client that edits a file with Yjs over the daemon's socket: `node peer.mjs SOCKET FILE`. It is told what to do by a JSON
// object a line on standard input, and prints an answer for each.
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import * as Y from 'yjs';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as syncProtocol from 'y-protocols/sync';

const [socketPath, path] = process.argv.slice(2);
const [SYNC, AWARENESS] = [0, 1];
/** Names this process in the history of the text. */
const client = `yjs ${process.pid} ${Date.now()}`;

/** A connection with the daemon. */
class Connection {
  #waiting = new Map();
  #next = 1;
  #isLost = false;

  constructor(onEvent) {
    this.socket = createConnection(socketPath);
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#isLost = true;
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection is lost'));
    });
    createInterface({ input: this.socket }).on('error', () => {}).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.id === undefined) return onEvent(message.method, message.params);
      const { resolve, reject } = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      message.error ? reject(Object.assign(new Error(message.error.message), message.error)) : resolve(message.result);
    });
  }

  request(method, params) {
    if (this.#isLost) return Promise.reject(new Error('the connection is lost'));
    const id = this.#next++;
    this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}

/** Keeps a document of Yjs and the text of a file the same. */
class Provider {
  connection = null;
  epoch = undefined;
  /** What the daemon has not taken yet. */
  unsent = [];
  sending = Promise.resolve();
  /** Settled when the document is not about to be begun anew: what is edited meanwhile would be lost. */
  steady = Promise.resolve();
  /** How often the document had to be begun anew. */
  resets = 0;

  constructor() {
    this.begin();
  }

  begin() {
    this.doc = new Y.Doc();
    this.text = this.doc.getText('text');
    this.awareness = new awarenessProtocol.Awareness(this.doc);
    this.doc.on('update', (update, origin) => origin !== this && this.tell(SYNC, (encoder) => syncProtocol.writeUpdate(encoder, update)));
    this.awareness.on('update', ({ added, updated, removed }, origin) => {
      if (origin === this) return;
      const changed = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [...added, ...updated, ...removed]);
      this.tell(AWARENESS, (encoder) => encoding.writeVarUint8Array(encoder, changed));
    });
  }

  tell(kind, write) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, kind);
    write(encoder);
    this.unsent.push(encoding.toUint8Array(encoder));
    this.send();
  }

  /** Sends one after the other, so that the daemon hears of edits in their order. */
  send() {
    this.sending = this.sending.then(async () => {
      while (this.connection && this.epoch && this.unsent.length > 0) {
        const [first] = this.unsent;
        const message = Buffer.from(first).toString('base64');
        try {
          const result = await this.connection.request('yjs:send', { path, epoch: this.epoch, message, client });
          this.unsent.shift();
          this.learn(result.revision);
          this.take(result.message);
        } catch (error) {
          if (error.data?.kind === 'conflict') await this.reopen();
          else return;
        }
      }
    });
    return this.sending;
  }

  /** Answers and events tell of revisions each in their own order. */
  learn(revision) {
    if (this.known?.epoch !== revision.epoch || this.known.rev < revision.rev) this.known = revision;
  }

  take(message) {
    if (!message) return;
    const decoder = decoding.createDecoder(Buffer.from(message, 'base64'));
    while (decoding.hasContent(decoder)) {
      const kind = decoding.readVarUint(decoder);
      if (kind === AWARENESS) {
        awarenessProtocol.applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
      } else {
        const encoder = encoding.createEncoder();
        encoding.writeVarUint(encoder, SYNC);
        const asked = syncProtocol.readSyncMessage(decoder, encoder, this.doc, this);
        if (asked === syncProtocol.messageYjsSyncStep1) this.unsent.push(encoding.toUint8Array(encoder));
      }
    }
  }

  async connect() {
    const connection = new Connection((topic, params) => {
      if (topic !== 'yjs:updated' || params.documentEpoch !== this.epoch || connection !== this.connection) return;
      this.learn(params.revision);
      this.take(params.message);
    });
    await connection.request('session:initialize', { clientInfo: { name: 'yjs peer', version: '1' } });
    await connection.request('session:subscribe', { patterns: ['yjs:updated'] });
    this.connection = connection;
    await this.open();
    await this.send();
  }

  async open() {
    const stateVector = Buffer.from(Y.encodeStateVector(this.doc)).toString('base64');
    const epoch = this.epoch;
    try {
      const opened = await this.connection.request('yjs:open', { path, epoch, stateVector: epoch && stateVector });
      this.epoch = opened.epoch;
      this.learn(opened.revision);
      this.take(opened.message);
    } catch (error) {
      if (error.data?.kind !== 'conflict' || !epoch) throw error;
      await this.reopen();
    }
  }

  /** The daemon knows nothing of the document any more: another one is begun, and what was not sent is given to the text. */
  reopen() {
    this.steady = this.beginAnew();
    return this.steady;
  }

  async beginAnew() {
    this.resets += 1;
    const ours = this.text.toString();
    const { epoch, rev } = this.known;
    const edit = { path, epoch, baseRev: rev, text: ours, hasOwnEdits: true, client, clientSeq: this.resets };
    await this.connection.request('file:edit', edit).catch(async (error) => {
      // The daemon was killed before it could store what it had told.
      if (error.data?.knownRev === undefined) throw error;
      await this.connection.request('file:edit', { ...edit, baseRev: error.data.knownRev });
    });
    this.awareness.destroy();
    this.unsent = [];
    this.epoch = undefined;
    this.begin();
    await this.open();
  }

  disconnect() {
    this.connection?.socket.destroy();
    this.connection = null;
  }
}

const provider = new Provider();

const commands = {
  connect: () => provider.connect(),
  disconnect: () => provider.disconnect(),
  /** Hears nothing any more until it has connected again. */
  deafen: () => provider.connection.socket.pause(),
  insert: async ({ at, text }) => {
    await provider.steady;
    provider.text.insert(Math.min(at, provider.text.length), text);
  },
  insertLine: async ({ line, text }) => {
    await provider.steady;
    const before = provider.text.toString().split('\n').slice(0, line);
    provider.text.insert(before.join('\n').length + (line > 0 ? 1 : 0), text);
  },
  remove: async ({ at, count }) => {
    await provider.steady;
    const from = Math.min(at, provider.text.length);
    provider.text.delete(from, Math.min(count, provider.text.length - from));
  },
  say: ({ state }) => provider.awareness.setLocalState(state),
  others: () => [...provider.awareness.getStates().entries()].filter(([id]) => id !== provider.doc.clientID).map(([, state]) => state),
  flush: () => provider.send(),
  text: () => provider.text.toString(),
  resets: () => provider.resets,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...params } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ result: (await commands[command](params)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.message })}\n`);
  }
}
provider.disconnect();
process.exit(0);
