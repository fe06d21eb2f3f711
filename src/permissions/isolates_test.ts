import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "../guest/testing/trees.ts";
import { spawnGuest } from "./isolates.ts";

const script = new URL("./testdata/revoke_own_permissions.ts", import.meta.url);

/** Runs a test on a guest isolate with a socket and a log in a directory. */
function withGuest(
  test: (
    guest: ReturnType<typeof spawnGuest>,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    makeTree(directory, { "other/file": "outside" });
    const guest = spawnGuest(`${directory}/rpc`, `${directory}/log.txt`);
    try {
      await test(guest, directory);
    } finally {
      guest.terminate();
    }
  });
}

Deno.test("the guest isolate writes its log, and nothing else", () =>
  withGuest(async (guest, directory) => {
    const open = (path: string) =>
      guest.call("openLog", { path: `${directory}/${path}`, limit: 1 });
    await open("log.txt");
    await guest.call("closeLog", {});
    for (const path of ["other/file", "log.txt/../other/file", "new"]) {
      await assert.rejects(open(path), {
        code: "file-system",
        message: /Requires write access/,
      });
    }
    assert.equal(Deno.readTextFileSync(`${directory}/other/file`), "outside");
  }));

Deno.test("the guest isolate connects to its own socket alone", () =>
  withGuest(async (guest, directory) => {
    const accepted: string[] = [];
    const listeners = ["rpc", "other.sock"].map((name) => {
      const path = `${directory}/${name}`;
      const listener = Deno.listen({ transport: "unix", path });
      listener.accept().then((connection) => {
        accepted.push(name);
        connection.close();
      }, () => {});
      return listener;
    });
    for (const name of ["other.sock", "rpc"]) {
      const socket = `${directory}/${name}`;
      await assert.rejects(guest.call("connect", { socket, timeoutMs: 500 }), {
        code: "manager-silent",
      });
    }
    assert.deepEqual(accepted, ["rpc"]);
    for (const listener of listeners) listener.close();
  }));

Deno.test("the main thread gives up what its isolates keep", () =>
  inTemporaryDirectory(async (directory) => {
    makeTree(directory, { "file": "text" });
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--quiet",
          "--no-prompt",
          "--cached-only",
          "--allow-all",
          script.href,
          directory,
        ],
      },
    ).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
      read: true,
      write: true,
      net: true,
      run: true,
      env: true,
      sys: true,
    });
  }));
