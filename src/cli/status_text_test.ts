import { equal } from "node:assert/strict";
import { logsNote, overallStatusText } from "./status_text.ts";

Deno.test("overallStatusText says that the manager does not run", () => {
  equal(
    overallStatusText({
      version: "0.1.0",
      stateDirectory: "/state",
      dataDisk: {
        path: "/state/manager/data.img",
        allocatedBytes: 3 * 1024 ** 2,
      },
      manager: { running: false },
    }),
    `contractor   0.1.0
state        /state
data disk    3 MiB in /state/manager/data.img
manager      not running
`,
  );
});

Deno.test("overallStatusText shows builds and caches", () => {
  equal(
    overallStatusText({
      version: "0.1.0",
      stateDirectory: "/state",
      dataDisk: {
        path: "/state/manager/data.img",
        allocatedBytes: 3 * 1024 ** 2,
      },
      manager: {
        running: true,
        accelerator: "tcg",
        version: "abc",
        uptimeSeconds: 125,
        agentMemoryBytes: 90 * 1024 ** 2,
        resting: 1,
        memoryTotalBytes: 6 * 1024 ** 3,
        memoryAvailableBytes: 5 * 1024 ** 3,
        diskTotalBytes: 64 * 1024 ** 3,
        diskUsedBytes: 1024 ** 3,
        builds: [{
          id: "b1",
          name: "a\x1b.yaml",
          phase: "build",
          elapsedSeconds: 3,
        }],
        caches: {
          images: { count: 1, bytes: 1024 ** 3 },
          prepared: { count: 0, bytes: 0 },
          saved: { count: 2, bytes: 3 * 1024 ** 2 },
        },
      },
    }),
    `contractor   0.1.0
state        /state
data disk    3 MiB in /state/manager/data.img
manager      running for 2 min 05 s
version      abc
accelerator  tcg
memory       1 GiB of 6 GiB
agent        90 MiB
disk         1 GiB of 64 GiB
images       1, 1 GiB
prepared     0, 0 B
booted       2, 3 MiB
ready        1
builds       1
  b1  a\\u001b.yaml  build  3.0 s
`,
  );
});

Deno.test("logsNote says what is shown instead of the journal", () => {
  equal(
    logsNote({ manager: "stopped", text: "" }),
    "There is no log: no manager has run",
  );
  equal(
    logsNote({ manager: "stopped", text: "booting" }),
    "The manager does not run: this is the end of its console",
  );
  equal(
    logsNote({ manager: "silent", text: "booting" }),
    "The manager does not answer: this is the end of its console",
  );
});
