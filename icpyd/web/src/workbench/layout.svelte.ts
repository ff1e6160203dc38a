// What of the workbench is open, and how large: shared by all windows of the workspace.

import type { Records } from "./records.svelte.ts";

export type SidebarView = "explorer" | "search" | "people";

interface Sidebar {
  isOpen: boolean;
  view: SidebarView;
  width: number;
}

interface Panel {
  isOpen: boolean;
  height: number;
  /** Whether it takes the room of the editors. */
  isMaximized: boolean;
}

const SIDEBAR: Sidebar = { isOpen: true, view: "explorer", width: 264 };
const PANEL: Panel = { isOpen: false, height: 280, isMaximized: false };
const WIDTH_MIN = 160;
const HEIGHT_MIN = 96;
/** Below this width there is one thing at a time. */
const NARROW = "(max-width: 700px)";

export class Layout {
  /** Whether the window is as narrow as a phone's: then what is open is this window's own. */
  isNarrow = $state(false);
  /** The view that was asked for and takes the focus when it is shown. */
  wantsFocus = $state<SidebarView | null>(null);
  readonly #records: Records;
  #narrowSidebar = $state<Sidebar>({ ...SIDEBAR, isOpen: false });
  #narrowPanel = $state<Panel>(PANEL);

  constructor(records: Records) {
    this.#records = records;
    const query = matchMedia(NARROW);
    this.isNarrow = query.matches;
    query.addEventListener("change", ({ matches }) => {
      this.isNarrow = matches;
    });
  }

  get sidebar(): Sidebar {
    return this.isNarrow ? this.#narrowSidebar : { ...SIDEBAR, ...this.#records.get<Partial<Sidebar>>("panel/web/sidebar") };
  }

  get panel(): Panel {
    return this.isNarrow ? this.#narrowPanel : { ...PANEL, ...this.#records.get<Partial<Panel>>("panel/web/panel") };
  }

  setSidebar(change: Partial<Sidebar>): void {
    const sidebar = { ...this.sidebar, ...change };
    sidebar.width = Math.round(Math.min(Math.max(sidebar.width, WIDTH_MIN), innerWidth * 0.6));
    if (this.isNarrow) this.#narrowSidebar = sidebar;
    else this.#records.set("panel/web/sidebar", sidebar);
  }

  setPanel(change: Partial<Panel>): void {
    const panel = { ...this.panel, ...change };
    panel.height = Math.round(Math.min(Math.max(panel.height, HEIGHT_MIN), innerHeight * 0.8));
    if (this.isNarrow) this.#narrowPanel = panel;
    else this.#records.set("panel/web/panel", panel);
  }

  /** Shows a view of the sidebar; hides the sidebar where it is shown already and `canHide`. */
  showView(view: SidebarView, canHide = false): void {
    const isOpen = !(canHide && this.sidebar.isOpen && this.sidebar.view === view);
    this.setSidebar({ view, isOpen });
    this.wantsFocus = isOpen ? view : null;
  }
}
