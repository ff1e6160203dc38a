// Where in a terminal the shell's commands are, as the shell marks them (OSC 133), with a sign at their beginning that says how
// they ended.

import type { IDecoration, IDisposable, IMarker, Terminal } from "@xterm/xterm";

interface Mark {
  marker: IMarker;
  /** Whether it was run: a prompt alone is no command. */
  isRun: boolean;
  decoration: IDecoration | undefined;
}

/** What a mark says. */
export interface Told {
  kind: "prompt" | "begin" | "end";
  exitCode: number | null;
  /** What proves that a shell of the daemon has written it. */
  proof: string | null;
}

const KINDS: Record<string, Told["kind"]> = { B: "prompt", C: "begin", D: "end" };
const MARKS_MAX = 1_000;

/** Reads what is behind `OSC 133 ;`. */
export function readMark(data: string): Told | null {
  const [letter = "", ...fields] = data.split(";");
  const kind = KINDS[letter];
  if (!kind) return null;
  const proof = fields.find((field) => field.startsWith("icpy="));
  const code = kind === "end" && /^\d+$/.test(fields[0] ?? "") ? Number(fields[0]) : null;
  return { kind, exitCode: code, proof: proof ? proof.slice("icpy=".length) : null };
}

export class Marks {
  readonly #terminal: Terminal;
  readonly #handler: IDisposable;
  #marks: Mark[] = [];
  /** Once a shell has proven its marks, those of others mean nothing. */
  #proof: string | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#handler = terminal.parser.registerOscHandler(133, (data) => {
      const told = readMark(data);
      if (told) this.#take(told);
      return true;
    });
  }

  /** Forgets all. */
  clear(): void {
    for (const mark of this.#marks.splice(0)) dispose(mark);
  }

  /** The line of the command before or behind a line, if there is one. */
  next(line: number, step: -1 | 1): number | null {
    const lines = this.#marks.filter(({ marker }) => !marker.isDisposed).map(({ marker }) => marker.line);
    const found = step < 0 ? lines.findLast((it) => it < line) : lines.find((it) => it > line);
    return found ?? null;
  }

  dispose(): void {
    this.#handler.dispose();
    this.clear();
  }

  #take({ kind, exitCode, proof }: Told): void {
    this.#proof ??= proof;
    if (proof !== this.#proof || this.#terminal.buffer.active.type === "alternate") return;
    const last = this.#marks.at(-1);
    if (kind === "begin" && last) last.isRun = true;
    if (kind === "end" && last?.isRun && !last.decoration) this.#show(last, exitCode);
    if (kind === "prompt") this.#prompt(last);
  }

  #prompt(last: Mark | undefined): void {
    const marker = this.#terminal.registerMarker(0);
    // A prompt that is drawn again, or was left empty, is no command.
    if (last && (!last.isRun || last.marker.isDisposed)) {
      dispose(last);
      this.#marks.pop();
    }
    this.#marks.push({ marker, isRun: false, decoration: undefined });
    if (this.#marks.length > MARKS_MAX) for (const mark of this.#marks.splice(0, MARKS_MAX / 10)) dispose(mark);
  }

  #show(mark: Mark, exitCode: number | null): void {
    if (mark.marker.isDisposed || exitCode === null) return;
    mark.decoration = this.#terminal.registerDecoration({ marker: mark.marker, x: 0, width: 1 });
    mark.decoration?.onRender((element) => {
      element.classList.add("terminal-mark");
      element.dataset.result = exitCode === 0 ? "success" : "failure";
      element.title = exitCode === 0 ? "Succeeded" : `Failed with ${exitCode}`;
    });
  }
}

function dispose({ marker, decoration }: Mark): void {
  decoration?.dispose();
  marker.dispose();
}
