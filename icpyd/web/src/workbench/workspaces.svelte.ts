// The workspaces that there are, the one that this window shows, and the files that are open in it.

import type {
  FileOpened,
  OpenFile,
  TextPosition,
  WorkspaceGetStateResult,
  WorkspaceInfo,
  WorkspaceListResult,
} from "$protocol";
import type { Connection } from "../connection/connection.ts";
import { pathText } from "../protocol.ts";

/** A file that is open in the workspace. */
export interface WorkspaceFile {
  fileId: string;
  /** Its path, as a key: see `pathText`. */
  path: string;
  purpose: OpenFile["purpose"];
}

/** A file that is to be shown, and where. */
export interface Shown {
  file: WorkspaceFile;
  position: TextPosition | null;
  /** Whether this window has asked for it. */
  isOurs: boolean;
  /** The session that has asked for it. */
  openedBy: string;
}

/** The window's own memory of what it shows. */
const REMEMBERED = "icpy.workspace";

export class Workspaces {
  /** All that are not closed, the one used last first. */
  list = $state.raw<WorkspaceInfo[]>([]);
  /** The one that is shown. */
  current = $state.raw<WorkspaceInfo | null>(null);
  /** Its open files, the one opened first first. */
  files = $state.raw<WorkspaceFile[]>([]);
  /** Whether it is known which those are. */
  areFilesKnown = $state(false);
  /** Whether it is known what there is. */
  isKnown = $state(false);
  readonly #connection: Connection;
  readonly #shownListeners = new Set<(shown: Shown) => void>();
  readonly #openListeners = new Set<(workspace: WorkspaceInfo) => void>();
  #end: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Follows what workspaces there are, and shows the one that this window showed last, or the active one. */
  start(): void {
    this.#connection.follow<WorkspaceListResult>({
      fetch: () => this.#connection.call("workspace:list", {}),
      apply: ({ workspaces }) => {
        this.list = workspaces;
        this.isKnown = true;
        this.#showOne();
      },
      events: {
        "workspace:state_changed": ({ workspace }) => this.#change(workspace),
        "workspace:closed": ({ workspace }) => this.#remove(workspace),
        "workspace:deleted": ({ workspace }) => this.#remove(workspace),
      },
    });
  }

  /** Shows a workspace in this window. */
  show(workspace: WorkspaceInfo): void {
    if (this.current?.workspaceId === workspace.workspaceId) return;
    this.#end?.();
    this.current = workspace;
    this.files = [];
    this.areFilesKnown = false;
    sessionStorage.setItem(REMEMBERED, workspace.workspaceId);
    const { workspaceId } = workspace;
    for (const listener of this.#openListeners) listener(workspace);
    this.#end = this.#connection.follow<WorkspaceGetStateResult>({
      fetch: () => this.#connection.call("workspace:get_state", { workspaceId }),
      apply: ({ files }) => {
        this.files = files.map(fileOf);
        this.areFilesKnown = true;
      },
      events: {
        "file:opened": (opened) => this.#opened(opened),
        "file:renamed": ({ file }) => {
          this.files = this.files.map((it) => (it.fileId === file.fileId ? fileOf(file) : it));
        },
        "file:closed": ({ file }) => {
          this.files = this.files.filter((it) => it.fileId !== file.fileId);
        },
      },
    });
  }

  /** Calls a listener whenever another workspace is shown. */
  onOpen(listener: (workspace: WorkspaceInfo) => void): void {
    this.#openListeners.add(listener);
  }

  /** Calls a listener whenever a file is to be shown: whoever has asked for it. */
  onShown(listener: (shown: Shown) => void): () => void {
    this.#shownListeners.add(listener);
    return () => this.#shownListeners.delete(listener);
  }

  #showOne(): void {
    const isOpen = (id: string | null | undefined) => this.list.find((it) => it.workspaceId === id);
    const remembered = isOpen(this.current?.workspaceId) ?? isOpen(sessionStorage.getItem(REMEMBERED));
    const workspace = remembered ?? this.list.find((it) => it.isActive) ?? this.list[0];
    if (workspace) this.show(workspace);
    else this.current = null;
  }

  #change(workspace: WorkspaceInfo): void {
    const others = this.list.filter((it) => it.workspaceId !== workspace.workspaceId);
    this.list = [workspace, ...others].sort((a, b) => b.activatedAtMs - a.activatedAtMs);
    if (this.current?.workspaceId === workspace.workspaceId) this.current = workspace;
    if (!this.current) this.#showOne();
  }

  #remove(workspace: WorkspaceInfo): void {
    this.list = this.list.filter((it) => it.workspaceId !== workspace.workspaceId);
    if (this.current?.workspaceId === workspace.workspaceId) {
      this.#end?.();
      this.current = null;
      this.#showOne();
    }
  }

  #opened({ file, position, openedBy }: FileOpened): void {
    if (file.workspaceId !== this.current?.workspaceId) return;
    const opened = fileOf(file);
    if (!this.files.some((it) => it.fileId === file.fileId)) this.files = [...this.files, opened];
    const isOurs = openedBy === this.#connection.sessionId;
    for (const listener of this.#shownListeners) listener({ file: opened, position: position ?? null, isOurs, openedBy });
  }
}

function fileOf({ fileId, path, purpose }: OpenFile): WorkspaceFile {
  return { fileId, path: pathText(path), purpose };
}
