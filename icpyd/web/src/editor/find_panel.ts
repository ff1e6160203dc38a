// The panel that finds and replaces in an editor.

import {
  closeSearchPanel,
  findNext,
  findPrevious,
  getSearchQuery,
  openSearchPanel,
  replaceAll,
  replaceNext,
  SearchQuery,
  search,
  setSearchQuery,
} from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import { EditorView, type Panel, runScopeHandlers, type ViewUpdate } from "@codemirror/view";

/** More matches are not counted. */
const COUNT_MAX = 1_000;
const COUNT_PAUSE_MS = 120;

type Option = "caseSensitive" | "wholeWord" | "regexp";

const panels = new WeakMap<EditorView, FindPanel>();

/** Opens the panel, with what is replaced or without. */
export function openFind(view: EditorView, isReplacing: boolean): void {
  openSearchPanel(view);
  const panel = panels.get(view);
  if (isReplacing) panel?.showReplace(true);
}

/** What an editor needs to find and replace. */
export function findPanel(): Extension {
  return [search({ top: true, createPanel: (view) => new FindPanel(view) }), theme];
}

class FindPanel implements Panel {
  readonly dom: HTMLElement;
  readonly top = true;
  readonly #view: EditorView;
  readonly #find: HTMLInputElement;
  readonly #replace: HTMLInputElement;
  readonly #replaceRow: HTMLElement;
  readonly #expand: HTMLButtonElement;
  readonly #count: HTMLElement;
  readonly #options: Record<Option, HTMLButtonElement>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: EditorView) {
    this.#view = view;
    const query = getSearchQuery(view.state);
    this.#find = input("Find", query.search);
    this.#find.setAttribute("main-field", "true");
    this.#replace = input("Replace with", query.replace);
    this.#options = {
      caseSensitive: this.#toggle("Aa", "Match case", query.caseSensitive),
      wholeWord: this.#toggle("ab", "Match whole word", query.wholeWord),
      regexp: this.#toggle(".*", "Use regular expression", query.regexp),
    };
    this.#count = element("span", "cm-find-count");
    this.#count.setAttribute("role", "status");
    this.#expand = button("›", "Show what it is replaced with", () => this.showReplace(this.#replaceRow.hidden === true));
    this.#expand.classList.add("cm-find-expand");
    this.#replaceRow = element("div", "cm-find-row");
    this.dom = this.#build();
    this.showReplace(false);
    panels.set(view, this);
    this.#paint();
  }

  mount(): void {
    this.#find.select();
  }

  update(update: ViewUpdate): void {
    const isNew = update.transactions.some((it) => it.effects.some((effect) => effect.is(setSearchQuery)));
    if (isNew) {
      const { search: text, replace } = getSearchQuery(update.state);
      if (text !== this.#find.value) this.#find.value = text;
      if (replace !== this.#replace.value) this.#replace.value = replace;
    }
    if (isNew || update.docChanged || update.selectionSet) this.#paint();
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  #build(): HTMLElement {
    const view = this.#view;
    const find = element("div", "cm-find-row");
    const field = element("span", "cm-find-field");
    field.append(this.#find, ...Object.values(this.#options));
    find.append(
      this.#expand,
      field,
      this.#count,
      button("↑", "Previous match (Shift+Enter)", () => findPrevious(view)),
      button("↓", "Next match (Enter)", () => findNext(view)),
      button("×", "Close (Escape)", () => closeSearchPanel(view)),
    );
    this.#replaceRow.append(
      this.#replace,
      wide("Replace", () => replaceNext(view)),
      wide("Replace All", () => replaceAll(view)),
    );
    const dom = element("div", "cm-find");
    dom.setAttribute("role", "search");
    dom.setAttribute("aria-label", "Find in this file");
    dom.append(find, this.#replaceRow);
    for (const field of [this.#find, this.#replace]) field.addEventListener("input", () => this.#commit());
    dom.addEventListener("keydown", (event) => this.#press(event));
    return dom;
  }

  #toggle(text: string, label: string, isOn: boolean): HTMLButtonElement {
    const toggle = button(text, label, () => {
      toggle.ariaPressed = String(toggle.ariaPressed !== "true");
      this.#commit();
    });
    toggle.ariaPressed = String(isOn);
    toggle.classList.add("cm-find-toggle");
    return toggle;
  }

  showReplace(isShown: boolean): void {
    this.#replaceRow.hidden = !isShown;
    this.#expand.ariaExpanded = String(isShown);
  }

  #press(event: KeyboardEvent): void {
    const isFind = event.target === this.#find;
    const isReplace = event.target === this.#replace;
    if (runScopeHandlers(this.#view, event, "search-panel")) event.preventDefault();
    else if (event.key === "Enter" && (isFind || isReplace)) {
      event.preventDefault();
      if (isReplace) replaceNext(this.#view);
      else (event.shiftKey ? findPrevious : findNext)(this.#view);
    }
  }

  #commit(): void {
    const isOn = (name: Option) => this.#options[name].ariaPressed === "true";
    const query = new SearchQuery({
      search: this.#find.value,
      replace: this.#replace.value,
      caseSensitive: isOn("caseSensitive"),
      wholeWord: isOn("wholeWord"),
      regexp: isOn("regexp"),
      literal: !isOn("regexp"),
    });
    this.#view.dispatch({ effects: setSearchQuery.of(query) });
  }

  #paint(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const query = getSearchQuery(this.#view.state);
      this.#find.ariaInvalid = String(query.search !== "" && !query.valid);
      this.#count.textContent = query.search === "" ? "" : query.valid ? this.#counted(query) : "No such pattern";
    }, COUNT_PAUSE_MS);
  }

  #counted(query: SearchQuery): string {
    const { state } = this.#view;
    const { from, to } = state.selection.main;
    const matches = query.getCursor(state);
    let count = 0;
    let present = 0;
    for (let next = matches.next(); !next.done; next = matches.next()) {
      count++;
      if (next.value.from === from && next.value.to === to) present = count;
      if (count >= COUNT_MAX) break;
    }
    if (count === 0) return "No results";
    const all = count >= COUNT_MAX ? `${COUNT_MAX}+` : String(count);
    return present > 0 ? `${present} of ${all}` : `${all} found`;
  }
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function input(label: string, value: string): HTMLInputElement {
  const made = document.createElement("input");
  Object.assign(made, {
    className: "input",
    value,
    placeholder: label,
    ariaLabel: label,
    spellcheck: false,
    autocomplete: "off",
  });
  return made;
}

function button(text: string, label: string, run: () => unknown): HTMLButtonElement {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "icon-button", title: label, ariaLabel: label });
  // A sign, and no text: who hears it is told what it does.
  made.dataset.sign = text;
  made.addEventListener("click", run);
  return made;
}

function wide(text: string, run: () => unknown): HTMLButtonElement {
  const made = button(text, text, run);
  made.className = "button plain";
  made.textContent = text;
  return made;
}

const theme = EditorView.theme({
  ".cm-find": { display: "grid", gap: "4px", padding: "5px 8px" },
  ".cm-find-row": { display: "flex", alignItems: "center", gap: "4px", minWidth: "0" },
  ".cm-find-row[hidden]": { display: "none" },
  ".cm-find-row > .input": { flex: "0 1 340px", marginLeft: "28px" },
  ".cm-find-field": { position: "relative", display: "flex", flex: "0 1 340px", minWidth: "120px" },
  ".cm-find-field .input": { flex: "1", paddingRight: "86px" },
  ".cm-find .input": { height: "28px", fontSize: "13px" },
  ".cm-find .input[aria-invalid=true]": { borderColor: "var(--error)" },
  ".cm-find-toggle": { position: "absolute", right: "2px", top: "2px", fontSize: "12px" },
  ".cm-find-toggle:nth-of-type(1)": { right: "56px" },
  ".cm-find-toggle:nth-of-type(2)": { right: "29px", textDecoration: "underline" },
  ".cm-find-toggle[aria-pressed=true]": { background: "var(--ground-selected)", outline: "1px solid var(--accent)" },
  ".cm-find-count": { minWidth: "76px", color: "var(--text-quiet)", fontSize: "12px", whiteSpace: "nowrap" },
  ".cm-find .icon-button::before": { content: "attr(data-sign)" },
  ".cm-find .icon-button": { fontSize: "14px", flex: "none" },
  ".cm-find-expand[aria-expanded=true]": { transform: "rotate(90deg)" },
  ".cm-find .button": { minHeight: "26px", padding: "2px 10px", whiteSpace: "nowrap" },
});
