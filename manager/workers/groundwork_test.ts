import assert from "node:assert/strict";
import {
  keepFactsThrough,
  recallUserland,
  requireGroundwork,
} from "./groundwork.ts";

const BOOT = "11111111-1111-4111-8111-111111111111";
const OTHER_BOOT = "22222222-2222-4222-8222-222222222222";

/** Facts that no look at this machine can give. */
const factsOf = (boot: string) =>
  `facts_boot=${boot}\ngnu_tar=recalled\nsetpriv=recalled\n`;

interface System {
  shell: string[];
  boot?: string;
  facts: string;
  /** Where programs are; nowhere unless told. */
  path?: string;
}

/** What a script says on a system, and which facts it leaves. */
async function run(
  script: string,
  { shell, boot, facts, path = "/nowhere" }: System,
): Promise<{ code: number; output: string; left: string }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/contractor-userland`, facts);
    if (boot) await Deno.writeTextFile(`${folder}/boot_id`, `${boot}\n`);
    const [program, ...args] = shell;
    const moved = script
      .replaceAll("/run/", `${folder}/`)
      .replaceAll("/workspace", `${folder}/workspace`)
      .replaceAll("/proc/sys/kernel/random/", `${folder}/`);
    const { code, stdout } = await new Deno.Command(program!, {
      args: [...args, "-e", "-c", `${moved}echo "$gnu_tar $setpriv"`],
      clearEnv: true,
      env: { PATH: path },
    }).output();
    return {
      code,
      output: new TextDecoder().decode(stdout).trim(),
      left: await Deno.readTextFile(`${folder}/contractor-userland`),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PROGRAMS = "/usr/bin:/bin";
const found = /^(yes|no) (yes|no)$/;

for (const shell of [["/bin/dash"], ["/bin/busybox", "sh"]]) {
  const name = shell.join(" ");

  Deno.test(`${name}: facts of this boot are recalled without a program`, async () => {
    const system = { shell, boot: BOOT, facts: factsOf(BOOT) };
    for (const script of [recallUserland, requireGroundwork]) {
      const { code, output } = await run(script, system);
      assert.deepEqual({ code, output }, {
        code: 0,
        output: "recalled recalled",
      });
    }
  });

  Deno.test(`${name}: facts of another boot, or of who knows which, are not`, async () => {
    for (
      const system of [
        { shell, boot: BOOT, facts: factsOf(OTHER_BOOT) },
        { shell, boot: BOOT, facts: "gnu_tar=recalled\nsetpriv=recalled\n" },
        { shell, facts: factsOf("") },
      ]
    ) {
      const { output } = await run(recallUserland, {
        ...system,
        path: PROGRAMS,
      });
      assert.match(output, found);
    }
  });

  Deno.test(`${name}: only facts of this boot go over to its other id`, async () => {
    const renew = keepFactsThrough(
      `echo ${OTHER_BOOT} >/proc/sys/kernel/random/boot_id\n`,
    );
    const kept = await run(renew, { shell, boot: BOOT, facts: factsOf(BOOT) });
    assert.equal(kept.left, factsOf(OTHER_BOOT));
    const stale = factsOf("33333333-3333-4333-8333-333333333333");
    const { left } = await run(renew, { shell, boot: BOOT, facts: stale });
    assert.equal(left, stale);
  });
}
