// Prints what the main thread may still do once it has given up its permissions,
// and that an isolate keeps its own. Arguments: a directory of the isolate.
import { revokeOwnPermissions, spawnGuest } from "../isolates.ts";

const [directory = ""] = Deno.args;
const log = `${directory}/log.txt`;
const guest = spawnGuest(`${directory}/rpc`, log);
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
await guest.call("openLog", { path: log, limit: 1000 });
await guest.call("closeLog", {});
guest.terminate();
console.log(JSON.stringify(denied));
