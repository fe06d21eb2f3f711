import * as fs from "node:fs";
import { serveIsolate } from "../../isolate/isolate.ts";
import type { Attempt, HostileApi } from "./hostile_api.ts";

const modules: Record<Attempt["module"], object> = { Deno, "node:fs": fs };

serveIsolate<HostileApi>({
  async attempt({ module, name, args }) {
    try {
      const action = Reflect.get(modules[module], name);
      const result = await Reflect.apply(action, modules[module], args);
      (result as { close?(): void } | undefined)?.close?.();
      return "done";
    } catch (error) {
      const { name: kind, code } = error as { name: string; code?: string };
      return code === "ERR_ACCESS_DENIED" ? "NotCapable" : kind;
    }
  },
});
