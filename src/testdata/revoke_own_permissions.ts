// Prints what the main thread and an isolate of it may still do once the main
// thread has given up its permissions. Arguments: a directory of the isolate.
import { revokeOwnPermissions, spawnGuest } from "../isolates.ts";

const [directory = ""] = Deno.args;
const reach = { read: [directory], write: [directory] };
const guest = spawnGuest(`${directory}/rpc`, reach);
await revokeOwnPermissions([guest]);

function isDenied(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

const denied = {
  read: isDenied(() => Deno.readTextFileSync(`${directory}/file`)),
  write: isDenied(() => Deno.writeTextFileSync(`${directory}/file`, "")),
  net: isDenied(() => Deno.listen({ port: 0 })),
  run: isDenied(() => new Deno.Command("true").outputSync()),
  env: isDenied(() => Deno.env.get("HOME")),
  sys: isDenied(() => Deno.uid()),
};
const path = `${directory}/report.json`;
await guest.call("writeReport", { path, report: denied });
guest.terminate();
