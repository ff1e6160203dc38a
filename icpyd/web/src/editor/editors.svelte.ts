// The editors of a window: groups side by side, which file is in front in each, and what each shows.

import type { TextPosition } from "$protocol";
import { nameOf } from "../protocol.ts";
import type { Asked } from "../workbench/type_ahead.ts";
import type { Workbench } from "../workbench/workbench.svelte.ts";
import type { Shown, WorkspaceFile } from "../workbench/workspaces.svelte.ts";
import { added, arranged, GROUPS_MAX, type Group, moved, removed, split } from "./arrangement.ts";
import { CodeEditor } from "./code_editor.ts";
import { DocumentSet } from "./document_set.svelte.ts";
import type { TextDocument } from "./documents.svelte.ts";
import { FileChoices } from "./file_choices.ts";
import { type EditorOptions, optionsOf } from "./options.ts";
import { Places } from "./places.ts";

const RECORD = "panel/web/editors";
const ACTIVE_FILE = "active_file";
const REMEMBERED = "icpy.editors.";
/** So many files that were closed can be opened again. */
const CLOSED_MAX = 30;

interface Remembered {
  front: Record<string, string>;
  activeId: string;
}

export class Editors {
  readonly workbench: Workbench;
  readonly documents: DocumentSet;
  readonly places = new Places();
  readonly choices: FileChoices;
  groups: Group[] = $derived.by(() => this.#arranged());
  /** The group that commands are about. */
  active: Group = $derived.by(() => this.groups.find(({ id }) => id === this.#activeId) ?? (this.groups[0] as Group));
  /** The file that commands are about. */
  file: WorkspaceFile | null = $derived.by(() => this.frontOf(this.active));
  /** Rises with every move of a cursor. */
  movement = $state(0);
  #isMoving = false;
  /** What the editor in front is to have the focus for, when it is there. */
  #focusFor: Asked | null = null;
  /** By its group: the file in front, of this window alone. */
  #front = $state.raw<Record<string, string>>({});
  #activeId = $state("1");
  /** Files that were closed here, the last one last. */
  #closed: string[] = [];
  /** By group and file. */
  readonly #views = new Map<string, CodeEditor>();
  readonly #positions = new Map<string, TextPosition>();
  readonly #key: string;
  readonly #typedListeners = new Set<(document: TextDocument) => void>();

  constructor(workbench: Workbench) {
    this.workbench = workbench;
    this.documents = new DocumentSet(workbench);
    this.choices = new FileChoices(workbench.records);
    this.#key = REMEMBERED + (workbench.workspaces.current?.workspaceId ?? "");
    const remembered: Remembered | null = JSON.parse(sessionStorage.getItem(this.#key) ?? "null");
    if (remembered) {
      this.#front = remembered.front;
      this.#activeId = remembered.activeId;
    }
  }

  /** The document of the file in front, where that was shown. */
  get document(): TextDocument | null {
    return this.file ? (this.documents.find(this.file.fileId) ?? null) : null;
  }

  /** The editor in front; nothing where something else is shown. */
  get view(): CodeEditor | null {
    return this.file ? (this.#views.get(keyOf(this.active.id, this.file.fileId)) ?? null) : null;
  }

  fileOf(fileId: string | undefined): WorkspaceFile | null {
    return this.workbench.workspaces.files.find((file) => file.fileId === fileId) ?? null;
  }

  /** The file in front of a group. */
  frontOf(group: Group): WorkspaceFile | null {
    const isHere = (fileId: unknown): fileId is string => typeof fileId === "string" && group.files.includes(fileId);
    const own = this.#front[group.id];
    const others = this.workbench.records.get(ACTIVE_FILE);
    const fileId = isHere(own) ? own : isHere(others) ? others : group.files.at(-1);
    return this.fileOf(fileId);
  }

  /** Shows a file that is to be shown: where it is already, or in the group that is active. */
  show({ file, position }: Pick<Shown, "file" | "position">, hasFocus: boolean): void {
    const { fileId } = file;
    const group = [this.active, ...this.groups].find(({ files }) => files.includes(fileId)) ?? this.active;
    const isPlaced = this.#stored().some(({ files }) => files.includes(fileId));
    // Of one group all windows know without being told that the file is in it, behind those opened before.
    if (!isPlaced && this.groups.length > 1) {
      const others = this.groups.map((it) => ({ ...it, files: it.files.filter((id) => id !== fileId) }));
      this.#store(added(others, this.active.id, fileId));
    }
    if (position) this.#positions.set(fileId, position);
    this.front(isPlaced ? group.id : this.active.id, fileId);
    this.#goToPosition(fileId);
    if (hasFocus) this.focus();
  }

  /** Shows a file in front of its group. */
  front(groupId: string, fileId: string): void {
    this.#front = { ...this.#front, [groupId]: fileId };
    this.#activeId = groupId;
    this.workbench.records.set(ACTIVE_FILE, fileId);
    this.remember();
  }

  /** Commands are about this group from now on. */
  activate(groupId: string): void {
    if (this.#activeId === groupId) return;
    this.#activeId = groupId;
    this.remember();
  }

  /** Gives the editor in front the focus, now or when it is there. */
  focus(): void {
    const { view, file, document } = this;
    const { typeAhead } = this.workbench;
    if (!file) return;
    this.#focusFor = typeAhead.askFor(file.fileId);
    if (view?.view.dom.isConnected) this.shown(view);
    else if (document && !document.isTypable) typeAhead.giveUp();
  }

  /** An editor is on the screen. */
  shown(view: CodeEditor): void {
    this.#moved();
    const { file } = this;
    const { typeAhead } = this.workbench;
    if (!file || view !== this.view || !this.#focusFor) return;
    // Who has turned to something else is left there.
    const isWanted = this.#focusFor === typeAhead.asked;
    this.#focusFor = null;
    if (!isWanted) return;
    view.focus();
    typeAhead.arrive(file.fileId, view);
  }

  /** Keeps for a reload what is in front. */
  remember(): void {
    const remembered: Remembered = { front: this.#front, activeId: this.#activeId };
    sessionStorage.setItem(this.#key, JSON.stringify(remembered));
  }

  /** The editor of a text in a group. */
  viewOf(groupId: string, document: TextDocument): CodeEditor | null {
    const { content, fileId } = document;
    if (content.kind !== "text") return null;
    const key = keyOf(groupId, fileId);
    const known = this.#views.get(key);
    if (known) return known;
    const view = new CodeEditor(content.text, nameOf(document.path), optionsOf(this.workbench.preferences), {
      typed: () => this.typed(document),
      moved: () => this.#moved(),
      focused: () => this.activate(groupId),
    });
    this.#views.set(key, view);
    const place = this.places.of(fileId);
    if (place) view.select(Math.min(place.anchor, content.text.doc.length), Math.min(place.head, content.text.doc.length));
    this.#goToPosition(fileId);
    return view;
  }

  /** Each editor that there is, with the group and the file that it is of. */
  get views(): Array<{ groupId: string; fileId: string; view: CodeEditor }> {
    return [...this.#views].map(([key, view]) => {
      const [groupId = "", fileId = ""] = key.split(" ");
      return { groupId, fileId, view };
    });
  }

  /** Something was typed in a document. */
  typed(document: TextDocument): void {
    document.typed();
    for (const listener of this.#typedListeners) listener(document);
  }

  onTyped(listener: (document: TextDocument) => void): () => void {
    this.#typedListeners.add(listener);
    return () => this.#typedListeners.delete(listener);
  }

  /** Has all editors look and behave so. */
  setOptions(options: EditorOptions): void {
    for (const view of this.#views.values()) view.setOptions(options);
    this.#moved();
  }

  /** Takes which files are open now. */
  follow(files: WorkspaceFile[]): void {
    for (const fileId of this.documents.follow(files)) this.workbench.typeAhead.giveUpOn(fileId);
    for (const { groupId, fileId, view } of this.views) {
      const isThere = this.groups.some((group) => group.id === groupId && group.files.includes(fileId));
      if (isThere) continue;
      view.destroy();
      this.#views.delete(keyOf(groupId, fileId));
    }
  }

  move(from: string, to: string, fileId: string, before: string | null = null): void {
    this.#store(moved(this.groups, from, to, fileId, before));
    this.front(to, fileId);
    this.focus();
  }

  /** Shows a file in one more group, beside its own. */
  split(groupId: string, fileId: string): void {
    if (this.groups.length >= GROUPS_MAX) {
      this.workbench.notices.info(`There are ${GROUPS_MAX} groups of editors already: close one before`);
      return;
    }
    const { groups, id } = split(this.groups, groupId, fileId);
    this.#store(groups);
    this.front(id, fileId);
    this.focus();
  }

  /** Takes a file out of a group. Returns whether another group shows it. */
  remove(groupId: string, fileId: string): boolean {
    const group = this.groups.find(({ id }) => id === groupId);
    const at = group?.files.indexOf(fileId) ?? -1;
    const next = group?.files[at + 1] ?? group?.files[at - 1];
    const isElsewhere = this.groups.some(({ id, files }) => id !== groupId && files.includes(fileId));
    if (isElsewhere) this.#store(removed(this.groups, groupId, fileId));
    if (next && group && this.frontOf(group)?.fileId === fileId) this.#front = { ...this.#front, [groupId]: next };
    this.remember();
    return isElsewhere;
  }

  /** Remembers a file that was closed here. */
  rememberClosed(path: string): void {
    this.#closed = [...this.#closed.filter((it) => it !== path), path].slice(-CLOSED_MAX);
  }

  /** The file that was closed last, which is forgotten by that. */
  takeClosed(): string | null {
    return this.#closed.pop() ?? null;
  }

  resize(groups: Group[]): void {
    this.#store(groups);
  }

  end(): void {
    this.leave();
    for (const view of this.#views.values()) view.destroy();
    this.#views.clear();
    this.documents.end();
  }

  /** The window goes away. */
  leave(): void {
    for (const { fileId, view } of this.views) this.places.keep(fileId, view.view.state.selection.main);
    this.places.store();
    for (const document of this.documents.all) document.last();
  }

  /** Tells of moves once for all that come together, and never in the middle of something else. */
  #moved(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    queueMicrotask(() => {
      this.#isMoving = false;
      this.movement++;
    });
  }

  #goToPosition(fileId: string): void {
    const position = this.#positions.get(fileId);
    const views = this.views.filter((it) => it.fileId === fileId);
    if (!position || views.length === 0) return;
    this.#positions.delete(fileId);
    const { view } = views.find(({ groupId }) => groupId === this.active.id) ?? (views[0] as { view: CodeEditor });
    view.showPlace(position.line, position.column ?? 1);
  }

  /** The groups as they are stored, with files that may not be open any more. */
  #stored(): Group[] {
    return this.workbench.records.get<{ groups?: Group[] }>(RECORD)?.groups ?? [];
  }

  #arranged(): Group[] {
    const { records, workspaces, layout } = this.workbench;
    const groups = arranged(
      records.get(RECORD),
      workspaces.files.map(({ fileId }) => fileId),
    );
    if (!layout.isNarrow || groups.length === 1) return groups;
    const files = [...new Set(groups.flatMap((group) => group.files))];
    return [{ id: this.#activeId, files, size: 1 }];
  }

  #store(groups: Group[]): void {
    // On a narrow screen all are shown as one: that is nothing for others.
    if (!this.workbench.layout.isNarrow) this.workbench.records.set(RECORD, { groups });
  }
}

function keyOf(groupId: string, fileId: string): string {
  return `${groupId} ${fileId}`;
}
