import { expect, test } from "vitest";
import { Typing } from "./typing.ts";

/** What was typed, by whom answers can be held back. */
function keyboard() {
  const typed: string[] = [];
  const answers: Array<() => void> = [];
  let isHeld = false;
  const typing = new Typing((data) => {
    typed.push(data);
    return isHeld ? new Promise<void>((resolve) => answers.push(resolve)) : Promise.resolve();
  });
  typing.isOpen = true;
  const hold = () => {
    isHeld = true;
  };
  const answer = async () => {
    answers.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { typing, typed, hold, answer };
}

test("a paste goes in pieces of whole characters, one after the other", async () => {
  const { typing, typed } = keyboard();
  const text = `${"a".repeat((8 << 10) - 1)}\u{1f600}${"b".repeat(20_000)}`;
  expect(await typing.paste(text)).toBe(text.length);
  expect(typed.join("")).toBe(text);
  expect(typed.length).toBe(4);
  expect(typed.every((piece) => piece.isWellFormed())).toBe(true);
});

test("keys wait for a paste, and an interrupt ends it", async () => {
  const { typing, typed, hold, answer } = keyboard();
  hold();
  const pasting = typing.paste("p".repeat(100_000));
  typing.keys("a");
  expect(typed.length).toBe(1);
  typing.keys("\x03");
  expect(typed.at(-1)).toBe("a\x03");
  await answer();
  expect(await pasting).toBe(8 << 10);
  expect(typed.length).toBe(2);
});

test("what is typed without a connection is typed with the next one, and a paste is not", async () => {
  const { typing, typed } = keyboard();
  typing.isOpen = false;
  typing.keys("ls");
  typing.keys("\r");
  expect(typed).toEqual([]);
  typing.isOpen = true;
  expect(typed).toEqual(["ls\r"]);
});

test("so many keys are on the way, and the rest goes together", async () => {
  const { typing, typed, hold, answer } = keyboard();
  hold();
  for (let count = 0; count < 40; count++) typing.keys("x");
  expect(typed.length).toBe(32);
  await answer();
  expect(typed.at(-1)).toBe("x".repeat(8));
});

test("what is pasted before there is somebody to type to waits, and keys wait behind it", async () => {
  const typed: string[] = [];
  const typing = new Typing(async (data) => typed.push(data));
  const pasting = typing.paste("pasted ");
  typing.keys("typed");
  typing.isOpen = false;
  expect(typed).toEqual([]);
  typing.isOpen = true;
  expect(await pasting).toBe(7);
  expect(typed).toEqual(["pasted ", "typed"]);
});
