import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { configPath, loadUserConfig } from "./load.ts";
import { emptyUserConfig } from "./user_config.ts";

async function withHome(action: (home: string) => Promise<void>) {
  const home = await Deno.makeTempDir();
  try {
    await action(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("configPath follows the base directory specification", () => {
  const [home, xdg] = ["/home/me", "/cfg"];
  equal(
    configPath({ HOME: home }),
    "/home/me/.config/contractor/config.yaml",
  );
  equal(
    configPath({ HOME: home, XDG_CONFIG_HOME: xdg }),
    "/cfg/contractor/config.yaml",
  );
  for (const relative of ["", "cfg"]) {
    equal(
      configPath({ HOME: home, XDG_CONFIG_HOME: relative }),
      "/home/me/.config/contractor/config.yaml",
    );
  }
  equal(configPath({}), undefined);
});

Deno.test("loadUserConfig needs no file, no directory and no home", () =>
  withHome(async (home) => {
    deepEqual(await loadUserConfig({}), emptyUserConfig);
    deepEqual(await loadUserConfig({ HOME: home }), emptyUserConfig);
  }));

Deno.test("loadUserConfig reads the file, and says why it cannot", () =>
  withHome(async (home) => {
    const environment = { XDG_CONFIG_HOME: home };
    const path = join(home, "contractor/config.yaml");
    await Deno.mkdir(join(home, "contractor"));
    await Deno.writeTextFile(path, "resources: { cpus: 3 }\n");
    const { resources } = await loadUserConfig(environment);
    deepEqual(resources, { cpus: 3 });

    await Deno.writeFile(path, new Uint8Array([0xff]));
    await rejects(loadUserConfig(environment), {
      code: "config-not-utf8",
      exitCode: 2,
    });
    await Deno.remove(path);
    await Deno.mkdir(path);
    await rejects(loadUserConfig(environment), {
      code: "config-is-directory",
      message: `Cannot read configuration "${path}": it is a directory`,
    });
  }));

Deno.test({
  name: "loadUserConfig says when it lacks permission",
  permissions: { read: false },
  fn: () =>
    rejects(loadUserConfig({ HOME: "/home/me" }), {
      code: "config-unreadable",
      exitCode: 2,
    }),
});
