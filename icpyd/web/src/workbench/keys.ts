// Keys, as commands and preferences name them: `Mod+Shift+P`, `Ctrl+K Ctrl+S`.

import type { Command, Commands } from "./commands.svelte.ts";

export const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

const NAMES: Record<string, string> = {
  " ": "Space",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
};

/** How long the second key of two may take. */
const CHORD_MS = 2_000;

/** The keys of an event, the way a binding is written. */
export function keysOf(event: KeyboardEvent): string {
  const { key, code } = event;
  // With Alt or on another layout the letter may be another one: the key's own counts then.
  const isPlain = key.length === 1 && key.charCodeAt(0) < 128 && !event.altKey;
  const ofCode = code.startsWith("Key") ? code.slice(3) : code.startsWith("Digit") ? code.slice(5) : null;
  const name = NAMES[key] ?? (isPlain && !(event.shiftKey && ofCode) ? key.toUpperCase() : (ofCode ?? key));
  const parts: string[] = [];
  if (event.ctrlKey) parts.push(IS_MAC ? "Ctrl" : "Mod");
  if (event.metaKey) parts.push(IS_MAC ? "Mod" : "Meta");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey) parts.push("Shift");
  return [...parts, name].join("+");
}

/** A binding in its one form: modifiers in order, `Ctrl` as `Mod` but on a Mac. */
export function normalKeys(binding: string): string {
  return binding
    .trim()
    .split(/\s+/)
    .map((keys) => {
      const parts = keys.split(/\+(?!$)/);
      const name = parts.pop() ?? "";
      const modifiers = new Set(
        parts.map((part) => {
          const known = part.toLowerCase();
          if (known === "mod" || known === "cmd" || (known === "ctrl" && !IS_MAC)) return "Mod";
          return known.charAt(0).toUpperCase() + known.slice(1);
        }),
      );
      const order = ["Mod", "Ctrl", "Meta", "Alt", "Shift"].filter((part) => modifiers.has(part));
      return [...order, name.length === 1 ? name.toUpperCase() : name].join("+");
    })
    .join(" ");
}

/** Keys as people read them: `Ctrl+Shift+P`, or `⇧⌘P`. */
export function shownKeys(binding: string): string {
  if (!IS_MAC) return binding.replaceAll("Mod", "Ctrl");
  const signs: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" };
  return binding
    .split(" ")
    .map((keys) =>
      keys
        .split("+")
        .map((part) => signs[part] ?? part)
        .join(""),
    )
    .join(" ");
}

/** Which command each binding calls: the user's own go before those that commands come with. */
export function bindings(commands: Command[], own: Record<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const { id, keys } of commands) for (const key of keys ?? []) found.set(normalKeys(key), id);
  for (const [key, id] of Object.entries(own)) {
    if (id) found.set(normalKeys(key), id);
    else found.delete(normalKeys(key));
  }
  return found;
}

/** Calls commands by keys. Returns how to end that. */
export function listenForKeys(commands: Commands, own: () => Record<string, string>): () => void {
  let first: { keys: string; atMs: number } | null = null;
  const listen = (event: KeyboardEvent) => {
    // Where keys are chosen for a command they call none.
    if (event.target instanceof Element && event.target.closest("[data-keys=recorded]")) return;
    if (event.defaultPrevented || event.isComposing || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    const all = bindings(commands.list, own());
    const pressed = keysOf(event);
    const keys = first && event.timeStamp - first.atMs < CHORD_MS ? `${first.keys} ${pressed}` : pressed;
    first = null;
    const id = all.get(keys);
    const isInTerminal = event.target instanceof Element && event.target.closest("[data-terminal]") !== null;
    const command = id === undefined ? undefined : commands.get(id);
    if (command && commands.canRun(command) && (!isInTerminal || command.isGlobal)) {
      event.preventDefault();
      event.stopPropagation();
      void commands.run(command.id);
    } else if (!isInTerminal && [...all.keys()].some((binding) => binding.startsWith(`${keys} `))) {
      event.preventDefault();
      event.stopPropagation();
      first = { keys, atMs: event.timeStamp };
    }
  };
  window.addEventListener("keydown", listen, { capture: true });
  return () => window.removeEventListener("keydown", listen, { capture: true });
}
