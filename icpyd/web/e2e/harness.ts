// A daemon of its own for a test, with a folder to work in, and browser windows that are logged in to it.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { WIRE_ADDRESS, Wire } from "./wire.ts";

const CHROMIUM = process.env.ICPY_CHROMIUM ?? "/usr/bin/chromium";
const ROOT = new URL("../../..", import.meta.url).pathname;
const PROGRAMS = process.env.ICPY_PROGRAMS ?? join(ROOT, "target/debug");
/** Where screenshots are kept. */
export const SCREENSHOTS = process.env.ICPY_SCREENSHOTS ?? join(ROOT, "target/screenshots");

/** Files by their paths below the workspace's folder. */
export type Tree = Record<string, string>;

/** One daemon, with one workspace. */
export class World {
  readonly home: string;
  /** The workspace's folder. */
  readonly folder: string;
  #daemon: ChildProcess | null = null;
  #address = "127.0.0.1:0";
  /** What lies between browsers and the daemon, where something does. */
  #wire: Wire | null = null;
  #browser: Browser | null = null;
  /** What pages have said on their consoles that is a fault. */
  readonly faults: string[] = [];

  private constructor() {
    this.home = mkdtempSync(join(tmpdir(), "icpy-web-"));
    this.folder = join(this.home, "project");
  }

  /** Starts a daemon, whose workspace has some files. */
  static async start(files: Tree = {}): Promise<World> {
    const world = new World();
    mkdirSync(world.folder);
    world.write(files);
    await world.startDaemon();
    await world.icpy(["workspace", "create", world.folder]);
    return world;
  }

  /** Writes files. */
  write(files: Tree): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  /** Where a file is. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** What is in a file. */
  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  get environment(): NodeJS.ProcessEnv {
    const { PATH, LANG } = process.env;
    return { PATH: `${PROGRAMS}:${PATH}`, LANG, HOME: this.home, ICPY_HOME: join(this.home, "icpy"), SHELL: "/bin/bash" };
  }

  /** Runs `icpy`. Returns what it prints. */
  async icpy(args: string[]): Promise<string> {
    const options = { env: this.environment, cwd: this.folder };
    return (await promisify(execFile)(join(PROGRAMS, "icpy"), args, options)).stdout;
  }

  /** Starts `icpy` and leaves it running: its first line, and with which status it ends. */
  startIcpy(args: string[]): { line: Promise<string>; ended: Promise<number | null> } {
    const child = spawn(join(PROGRAMS, "icpy"), args, {
      env: this.environment,
      cwd: this.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
    return { line, ended: new Promise((resolve) => child.once("exit", resolve)) };
  }

  /** Starts the daemon, and waits until it answers. */
  async startDaemon(): Promise<void> {
    const folder = process.env.ICPY_WEB_FOLDER;
    const args = ["--allow-root", "--http", this.#address, ...(folder ? ["--set", `http.web_folder=${folder}`] : [])];
    const daemon = spawn(join(PROGRAMS, "icpyd"), args, {
      env: this.environment,
      cwd: this.home,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#daemon = daemon;
    let said = "";
    daemon.stdout?.on("data", (data) => (said += data));
    daemon.stderr?.on("data", (data) => (said += data));
    await until(async () => {
      if (daemon.exitCode !== null) throw new Error(`icpyd has ended: ${said}`);
      return await this.icpy(["web", "--status", "--json"]).then(
        (status) => {
          this.#address = JSON.parse(status).address ?? this.#address;
          return !this.#address.endsWith(":0");
        },
        () => false,
      );
    }, "the daemon listens");
  }

  /** Has browsers come over a wire that can be cut. Before the first window is opened. */
  async layWire(): Promise<Wire> {
    this.#wire = await Wire.lay(this.#address);
    return this.#wire;
  }

  /** Where browsers find the daemon. */
  get #origin(): string {
    return `http://${this.#wire ? this.#address.replace("127.0.0.1", "localhost") : this.#address}`;
  }

  /** Ends the daemon as a crash would. */
  async killDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null) return;
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGKILL");
    await ended;
  }

  /** A browser window of a user's own, that is logged in and shows the workspace. */
  async window(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    return (await this.context(options)).newPage().then((page) => this.visit(page));
  }

  /** A browser's profile that is logged in. */
  async context(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
    const context = await (await this.#launch()).newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      ...options,
    });
    const link = await this.#link();
    const page = await context.newPage();
    await page.goto(link);
    await page.close();
    return context;
  }

  /** Loads the web UI in a page of a profile that is logged in, and waits until it is connected. */
  async visit(page: Page): Promise<Page> {
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      const text = message.text();
      // A connection that is refused while there is no daemon is the browser's own news.
      if (message.type() === "error" && !text.includes("net::ERR_") && !text.includes("WebSocket")) this.faults.push(text);
    });
    await page.goto(`${this.#origin}/`);
    await page.getByRole("status").filter({ hasText: "Connected" }).waitFor();
    return page;
  }

  /** A page of a new profile, which is about to follow a link. */
  async page(): Promise<Page> {
    return (await (await this.#launch()).newContext()).newPage();
  }

  async #launch(): Promise<Browser> {
    const args = ["--no-sandbox", "--no-proxy-server"];
    if (this.#wire) args.push(`--host-resolver-rules=MAP localhost ${WIRE_ADDRESS}`);
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, args });
    return this.#browser;
  }

  /** Closes every window, so that those of a test take no time from the next. */
  async closeWindows(): Promise<void> {
    for (const context of this.#browser?.contexts() ?? []) await context.close();
  }

  async #link(): Promise<string> {
    const said = JSON.parse(await this.icpy(["web", "--no-open", "--json"]));
    return said.url.replace(`http://${this.#address}`, this.#origin);
  }

  /** Keeps a picture of a page. */
  async screenshot(page: Page, name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: "disabled", caret: "initial" });
  }

  /** Ends all, and forgets it. Faults that pages have told fail the test. */
  async end(): Promise<void> {
    await this.#browser?.close();
    this.#wire?.remove();
    await this.icpy(["stop", "--force"]).catch(() => {});
    await this.killDaemon();
    rmSync(this.home, { recursive: true, force: true });
    if (this.faults.length > 0) throw new Error(`pages have failed:\n${this.faults.join("\n")}`);
  }
}

/** Waits until something is so. */
export async function until(is: () => boolean | Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error(`in ${timeoutMs} ms it was not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
