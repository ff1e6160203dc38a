// Being where somebody else is: what they look at is shown here, until the user does something.

import type { PresenceInfo, TextPlace } from "$protocol";
import { pathText } from "../protocol.ts";
import type { Editors } from "./editors.svelte.ts";

export class Following {
  /** The session that is followed. */
  sessionId = $state<string | null>(null);
  readonly #editors: Editors;
  #shown = "";

  constructor(editors: Editors) {
    this.#editors = editors;
  }

  get person(): PresenceInfo | null {
    return this.#editors.workbench.presence.others.find((it) => it.sessionId === this.sessionId) ?? null;
  }

  follow(sessionId: string): void {
    this.sessionId = sessionId;
    this.#shown = "";
    this.#editors.workbench.presence.tell({ follows: sessionId });
    this.update();
  }

  end(): void {
    if (this.sessionId === null) return;
    this.sessionId = null;
    this.#editors.workbench.presence.tell({ follows: null });
  }

  /** Shows what is looked at now. */
  update(): void {
    const { person } = this;
    if (!person?.path) return;
    const path = pathText(person.path);
    const file = this.#editors.workbench.workspaces.files.find((it) => it.path === path);
    if (!file) return;
    if (this.#editors.file?.fileId !== file.fileId) this.#editors.show({ file, position: null }, false);
    const place = person.selections?.[0]?.head ?? person.viewport?.head;
    const text = this.#editors.document?.text;
    const at = JSON.stringify([path, place]);
    if (place === undefined || !text || !this.#editors.view || at === this.#shown) return;
    this.#shown = at;
    this.#editors.view.reveal(shownPlace(place, text.unconfirmed, text.doc.length));
  }
}

/** Where a place of the confirmed text is in what is shown. */
export function shownPlace(
  place: TextPlace,
  unconfirmed: { length: number; mapPos(place: number, side: number): number },
  length: number,
): number {
  const offset = typeof place === "number" ? place : 0;
  return Math.min(unconfirmed.mapPos(Math.min(offset, unconfirmed.length), 1), length);
}
