// From the fields of an operation to its request. Pure functions of the description.

/** What a reference leads to, or the value itself. */
export function valueOf(description, value) {
  const reference = value?.$ref;
  if (!reference) return value;
  const found = reference.slice(2).split("/").reduce((at, name) => at[name.replaceAll("~1", "/")], description);
  return valueOf(description, found);
}

/** The path and query of a request. `given` are parameters with what was written for them; nothing written is not sent. */
export function urlOf(path, given) {
  let url = path;
  const query = new URLSearchParams();
  for (const { parameter, value } of given) {
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(value));
    if (parameter.in !== "query" || value === "") continue;
    const values = parameter.isList ? value.split(",") : [value];
    for (const one of values) query.append(parameter.name, one);
  }
  return query.size ? `${url}?${query}` : url;
}

/** What is sent as the body: the file, or the text when it is JSON. */
export function bodyOf({ input }) {
  if (input.type === "file") return input.files[0] ?? "";
  const text = input.value.trim();
  if (text) JSON.parse(text);
  return text || undefined;
}

/** A value that fits a schema, to begin with: of an object only what is needed. */
export function exampleOf(description, schema, depth = 0) {
  const it = valueOf(description, schema) ?? {};
  if (it.default !== undefined && it.default !== null) return it.default;
  if (it.const !== undefined) return it.const;
  if (it.enum) return it.enum[0];
  const choice = (it.anyOf ?? it.oneOf)?.find((one) => one.type !== "null");
  if (choice) return exampleOf(description, choice, depth + 1);
  const type = Array.isArray(it.type) ? it.type.find((one) => one !== "null") : it.type;
  if (type === "object" && depth < 8) {
    const needed = Object.entries(it.properties ?? {}).filter(([name]) => it.required?.includes(name));
    return Object.fromEntries(needed.map(([name, inner]) => [name, exampleOf(description, inner, depth + 1)]));
  }
  return { array: [], integer: 0, number: 0, boolean: false, string: "" }[type] ?? null;
}
