// What stands at the end of the status bar: of whatever is in front.

export interface Status {
  id: string;
  text: string;
  /** What it is, for whoever points at it. */
  title: string;
  run?: () => unknown;
}

export class Statuses {
  list = $state.raw<Status[]>([]);

  /** Shows these instead of those before. */
  show(list: Status[]): void {
    this.list = list;
  }
}
