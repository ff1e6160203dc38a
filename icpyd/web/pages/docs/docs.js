// The interactive description of the REST interface: lists the operations of `openapi.json`, sends requests, and shows what
// is answered. Nothing here knows any operation: all is read from the description.

import { bodyOf, exampleOf, urlOf, valueOf } from "./request.js";

const DESCRIPTION = "/api/v1/openapi.json";
const VERBS = ["get", "post", "put", "patch", "delete", "head"];
/** The longest answer that is shown. */
const SHOWN_BYTES = 256 * 1024;

const access = { token: "", csrf: "" };
const byId = (id) => document.getElementById(id);

/** An element with members and children. */
function element(name, members = {}, ...children) {
  const made = Object.assign(document.createElement(name), members);
  made.append(...children);
  return made;
}

/** Sends a request as whoever uses the page. */
function send(url, options = {}) {
  const headers = new Headers(options.headers);
  if (access.token) headers.set("Authorization", `Bearer ${access.token}`);
  if (access.csrf) headers.set("X-Icpy-Csrf", access.csrf);
  const credentials = access.token ? "omit" : "same-origin";
  return fetch(url, { ...options, headers, credentials, cache: "no-store" });
}

/** Reads the description, and shows it. */
async function show() {
  const state = byId("state");
  try {
    const answer = await send(DESCRIPTION);
    if (answer.status === 401) {
      state.textContent = "Log in, or give a token above.";
      byId("token").focus();
      return;
    }
    if (!answer.ok) throw new Error((await answer.json()).detail);
    const description = await answer.json();
    state.textContent = "";
    byId("version").textContent = description.info.version;
    byId("operations").replaceChildren(...description.tags.map((tag) => section(description, tag)));
    showErrors(description["x-errors"]);
    await learnCsrf(description);
  } catch (error) {
    state.textContent = `The description cannot be read: ${error.message}`;
  }
}

/** A page that is logged in by a cookie shows that it is ours by a token of its own. */
async function learnCsrf(description) {
  if (access.token) return;
  const path = Object.keys(description.paths).find((it) => description.paths[it].get?.operationId === "auth_whoami");
  if (!path) return;
  const answer = await send(description.servers[0].url + path);
  access.csrf = answer.ok ? ((await answer.json()).csrfToken ?? "") : "";
}

function section(description, tag) {
  const made = element("section", {}, element("h2", { textContent: tag.name }), element("p", { textContent: tag.description }));
  for (const [path, item] of Object.entries(description.paths)) {
    for (const verb of VERBS) {
      const operation = item[verb];
      if (operation?.tags.includes(tag.name)) made.append(entry(description, verb, path, operation));
    }
  }
  return made;
}

