/**
 * The ports of a real build: its threads.
 *
 * @module
 */

import { callAgent } from "../guest/session/call_agent.ts";
import { connectManager } from "../manage/connect.ts";
import { superviseManager } from "../manage/supervise.ts";
import type { BuildIsolates } from "./isolates.ts";
import type { Egress, Host, Ports, Trees } from "./ports.ts";
import { systemClock } from "./system_clock.ts";

/** Has the threads of a build do what it asks of its ports. */
export function isolatePorts(isolates: BuildIsolates): Ports {
  const { vmm, guest } = isolates;
  return {
    manager: {
      connect: (signal) => connectManager(isolates, signal),
      supervise: () => superviseManager(vmm),
    },
    agent: {
      call: (method, params, signal) =>
        callAgent(guest, method, params, { signal }),
      async runStep(worker, step, onText, signal) {
        const { exitCode } = await guest.call("runStep", { worker, step }, {
          signal,
          onEvent: ({ text }) => onText(text),
        });
        return exitCode;
      },
      disconnect: () => guest.call("disconnect", {}),
    },
    host: hostOf(isolates),
    trees: treesOf(isolates),
    egress: egressOf(isolates),
    log: {
      open: (path, limit) => guest.call("openLog", { path, limit }),
      close: async () => (await guest.call("closeLog", {})).bytes,
    },
    clock: systemClock,
  };
}

function hostOf({ vmm }: Pick<BuildIsolates, "vmm">): Host {
  return {
    checkImage: (path, signal) => vmm.call("checkImage", { path }, { signal }),
    digestImage: (path, signal) =>
      vmm.call("digestImage", { path }, { signal }),
    requireUnchangedImage: (fingerprint, signal) =>
      vmm.call("requireUnchangedImage", { fingerprint }, { signal }),
    attachDisk: (disk, signal) => vmm.call("attachDisk", disk, { signal }),
    detachDisk: (serial) => vmm.call("detachDisk", { serial }),
    readSeal: (name) => vmm.call("readSeal", { name }),
    noteSeal: (name, seal) => vmm.call("noteSeal", { name, seal }),
    writeReport: (path, report) => vmm.call("writeReport", { path, report }),
  };
}

function treesOf(
  { packer, unpacker, keeper }: Pick<
    BuildIsolates,
    "packer" | "unpacker" | "keeper"
  >,
): Trees {
  return {
    takeStock: (workspace) => keeper.call("takeStock", { workspace }),
    async pack(params, signal) {
      const packed = await packer.call("packTrees", params, { signal });
      packer.terminate();
      return packed;
    },
    requireExportRoom: (params) => unpacker.call("requireExportRoom", params),
    async unpack(params, signal) {
      const unpacked = await unpacker.call("unpackWorkspace", params, {
        signal,
      });
      unpacker.terminate();
      return unpacked;
    },
    keep: (params, signal) => keeper.call("keepWorkspace", params, { signal }),
  };
}

function egressOf(
  { guest, egress }: Pick<BuildIsolates, "guest" | "egress">,
): Egress {
  return {
    configure: (settings) => egress.call("configure", settings),
    relay: (onFailure, signal) =>
      guest.call("relayEgress", {}, {
        signal,
        onEvent: ({ purpose, port }) => {
          const { host, rule } = purpose;
          const destination = { ...rule, host };
          // Until it is over, so that the guest isolate can count.
          return egress.call("open", { destination, port }, {
            transfer: [port],
          }).catch(onFailure);
        },
      }),
    watch: (onFinding, signal) =>
      egress.call("watch", {}, { signal, onEvent: onFinding }),
    verdict: () => egress.call("verdict", {}),
    usage: () => egress.call("usage", {}),
  };
}
