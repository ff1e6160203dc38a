// A file that is too large to be shared, read in pieces as they are looked at: an editor that can only be read shows a few of
// them, and takes the next where its text ends.

import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { findPanel } from "./find_panel.ts";
import { appearance } from "./highlight.ts";

/** Reads some bytes of the file as text. */
export type ReadPiece = (offset: number, length: number) => Promise<{ text: string; length: number }>;

/** Is told which byte is at the top. */
type Moved = (at: number) => void;

interface Piece {
  offset: number;
  bytes: number;
  characters: number;
}

const PIECE_BYTES = 512 << 10;
const PIECES_MAX = 4;
/** How near to an end the next piece is read, in pixels. */
const AHEAD = 2_000;

export class Pieces {
  readonly view: EditorView;
  readonly #read: ReadPiece;
  readonly #size: number;
  readonly #moved: Moved;
  #pieces: Piece[] = [];
  #isReading = false;
  #turn = 0;

  constructor(parent: HTMLElement, size: number, label: string, read: ReadPiece, moved: Moved) {
    this.#read = read;
    this.#size = size;
    this.#moved = moved;
    const extensions = [
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ "aria-label": label }),
      keymap.of(defaultKeymap),
      findPanel(),
      appearance,
    ];
    this.view = new EditorView({ parent, state: EditorState.create({ extensions }) });
    this.view.scrollDOM.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  /** Shows what is at a byte. */
  async goTo(offset: number): Promise<void> {
    const turn = ++this.#turn;
    const last = Math.max(0, this.#size - PIECE_BYTES / 8);
    const begin = Math.floor(Math.min(offset, last));
    const { text, length } = await this.#read(begin, PIECE_BYTES);
    if (turn !== this.#turn) return;
    this.#pieces = [{ offset: begin, bytes: length, characters: text.length }];
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
    const characters = this.view.state.doc.length;
    this.#pieces[0] = { offset: begin, bytes: length, characters };
    const isEnd = offset > last;
    this.view.dispatch({ effects: EditorView.scrollIntoView(isEnd ? characters : 0, { y: isEnd ? "end" : "start" }) });
    this.#tell();
  }

  destroy(): void {
    this.#turn = -1;
    this.view.destroy();
  }

  #scrolled(): void {
    this.#tell();
    const { scrollTop, scrollHeight, clientHeight } = this.view.scrollDOM;
    if (scrollHeight - scrollTop - clientHeight < AHEAD) void this.#more(false);
    else if (scrollTop < AHEAD) void this.#more(true);
  }

  async #more(isBefore: boolean): Promise<void> {
    const edge = isBefore ? this.#pieces[0] : this.#pieces.at(-1);
    if (!edge || this.#isReading) return;
    const begin = isBefore ? Math.max(0, edge.offset - PIECE_BYTES) : edge.offset + edge.bytes;
    const bytes = isBefore ? edge.offset - begin : PIECE_BYTES;
    if (bytes === 0 || begin >= this.#size) return;
    const turn = this.#turn;
    this.#isReading = true;
    try {
      const { text, length } = await this.#read(begin, bytes);
      if (turn === this.#turn) this.#add({ offset: begin, bytes: length }, text, isBefore);
    } finally {
      this.#isReading = false;
    }
  }

  #add(piece: Omit<Piece, "characters">, text: string, isBefore: boolean): void {
    const { doc } = this.view.state;
    const insert = this.view.state.toText(text);
    const added = { ...piece, characters: insert.length };
    this.#pieces = isBefore ? [added, ...this.#pieces] : [...this.#pieces, added];
    const gone = this.#pieces.length > PIECES_MAX ? (isBefore ? this.#pieces.pop() : this.#pieces.shift()) : null;
    const removed = gone?.characters ?? 0;
    this.view.dispatch({
      changes: isBefore
        ? [
            { from: 0, insert },
            { from: doc.length - removed, to: doc.length },
          ]
        : [
            { from: 0, to: removed },
            { from: doc.length, insert },
          ],
    });
    this.#tell();
  }

  #tell(): void {
    const [first] = this.#pieces;
    const last = this.#pieces.at(-1);
    if (!first || !last) return;
    const end = last.offset + last.bytes;
    const part = this.view.lineBlockAtHeight(this.view.scrollDOM.scrollTop).from / Math.max(1, this.view.state.doc.length);
    this.#moved(Math.round(first.offset + (end - first.offset) * part));
  }
}
