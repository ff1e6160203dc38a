// The menu that is open at a place, if there is one.

export interface MenuItem {
  title: string;
  /** Shown at its end. */
  keys?: string;
  isDisabled?: boolean;
  /** Of a choice among several. */
  isChecked?: boolean;
  run: () => unknown;
}

interface Menu {
  x: number;
  y: number;
  label: string;
  /** Groups, with lines between them. */
  groups: MenuItem[][];
}

export class Menus {
  current = $state.raw<Menu | null>(null);
  #returnTo: HTMLElement | null = null;

  /** Opens a menu where a pointer is, or below the element that has the focus. */
  open(event: MouseEvent | KeyboardEvent, label: string, groups: MenuItem[][]): void {
    event.preventDefault();
    this.#returnTo = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const target = (event.currentTarget ?? event.target) as HTMLElement;
    const box = target.getBoundingClientRect();
    const isPointer = event instanceof MouseEvent && event.type === "contextmenu" && event.clientX + event.clientY > 0;
    const place = isPointer ? { x: event.clientX, y: event.clientY } : { x: box.left, y: box.bottom + 2 };
    this.current = { ...place, label, groups: groups.filter((group) => group.length > 0) };
  }

  /** Closes it; the focus goes back to where it was. */
  close(): void {
    if (!this.current) return;
    this.current = null;
    this.#returnTo?.focus();
    this.#returnTo = null;
  }
}
