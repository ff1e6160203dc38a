// The network between a browser and the daemon, which can be cut so that neither end hears of it.

import { connect, createServer, type Server, type Socket } from "node:net";

/** Where browsers look for the daemon when there is a wire. */
export const WIRE_ADDRESS = "127.0.0.2";

/** Carries connections to the daemon, which listens at the same port. */
export class Wire {
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #isDown = false;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      this.#keep(near);
      // Nobody answers while it is down, and nobody will later.
      if (this.#isDown) return void near.resume();
      const far = connect(port, "127.0.0.1");
      this.#keep(far);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.pipe(to);
        from.on("close", () => to.destroy());
      }
    });
  }

  /** Lays one. */
  static async lay(address: string): Promise<Wire> {
    const port = Number(address.split(":").at(-1));
    const wire = new Wire(port);
    await new Promise<void>((resolve, reject) => {
      wire.#server.once("error", reject).listen(port, WIRE_ADDRESS, resolve);
    });
    return wire;
  }

  #keep(end: Socket): void {
    this.#ends.add(end);
    end.on("error", () => end.destroy());
    end.on("close", () => this.#ends.delete(end));
  }

  /** From now on nothing goes through, and what is connected is lost without a word. */
  cut(): void {
    this.#isDown = true;
    for (const end of this.#ends) {
      end.unpipe();
      end.removeAllListeners("close").removeAllListeners("end");
      end.on("data", () => {});
    }
  }

  /** What connects anew goes through again. */
  mend(): void {
    this.#isDown = false;
  }

  /** Takes it away. */
  remove(): void {
    this.#server.close();
    for (const end of this.#ends) end.destroy();
  }
}
