import assert from "node:assert/strict";
import { inTemporaryDirectory, makeTree } from "./guest/testing/trees.ts";
import { spawnGuest, spawnLinker } from "./isolates.ts";

const script = new URL("./testdata/revoke_own_permissions.ts", import.meta.url);

/** Runs a test on a guest isolate that may touch `mine` in a directory. */
function withGuest(
  test: (
    guest: ReturnType<typeof spawnGuest>,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    makeTree(directory, {
      "read/file": "inside",
      "mine/file": "inside",
      "other/file": "outside",
    });
    const guest = spawnGuest(`${directory}/rpc`, {
      read: [`${directory}/read`, `${directory}/mine`],
      write: [`${directory}/mine`],
    });
    try {
      await test(guest, directory);
    } finally {
      guest.terminate();
    }
  });
}

Deno.test("the guest isolate reads what it may read, and nothing else", () =>
  withGuest(async (guest, directory) => {
    const pack = (source: string) =>
      guest.call("packSource", {
        trees: {
          source: `${directory}/${source}`,
          workspace: `${directory}/ws`,
          workerImage: `${directory}/worker.img`,
        },
        output: `${directory}/mine/disk`,
        maxBytes: 1024 ** 2,
      });
    assert.equal((await pack("read")).entries, 1);
    for (const source of ["other", "", "mine/../other"]) {
      await assert.rejects(pack(source), (error: Error) => {
        assert.match(error.message, /permission denied|Requires read/);
        return true;
      });
    }
  }));

Deno.test("the guest isolate writes where it may write, and nowhere else", () =>
  withGuest(async (guest, directory) => {
    const write = (path: string) =>
      guest.call("writeReport", { path: `${directory}/${path}`, report: 1 });
    await write("mine/report.json");
    for (const path of ["read/file", "other/file", "mine/../other/file"]) {
      await assert.rejects(write(path), {
        code: "file-system",
        message: /Requires write access/,
      });
    }
    assert.equal(Deno.readTextFileSync(`${directory}/read/file`), "inside");
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

Deno.test("the linker creates links that stay inside, and no others", () =>
  inTemporaryDirectory(async (root) => {
    const linker = spawnLinker();
    const link = (path: string, target: string) =>
      linker.call("createLinks", { root, links: [{ path, target }] });
    try {
      await link("inside", "file");
      await assert.rejects(link("outside", "../file"), {
        code: "link-refused",
      });
    } finally {
      linker.terminate();
    }
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), [
      "inside",
    ]);
  }));

Deno.test("the main thread gives up what its isolates keep", () =>
  inTemporaryDirectory(async (directory) => {
    makeTree(directory, { "file": "text" });
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--cached-only",
        "--allow-all",
        script.href,
        directory,
      ],
      stdout: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const report = Deno.readTextFileSync(`${directory}/report.json`);
    assert.deepEqual(JSON.parse(report), {
      read: true,
      write: true,
      net: true,
      run: true,
      env: true,
      sys: true,
    });
  }));
