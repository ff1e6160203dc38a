// What is typed before what it is for is there.

import { expect, test } from "vitest";
import { type KeyPressed, TypeAhead, type Typed, typedBy } from "./type_ahead.ts";

/** Something that notes what is typed into it. */
function target(): { typed: Typed[]; typeAhead(typed: Typed[]): void } {
  const typed: Typed[] = [];
  return { typed, typeAhead: (pieces) => typed.push(...pieces) };
}

function type(ahead: TypeAhead, text: string): boolean[] {
  return Array.from(text, (character) => ahead.type({ kind: "text", text: character }));
}

test("what is typed goes in its order into what was asked for, once", () => {
  const [ahead, editor] = [new TypeAhead(), target()];
  const asked = ahead.ask();
  type(ahead, "wo");
  ahead.type({ kind: "key", key: "Enter" });
  ahead.is(asked, "file");
  ahead.type({ kind: "paste", text: "pasted" });
  type(ahead, "rd");
  ahead.arrive("file", editor);
  expect(editor.typed).toEqual([
    { kind: "text", text: "wo" },
    { kind: "key", key: "Enter" },
    { kind: "paste", text: "pasted" },
    { kind: "text", text: "rd" },
  ]);
  expect(type(ahead, "s")).toEqual([false]);
  ahead.arrive("file", editor);
  expect(editor.typed.length).toBe(4);
});

test("it may be there before it is known that it is what was asked for", () => {
  const [ahead, editor] = [new TypeAhead(), target()];
  const asked = ahead.ask();
  type(ahead, "a");
  ahead.arrive("file", editor);
  type(ahead, "b");
  expect(editor.typed).toEqual([]);
  ahead.is(asked, "file");
  expect(editor.typed).toEqual([{ kind: "text", text: "ab" }]);
});

test("nothing is typed into another one than was asked for", () => {
  const [ahead, editor, other] = [new TypeAhead(), target(), target()];
  const asked = ahead.ask();
  type(ahead, "a");
  ahead.arrive("other", other);
  ahead.is(asked, "file");
  ahead.arrive("file", editor);
  expect([editor.typed, other.typed]).toEqual([[{ kind: "text", text: "a" }], []]);
  ahead.askFor("file");
  type(ahead, "b");
  ahead.arrive("other", other);
  ahead.arrive("file", editor);
  expect([editor.typed.length, other.typed]).toEqual([1, []]);
});

test("who asks for something else, or turns away, types into that", () => {
  const [ahead, editor] = [new TypeAhead(), target()];
  const first = ahead.askFor("first");
  type(ahead, "a");
  const second = ahead.askFor("second");
  ahead.giveUp(first);
  expect(ahead.asked).toBe(second);
  ahead.giveUpOn("first");
  expect(ahead.asked).toBe(second);
  expect(ahead.askFor("second")).toBe(second);
  type(ahead, "b");
  ahead.arrive("second", editor);
  expect(editor.typed).toEqual([{ kind: "text", text: "b" }]);
  ahead.askFor("third");
  ahead.giveUp();
  expect(type(ahead, "c")).toEqual([false]);
});

test("what fails is not waited for", async () => {
  const ahead = new TypeAhead();
  await expect(ahead.keepFor(ahead.ask(), Promise.reject(new Error("no")), String)).rejects.toThrow("no");
  expect(ahead.asked).toBeNull();
  await ahead.keepFor(ahead.ask(), Promise.resolve("file"), String);
  expect(ahead.asked?.id).toBe("file");
  ahead.giveUp();
});

test("a command that waits for the workspace goes on with what was typed behind it", () => {
  const ahead = new TypeAhead();
  const early = ahead.ask(true);
  type(ahead, "ab");
  ahead.turnAway();
  expect(ahead.ask()).toBe(early);
  expect(ahead.ask()).not.toBe(early);
  expect(ahead.asked?.typed).toEqual([]);
  ahead.giveUp();
});

test("keys that move are for what has the focus, until something is typed", () => {
  const ahead = new TypeAhead();
  ahead.ask();
  expect(ahead.type({ kind: "key", key: "ArrowDown" })).toBe(false);
  type(ahead, "a");
  expect(ahead.type({ kind: "key", key: "Home" })).toBe(true);
  ahead.giveUp();
});

test("it keeps no more than somebody types", () => {
  const ahead = new TypeAhead();
  ahead.ask();
  ahead.type({ kind: "paste", text: "x".repeat(60_000) });
  ahead.type({ kind: "paste", text: "x".repeat(60_000) });
  ahead.type({ kind: "text", text: "y" });
  expect(ahead.asked?.typed.map((piece) => piece.kind)).toEqual(["paste", "text"]);
  ahead.giveUp();
});

test("keys type characters or edit, and the others are not taken", () => {
  const typed = (key: string, modifiers: string[] = [], isMac = false) => {
    const has = (name: string) => modifiers.includes(name);
    const event: KeyPressed = {
      key,
      ctrlKey: has("Control"),
      altKey: has("Alt"),
      metaKey: has("Meta"),
      shiftKey: has("Shift"),
      isComposing: has("composing"),
      getModifierState: has,
    };
    const found = typedBy(event, isMac);
    return found?.kind === "key" ? found.key : (found?.text ?? null);
  };
  expect(["a", "Ä", " ", "😀", "Enter", "Backspace", "ArrowUp"].map((key) => typed(key))).toEqual([
    "a",
    "Ä",
    " ",
    "😀",
    "Enter",
    "Backspace",
    "ArrowUp",
  ]);
  expect(["F1", "Escape", "Tab", "Shift", "Dead", "Process"].map((key) => typed(key))).toEqual(Array(6).fill(null));
  expect([typed("c", ["Control"]), typed("c", ["Meta"]), typed("x", ["Alt"]), typed("a", ["composing"])]).toEqual(
    Array(4).fill(null),
  );
  expect(typed("@", ["Control", "Alt", "AltGraph"])).toBe("@");
  expect(typed("@", ["Alt"], true)).toBe("@");
  expect([typed("A", ["Shift"]), typed("ArrowLeft", ["Shift"]), typed("Enter", ["Shift"])]).toEqual(["A", null, "Enter"]);
});
