// A right use of the generated types.
import type { EventMeta, Events, Methods } from "../../protocol/documents/icpy";

declare function call<M extends keyof Methods>(
  method: M,
  params: Methods[M]["params"],
): Promise<Methods[M]["result"]>;
declare function on<T extends keyof Events>(topic: T, listener: (event: Events[T] & EventMeta) => void): void;

export async function open(): Promise<string> {
  on("file:opened", (event) => console.assert(event.seq > event.prev && event.file.workspaceId.length > 0));
  await call("session:ping", {});
  await call("fs:read_file", { path: { base64: "L3g=" }, encoding: "base64" });
  const { file } = await call("file:open", { path: "/a.py", position: { line: 3 } });
  return file.fileId;
}
