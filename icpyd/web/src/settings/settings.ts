// Preferences as a form: which control each has, and what a text in it means.

import type { PreferencesDeclared } from "$protocol";

/** What a preference is changed by. */
export type Control =
  | { kind: "switch" }
  | { kind: "choice"; values: string[] }
  | { kind: "number"; min: number | undefined; max: number | undefined; step: number | "any" }
  | { kind: "text" }
  | { kind: "lines"; ofNumbers: boolean }
  | { kind: "elsewhere" };

interface Schema {
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  items?: Schema;
}

/** The control of a preference. */
export function controlOf({ schema }: Pick<PreferencesDeclared, "schema">): Control {
  const { type, enum: values, minimum: min, maximum: max, items } = schema as Schema;
  if (values) return { kind: "choice", values: values.map(String) };
  if (type === "boolean") return { kind: "switch" };
  if (type === "integer" || type === "number") return { kind: "number", min, max, step: type === "integer" ? 1 : "any" };
  if (type === "string") return { kind: "text" };
  if (type === "array") return { kind: "lines", ofNumbers: items?.type === "integer" };
  return { kind: "elsewhere" };
}

/** What stands in a control that is a text. */
export function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

/** What a text in a control means. */
export function meaningOf(control: Control, text: string): unknown {
  if (control.kind === "number") return Number(text);
  if (control.kind !== "lines") return text;
  const parts = text.split(",").map((part) => part.trim());
  const kept = parts.filter((part) => part !== "");
  return control.ofNumbers ? kept.map(Number) : kept;
}

/** What people read for a key: `editor.tabSize` is `Tab Size`. */
export function titleOf(key: string): string {
  const name = key.slice(key.indexOf(".") + 1);
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a choice is called: `after_delay` is `After delay`. */
export function choiceOf(value: string): string {
  return value.charAt(0).toUpperCase() + value.slice(1).replaceAll("_", " ");
}

/** A description in parts: every other one stands in backticks, and is the key of another preference or a value. */
export function partsOf(description: string): Array<{ text: string; isCode: boolean }> {
  const parts = description.split("`").map((text, index) => ({ text, isCode: index % 2 === 1 }));
  return parts.filter(({ text }) => text !== "");
}

/** Preferences by what they are about, in their order. */
export function sections(
  all: PreferencesDeclared[],
  query: string,
): Array<{ title: string; preferences: PreferencesDeclared[] }> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ key, description }: PreferencesDeclared) => {
    const text = `${key} ${titleOf(key)} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = new Map<string, PreferencesDeclared[]>();
  for (const preference of all.filter(fits)) {
    const title = preference.key.slice(0, preference.key.indexOf("."));
    found.set(title, [...(found.get(title) ?? []), preference]);
  }
  return [...found].map(([title, preferences]) => ({ title: title.charAt(0).toUpperCase() + title.slice(1), preferences }));
}
