// Where others are in the text: their cursors with their names, and what they have selected.

import { type Extension, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";

/** Somebody in this text. Places are in the text as it is shown. */
export interface Person {
  name: string;
  colour: string;
  ranges: Array<{ anchor: number; head: number }>;
}

const show = StateEffect.define<Person[]>();

class Cursor extends WidgetType {
  readonly name: string;
  readonly colour: string;

  constructor({ name, colour }: Person) {
    super();
    this.name = name;
    this.colour = colour;
  }

  override eq(other: Cursor): boolean {
    return other.name === this.name && other.colour === this.colour;
  }

  override toDOM(): HTMLElement {
    const cursor = document.createElement("span");
    cursor.className = "cm-person";
    cursor.style.setProperty("--person", this.colour);
    const name = document.createElement("span");
    name.className = "cm-person-name";
    name.textContent = this.name;
    // A cursor is no part of the text that is read.
    cursor.setAttribute("aria-hidden", "true");
    cursor.append(name);
    return cursor;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const field = StateField.define<DecorationSet>({
  create: () => RangeSet.empty,
  update(decorations, transaction) {
    const people = transaction.effects.find((effect) => effect.is(show));
    if (people) return decorate(people.value, transaction.state.doc.length);
    return decorations.map(transaction.changes);
  },
  provide: (it) => EditorView.decorations.from(it),
});

const theme = EditorView.theme({
  ".cm-person": {
    position: "relative",
    display: "inline-block",
    width: "0",
    height: "1.2em",
    verticalAlign: "text-bottom",
    boxShadow: "0 0 0 1px color-mix(in srgb, var(--person) 75%, var(--text))",
    pointerEvents: "auto",
  },
  ".cm-person-name": {
    position: "absolute",
    bottom: "100%",
    left: "-1px",
    padding: "0 5px",
    borderRadius: "3px 3px 3px 0",
    background: "var(--person)",
    color: "#ffffff",
    font: "600 11px/1.5 var(--font)",
    whiteSpace: "nowrap",
    zIndex: "5",
    userSelect: "none",
    opacity: "0",
    pointerEvents: "none",
    // A name is shown for a while wherever its cursor comes to: it hides what others have written above.
    animation: "cm-person-name 3s step-end",
  },
  "@keyframes cm-person-name": { from: { opacity: "1" }, to: { opacity: "0" } },
  ".cm-person:hover .cm-person-name": { opacity: "1" },
  ".cm-person::before": { content: "''", position: "absolute", inset: "0 -4px" },
  ".cm-line:first-child .cm-person-name": { bottom: "auto", top: "100%", borderRadius: "0 3px 3px 3px" },
});

/** What an editor needs to show others. */
export const peopleCursors: Extension = [field, theme];

/** Shows these people, and no others. */
export function showPeople(view: EditorView, people: Person[]): void {
  view.dispatch({ effects: show.of(people) });
}

function decorate(people: Person[], length: number): DecorationSet {
  const inside = (place: number) => Math.max(0, Math.min(place, length));
  const decorations = people.flatMap((person) =>
    person.ranges.flatMap(({ anchor, head }) => {
      const [from, to, at] = [inside(Math.min(anchor, head)), inside(Math.max(anchor, head)), inside(head)];
      const cursor = Decoration.widget({ widget: new Cursor(person), side: 1 }).range(at);
      if (from === to) return [cursor];
      const style = `background: color-mix(in srgb, ${person.colour} 26%, transparent)`;
      return [Decoration.mark({ attributes: { style } }).range(from, to), cursor];
    }),
  );
  return Decoration.set(decorations, true);
}
