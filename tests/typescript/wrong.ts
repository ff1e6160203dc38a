// Wrong uses of the generated types: each of the three must be an error.
import type { Methods } from "../../protocol/documents/icpy";

declare function call<M extends keyof Methods>(
  method: M,
  params: Methods[M]["params"],
): Promise<Methods[M]["result"]>;

export async function wrong(): Promise<void> {
  await call("file:open", {});
  await call("no:such", {});
  const result = await call("fs:stat", { path: "/a" });
  const size: string = result.size;
  console.log(size);
}
