// A tab that is dragged: what the browser carries along.

const TYPE = "application/x-icpy-tab";

export interface DraggedTab {
  groupId: string;
  fileId: string;
}

/** Begins to drag a tab. */
export function dragTab(event: DragEvent, tab: DraggedTab, path: string): void {
  event.dataTransfer?.setData(TYPE, JSON.stringify(tab));
  event.dataTransfer?.setData("text/plain", path);
  if (event.dataTransfer) event.dataTransfer.effectAllowed = "copyMove";
}

export function isTabDragged(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(TYPE) ?? false;
}

/** The tab that is dropped. */
export function draggedTab(event: DragEvent): DraggedTab | null {
  const data = event.dataTransfer?.getData(TYPE);
  return data ? JSON.parse(data) : null;
}
