import { expect, test } from "vitest";
import { bindings, normalKeys } from "./keys.ts";

test("a binding has one form", () => {
  expect(normalKeys("shift+ctrl+p")).toBe("Mod+Shift+P");
  expect(normalKeys("Mod+K  Mod+S")).toBe("Mod+K Mod+S");
  expect(normalKeys("Ctrl++")).toBe("Mod++");
});

test("the user's bindings go before those of commands, and an empty one takes keys away", () => {
  const command = { id: "file.save", title: "Save", category: "File", keys: ["Mod+S"], run: () => {} };
  expect(bindings([command], { "Ctrl+S": "other" }).get("Mod+S")).toBe("other");
  expect(bindings([command], { "Ctrl+S": "" }).has("Mod+S")).toBe(false);
});
