// Files and folders that come from outside of the browser: dropped, pasted, or chosen.

/** Something to be uploaded. */
export interface Incoming {
  /** Its path below the folder that it is for. */
  path: string;
  /** Its content; nothing of a folder. */
  file: File | null;
}

/** What is in a transfer, with all that is in its folders. */
export async function incomingOf(transfer: DataTransfer): Promise<Incoming[]> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  // They are to be asked for before anything is waited for: the transfer is empty afterwards.
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = items.map((item) => item.getAsFile());
  const found = await Promise.all(
    entries.map((entry, at) => {
      const file = files[at];
      if (entry?.isDirectory) return inFolder(entry as FileSystemDirectoryEntry);
      return Promise.resolve(file ? [{ path: file.name, file }] : []);
    }),
  );
  return found.flat();
}

/** What was chosen in a dialog. */
export function chosen(files: FileList): Incoming[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function inFolder(folder: FileSystemDirectoryEntry): Promise<Incoming[]> {
  const found: Incoming[] = [{ path: pathIn(folder), file: null }];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory) found.push(...(await inFolder(entry as FileSystemDirectoryEntry)));
    else found.push({ path: pathIn(entry), file: await fileOf(entry as FileSystemFileEntry) });
  }
  return found;
}

function pathIn(entry: FileSystemEntry): string {
  return entry.fullPath.replace(/^\//, "");
}

/** A reader tells of a hundred entries at a time, and of none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
