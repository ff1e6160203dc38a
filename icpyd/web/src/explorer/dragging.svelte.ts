// Dragging in the tree: onto which folder, and what is done with it there.

import { put, upload } from "./commands.ts";
import { incomingOf } from "./dropped.ts";
import type { Explorer } from "./explorer.svelte.ts";
import { isWithin, parentOf } from "./paths.ts";

/** What rows of the tree are in a transfer. */
const TYPE = "application/x-icpy-paths";
/** A folder opens by itself when something is held over it for so long. */
const SPRING_MS = 700;

export class Dragging {
  /** The folder that it would go to. */
  target = $state.raw<string | null>(null);
  readonly #explorer: Explorer;
  #paths: string[] = [];
  #spring: { folder: string; timer: ReturnType<typeof setTimeout> } | null = null;

  constructor(explorer: Explorer) {
    this.#explorer = explorer;
  }

  begin(event: DragEvent): void {
    const path = pathAt(event);
    if (path === null || !event.dataTransfer) return;
    if (!this.#explorer.selected.has(path)) this.#explorer.select(path);
    this.#paths = this.#explorer.meant;
    event.dataTransfer.setData(TYPE, JSON.stringify(this.#paths));
    event.dataTransfer.setData("text/plain", this.#paths.join("\n"));
    event.dataTransfer.effectAllowed = "copyMove";
  }

  over(event: DragEvent): void {
    const { dataTransfer } = event;
    const isOurs = dataTransfer?.types.includes(TYPE);
    if (!dataTransfer || (!isOurs && !dataTransfer.types.includes("Files"))) return;
    const folder = this.#folderAt(event);
    const isCopy = !isOurs || event.altKey;
    const isPossible = !isOurs || this.#canGoTo(folder, isCopy);
    this.target = isPossible ? folder : null;
    this.#springOver(event);
    if (!isPossible) return;
    event.preventDefault();
    dataTransfer.dropEffect = isCopy ? "copy" : "move";
  }

  leave(event: DragEvent): void {
    const { currentTarget, relatedTarget } = event;
    if (relatedTarget instanceof Node && (currentTarget as Node).contains(relatedTarget)) return;
    this.end();
  }

  drop(event: DragEvent): void {
    const folder = this.target;
    const data = event.dataTransfer?.getData(TYPE);
    this.end();
    if (folder === null || !event.dataTransfer) return;
    event.preventDefault();
    if (data) void put(this.#explorer, JSON.parse(data) as string[], folder, event.altKey);
    else void this.#upload(event.dataTransfer, folder);
  }

  end(): void {
    this.target = null;
    clearTimeout(this.#spring?.timer);
    this.#spring = null;
  }

  async #upload(transfer: DataTransfer, folder: string): Promise<void> {
    try {
      await upload(this.#explorer, folder, await incomingOf(transfer));
    } catch (error) {
      this.#explorer.workbench.notices.failure("Upload", error);
    }
  }

  #folderAt(event: DragEvent): string | null {
    const path = pathAt(event);
    const entry = this.#explorer.entryAt(path);
    if (entry) return entry.isFolder ? entry.path : parentOf(entry.path);
    const note = (event.target as Element).closest<HTMLElement>("[data-folder]");
    return note?.dataset.folder ?? this.#explorer.roots[0]?.path ?? null;
  }

  #canGoTo(folder: string | null, isCopy: boolean): boolean {
    if (folder === null) return false;
    return this.#paths.every((path) => !isWithin(folder, path) && (isCopy || parentOf(path) !== folder));
  }

  #springOver(event: DragEvent): void {
    const entry = this.#explorer.entryAt(pathAt(event));
    const folder = entry?.isFolder && !this.#explorer.isOpen(entry) ? entry.path : null;
    if (this.#spring?.folder === folder) return;
    clearTimeout(this.#spring?.timer);
    const open = () => folder !== null && this.#explorer.setOpen(folder, true);
    this.#spring = folder === null ? null : { folder, timer: setTimeout(open, SPRING_MS) };
  }
}

function pathAt(event: Event): string | null {
  return (event.target as Element).closest<HTMLElement>("[data-path]")?.dataset.path ?? null;
}
