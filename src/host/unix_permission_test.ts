import assert from "node:assert/strict";
import { unixSocketPermissions } from "./unix_permission.ts";

Deno.test("unix sockets are named in net permissions where Deno knows them", () => {
  assert.deepEqual(unixSocketPermissions(["/a", "/b"], "2.9.6"), [
    "unix:/a",
    "unix:/b",
  ]);
  assert.deepEqual(unixSocketPermissions(["/a"], "2.10.0"), ["unix:/a"]);
  assert.deepEqual(unixSocketPermissions(["/a"], "3.0.0"), ["unix:/a"]);
  assert.deepEqual(unixSocketPermissions(["/a", "/b"], "2.6.8"), []);
});