/** One operation. What is inside is made when it is opened. */
function entry(description, verb, path, operation) {
  const made = element(
    "details",
    { id: operation.operationId },
    element(
      "summary",
      {},
      element("span", { className: "verb", textContent: verb.toUpperCase() }),
      element("span", { className: "path", textContent: path }),
      element("span", { className: "text", textContent: operation.summary }),
    ),
  );
  made.dataset.words = `${verb} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(form(description, verb, path, operation));
  });
  return made;
}

/** The form by which an operation is tried. */
function form(description, verb, path, operation) {
  const made = element("form", { className: "operation" });
  const method = operation["x-method"] ? ` Method ${operation["x-method"]}, access ${operation["x-access"]}.` : "";
  made.append(element("p", { textContent: `${operation.description ?? operation.summary}${method}` }));
  const fields = (operation.parameters ?? []).map((parameter) => field(description, parameter));
  if (fields.length) made.append(element("div", { className: "fields" }, ...fields.flatMap((it) => it.elements)));
  const body = bodyField(description, operation);
  if (body) made.append(element("h3", { textContent: `Body (${body.type})` }), body.input);
  const output = element("div", { ariaLive: "polite" });
  made.append(element("p", {}, element("button", { className: "send", textContent: "Send" })), output);
  made.append(answers(description, operation));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.replaceChildren(element("p", { textContent: "…" }));
    try {
      const given = fields.map(({ parameter, input }) => ({ parameter, value: input.value }));
      const url = description.servers[0].url + urlOf(path, given);
      const headers = Object.fromEntries(
        given.filter((it) => it.parameter.in === "header" && it.value).map((it) => [it.parameter.name, it.value]),
      );
      if (body) headers["Content-Type"] = body.type;
      const sentAt = performance.now();
      const answer = await send(url, { method: verb.toUpperCase(), headers, body: body && bodyOf(body) });
      output.replaceChildren(...(await answered(answer, verb, url, performance.now() - sentAt)));
    } catch (error) {
      output.replaceChildren(element("p", { className: "bad", textContent: error.message }));
    }
  });
  return made;
}

/** The label and the input of one parameter. */
function field(description, parameter) {
  const schema = valueOf(description, parameter.schema ?? parameter.content?.["application/json"].schema ?? {});
  const choices = schema.enum ?? schema.oneOf?.map((it) => it.const).filter((it) => it !== undefined);
  const isChoice = schema.type === "boolean" || choices?.length > 0;
  const input = isChoice
    ? element("select", {}, ...["", ...(choices ?? ["true", "false"])].map((it) => element("option", { textContent: it })))
    : element("input", { type: schema.type === "integer" ? "number" : "text" });
  input.required = parameter.required ?? false;
  input.setAttribute("aria-label", parameter.name);
  if (schema.type === "array") input.placeholder = "several, with a comma between";
  if (parameter.content) input.placeholder = "JSON";
  const label = element("label", { className: parameter.required ? "needed" : "", textContent: parameter.name });
  const about = element("p", { className: "about", textContent: parameter.description ?? "" });
  return { parameter: { ...parameter, isList: schema.type === "array" }, input, elements: [label, input, about] };
}

/** Where a body is written: as text, or as a file where it is bytes. */
function bodyField(description, operation) {
  const content = operation.requestBody?.content;
  if (!content) return undefined;
  const [type, { schema }] = Object.entries(content)[0];
  if (type !== "application/json") return { type, input: element("input", { type: "file", ariaLabel: "body" }) };
  const text = JSON.stringify(exampleOf(description, schema), null, 2);
  return { type, input: element("textarea", { value: text, spellcheck: false, ariaLabel: "body" }) };
}

/** What can be answered. */
function answers(description, operation) {
  const rows = Object.entries(operation.responses).map(([status, answer]) => {
    const told = valueOf(description, answer);
    return element("tr", {}, element("td", { textContent: status }), element("td", { textContent: told.description }));
  });
  const table = element("table", {}, element("tbody", {}, ...rows));
  return element("details", {}, element("summary", { textContent: "Answers" }), table);
}

/** What was answered. */
async function answered(answer, verb, url, tookMs) {
  const line = `${verb.toUpperCase()} ${url}: ${answer.status} ${answer.statusText} in ${Math.round(tookMs)} ms`;
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const shown = [
    element("p", { className: answer.ok ? "" : "bad", textContent: line }),
    element("pre", { textContent: headers }),
  ];
  const type = answer.headers.get("Content-Type") ?? "";
  if (answer.status !== 204 && answer.status !== 304 && verb !== "head") {
    const text = await answer.text();
    const isJson = /json/.test(type) && text.length <= SHOWN_BYTES;
    const pretty = isJson ? JSON.stringify(JSON.parse(text), null, 2) : text.slice(0, SHOWN_BYTES);
    shown.push(element("pre", { textContent: pretty }));
  }
  return shown;
}

function showErrors(errors) {
  const row = (it) => [it.kind, it.status, it.retryable ? "yes" : "no", it.message].map((text) => element("td", { textContent: text }));
  byId("errors").querySelector("tbody").replaceChildren(...errors.map((it) => element("tr", { id: it.kind }, ...row(it))));
  byId("errors").hidden = false;
}

byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  access.token = byId("token").value.trim();
  access.csrf = "";
  show();
});

byId("filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const it of document.querySelectorAll("details[data-words]")) {
    it.hidden = !words.every((word) => it.dataset.words.includes(word));
  }
});

show();
