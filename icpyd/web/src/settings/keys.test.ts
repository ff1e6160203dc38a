import { expect, test } from "vitest";
import { fitting, keysByCommand } from "./keys.ts";

const COMMANDS = [
  { id: "file.save", title: "Save", category: "File", keys: ["Mod+S"], run: () => {} },
  { id: "file.new", title: "New Text File", category: "File", run: () => {} },
  { id: "secret", title: "Save secretly", category: "File", isHidden: true, run: () => {} },
];

test("commands are found by the words of their titles, and by their keys", () => {
  const keys = keysByCommand(COMMANDS, { "Mod+Alt+N": "file.new" });
  const found = (query: string) => fitting(COMMANDS, keys, query).map(({ id }) => id);
  expect(found("")).toEqual(["file.save", "file.new"]);
  expect(found("save FILE")).toEqual(["file.save"]);
  expect(found("alt+n")).toEqual(["file.new"]);
  expect(found("nothing")).toEqual([]);
});
