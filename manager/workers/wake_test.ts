import assert from "node:assert/strict";
import {
  rehearseScript,
  renewScript,
  setTimeScript,
  STATUS_NOT_RENEWED,
} from "./wake.ts";

const shells = [["/bin/sh"], ["busybox", "sh"]];

/** Runs a script with these programs first in the path. */
async function run(
  script: string,
  programs: Record<string, string>,
): Promise<{ code: number; calls: string }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(programs)) {
      await Deno.writeTextFile(
        `${folder}/${name}`,
        `#!/bin/sh\necho ${name} "$*" >>${folder}/calls\n${text}\n`,
        { mode: 0o755 },
      );
    }
    const { code } = await new Deno.Command("/bin/sh", {
      args: ["-e", "-c", script.replaceAll(" >/run/", ` >${folder}/`)],
      clearEnv: true,
      env: { PATH: `${folder}:/usr/bin:/bin` },
    }).output();
    const calls = await Deno.readTextFile(`${folder}/calls`).catch(() => "");
    return { code, calls };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const renewed =
  "echo '[1.0] random: crng reseeded due to virtual machine fork'";

Deno.test("what a worker runs first has no syntax error", async () => {
  for (const script of [renewScript, rehearseScript, setTimeScript(1.5)]) {
    for (const [program, ...args] of shells) {
      const { code } = await new Deno.Command(program!, {
        args: [...args, "-n", "-c", script],
      }).output();
      assert.equal(code, 0);
    }
  }
});

Deno.test("a worker is told the time with its fraction", async () => {
  const { code, calls } = await run(setTimeScript(1234567890.128), {
    date: "",
  });
  assert.equal(code, 0);
  assert.equal(calls, "date -u -s @1234567890.13\n");
});

Deno.test("a worker whose date knows no fractions is told a time that is over", async () => {
  const { code, calls } = await run(setTimeScript(1234567890.128), {
    date: "case $* in *.*) exit 1 ;; esac",
  });
  assert.equal(code, 0);
  assert.match(calls, /\ndate -u -s @1234567891\n$/);
});

Deno.test("a clone gets a boot id of its own once its kernel has other random numbers", async () => {
  const { code, calls } = await run(renewScript, { dmesg: renewed, mount: "" });
  assert.equal(code, 0);
  assert.equal(
    calls,
    "dmesg \nmount --bind /run/contractor-boot-id /proc/sys/kernel/random/boot_id\n",
  );
});

Deno.test("a clone that keeps its random numbers does not wake", async () => {
  const { code, calls } = await run(renewScript, {
    ...{ dmesg: "echo nothing", mount: "", sleep: "" },
  });
  assert.equal(code, STATUS_NOT_RENEWED);
  assert.ok(!calls.includes("mount"));
});
