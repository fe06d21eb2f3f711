/**
 * What stands between a worker and the host, seen from inside the manager by an
 * inspector that the release does not have; and what of the host is to be seen
 * from either, by root.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { confinedUsers } from "../../manager/system/confinement.ts";
import { workerUser } from "../../manager/workers/domain_xml.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { harnessCommand } from "../harness/harness_command.ts";
import { makeInspectedManager, reverse } from "../harness/inspected_manager.ts";
import { logOf, Project } from "../project.ts";
import { attackSpec } from "./attack.ts";

/** How long the inspector may take to search the manager. */
const PATIENCE_MS = 20 * 60_000;

/** What virtlogd keeps of a console in one file, by its configuration. */
const MAX_CONSOLE_BYTES = 262_144;

/** Devices of a worker's machine as QEMU names them, sorted. */
const expectedDevices = [
  // Of the worker's description: a disk, a port with another one that was
  // plugged in, a card, two serial ports, a console. The number that tells
  // clones apart is on no bus, and not listed.
  ...Array(2).fill("virtio-blk-device"),
  ...Array(2).fill("virtio-blk-pci"),
  ...["virtio-net-device", "virtio-net-pci"],
  ...["virtio-rng-device", "virtio-rng-pci"],
  ...["virtio-serial-device", "virtio-serial-pci"],
  ...["virtserialport", "virtserialport", "isa-serial"],
  "pcie-root-port",
  // Of every q35 machine.
  ...["ICH9-LPC", "ICH9-SMB", "ich9-ahci", "mch", "q35-pcihost"],
  ...Array(8).fill("smbus-eeprom"),
  ...["fw_cfg_io", "i8257", "i8257", "isa-pcspk", "mc146818rtc"],
  ...[
    "kvm-i8259",
    "kvm-i8259",
    "kvm-ioapic",
    "kvm-pit",
    "kvmclock",
    "kvmvapic",
  ],
].sort();

/** Searches the worker, as root; prints \`FOUND TEXT PLACE\`. */
const searchWorker = `
sudo sh -c '
search() {
  rev $1 >/dev/shm/text
  for place in /*; do
    case $place in /proc | /sys | /dev) continue ;; esac
    find $place -xdev -type f -exec grep -lF -f /dev/shm/text {} + 2>/dev/null
  done
  sync
  for place in /proc/[0-9]*/environ /proc/cmdline /dev/vd?; do
    tr -s "\\0" "\\n" 2>/dev/null <$place | grep -qF -f /dev/shm/text &&
      echo $place
  done
  rm /dev/shm/text
}
for text in control secret; do
  search /workspace/src/$text | while read -r place; do
    echo "FOUND $text $place"
  done
done
echo "FOUND all done"
'`;

const floodConsole =
  `head -c 300000 /dev/zero | tr '\\0' x | sudo tee /dev/ttyS0 >/dev/null`;

/** Facts by name; a name may have several. */
type Facts = Map<string, string[]>;

function factsOf(journal: string): Facts {
  const facts: Facts = new Map();
  for (const [, name, value] of journal.matchAll(/FACT (\S+) ?(.*)/g)) {
    facts.set(name!, [...facts.get(name!) ?? [], value!.trim()]);
  }
  return facts;
}

/** Waits until the inspector has said everything. */
async function inspect(
  project: Project,
  environment: Record<string, string>,
): Promise<Facts> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { stdout } = await project.run(
      ["manager", "logs", "--lines", "10000"],
      environment,
    );
    const facts = factsOf(stdout);
    if (facts.has("done")) return facts;
    assert.ok(performance.now() < deadline, `no end of the search: ${stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
}

Deno.test("a worker's QEMU is confined, and the host is nowhere to be seen", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  const secret = `host-secret-${crypto.randomUUID()}`;
  const control = `control-${crypto.randomUUID()}`;
  const environment = await inspectedEnvironment(project, { secret, control });
  // Beside the source, not in it.
  await project.write("secret", `${secret}\n`);
  await project.write("src/secret", reverse(secret));
  await project.write("src/control", reverse(control));
  await project.write("src/marker", `${control}\n`);
  await project.write(
    "build.yaml",
    attackSpec({
      allow: [],
      resources: "disk: 256 MiB, wall-time: 30 min",
      script: `${searchWorker}\n${floodConsole}\nsleep 600`,
    }),
  );

  const log = Promise.withResolvers<string>();
  let text = "";
  const process = project.spawn(
    [internet.encoded, "build.yaml"],
    environment,
    harnessCommand,
  );
  const built = project.watch(process, (event) => {
    text += logOf([event]);
    if (text.includes("FOUND all done") || event.type === "end") {
      log.resolve(text);
    }
  });
  let facts: Facts;
  let onDataDisk: string[];
  try {
    const searched = await log.promise;
    await t.step("the worker has nothing of the host", () => {
      assert.match(searched, /FOUND control \/workspace\/src\/marker/);
      assert.match(searched, /FOUND control \/dev\/vd/);
      assert.doesNotMatch(searched, /FOUND secret/);
    });
    facts = await inspect(project, environment);
    onDataDisk = await searchDataDisk(environment, [secret, control]);
  } finally {
    process.kill("SIGINT");
    await built;
    await project.run(["manager", "stop", "--force"], environment);
  }

  const one = (name: string) => facts.get(name)?.[0] ?? "";
  const all = (name: string) => facts.get(name) ?? [];

  await t.step("the manager has nothing of the host", () => {
    assert.ok(
      all("control").includes("/proc/self/environ") ||
        all("control").some((place) => /^\/proc\/\d+\/environ$/.test(place)),
    );
    assert.ok(all("control").some((place) => place.startsWith("/dev/sd")));
    assert.deepEqual(all("secret"), []);
    // The worker's own disk is there.
    assert.deepEqual(onDataDisk, [control]);
  });

  await t.step("QEMU runs as a user of its own, without rights", () => {
    const user = String(workerUser(one("name").replace("contractor-", "")));
    const kvm = one("group-kvm");
    assert.match(kvm, /^\d+$/);
    assert.equal(one("Uid"), Array(4).fill(user).join(" "));
    assert.equal(one("Gid"), Array(4).fill(kvm).join(" "));
    assert.equal(one("Groups"), kvm);
    // The bounding set does not matter to whom NoNewPrivs keeps from gaining any.
    for (const field of ["CapEff", "CapPrm", "CapInh", "CapAmb"]) {
      assert.match(one(field), /^0+$/, `${field}: ${one(field)}`);
    }
    assert.equal(one("Seccomp"), "2");
    assert.equal(one("NoNewPrivs"), "1");
    assert.equal(one("namespace-mnt"), "other");
  });

  await t.step("QEMU is bounded", () => {
    assert.match(one("cgroup"), /\/machine\.slice\//);
    assert.ok(all("memory.max").some((limit) => /^\d+$/.test(limit)));
    assert.match(one("processes"), /^\d{1,5}$/);
    const [console, before] = all("console").map(Number);
    assert.ok(console! <= MAX_CONSOLE_BYTES, `${console} bytes of a console`);
    assert.ok(before! > 0 && before! <= MAX_CONSOLE_BYTES, `${before} bytes`);
    assert.equal(all("console").length, 2);
  });

  await t.step("the DHCP server has a user of its own, and its port", () => {
    const id = Array(4).fill(String(confinedUsers.dhcp)).join(" ");
    const bindService = (1n << 10n).toString(16).padStart(16, "0");
    const expected = {
      ...{ Uid: id, Gid: id, NoNewPrivs: "1", Seccomp: "2" },
      ...{ CapEff: bindService, CapBnd: bindService },
    };
    for (const [field, value] of Object.entries(expected)) {
      const found = all(`dhcp-${field}`);
      assert.ok(found.length > 0, field);
      for (const one of found) assert.equal(one, value, field);
    }
  });

  await t.step("QEMU sees few devices and files of the manager", () => {
    for (const name of all("dev")) {
      assert.match(
        name,
        /^(null|full|zero|random|urandom|ptmx|pts|kvm|shm|mqueue|hugepages|disk|sd[a-z]|userfaultfd|stdin|stdout|stderr|fd)$/,
      );
    }
    for (const target of all("open")) {
      assert.doesNotMatch(target, /agent\.sock|virtio-ports|vport|\/etc\//);
    }
  });

  await t.step("the worker's machine has few devices", () => {
    const line = one("cmdline");
    assert.match(
      line,
      /-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny/,
    );
    assert.doesNotMatch(
      line,
      /-netdev user|slirp|-vnc|-spice|virtfs|fsdev|vhost|-usb|"type":"user"/,
    );
    assert.match(line, /"driver":"vmgenid"|-device vmgenid/);
    assert.match(line, /-display none|-nographic/);
    for (const [audio] of line.matchAll(/-audiodev \S+/g)) {
      assert.match(audio, /"driver":"none"/);
    }
    assert.deepEqual(all("device").sort(), expectedDevices);
  });

  await t.step("the manager has no network of its own", () => {
    for (const name of all("interface")) assert.match(name, /^(lo|worker\d+)$/);
    for (const device of all("manager-pci")) {
      assert.doesNotMatch(device, /^0x02/, "a network card");
    }
    assert.equal(one("forwarding"), "0");
  });
});

/** Which of the texts the manager's data disk has; grep passes over its holes. */
async function searchDataDisk(
  { XDG_STATE_HOME }: Record<string, string>,
  texts: readonly string[],
): Promise<string[]> {
  const found = [];
  for (const text of texts) {
    // What is no text has no long lines for grep, unless it is told to look at
    // it as one.
    const { code } = await new Deno.Command("grep", {
      args: [
        "-qF",
        "-e",
        text,
        `${XDG_STATE_HOME}/contractor/manager/data.img`,
      ],
      stdout: "null",
      stderr: "inherit",
    }).output();
    assert.ok(code <= 1, `grep: exit code ${code}`);
    if (code === 0) found.push(text);
  }
  return found;
}

/** A state directory of its own, with the inspected manager's image. */
async function inspectedEnvironment(
  project: Project,
  searched: { secret: string; control: string },
): Promise<Record<string, string>> {
  const image = project.path("manager-image");
  await Deno.mkdir(image);
  const script = await Deno.readTextFile(
    fileURLToPath(new URL("./inspector.sh", import.meta.url)),
  );
  await makeInspectedManager(image, script, searched);
  const state = project.path("state");
  const runtime = await Deno.makeTempDir({ prefix: "inspected-" });
  await Deno.mkdir(state, { mode: 0o700 });
  return {
    ...project.environment,
    XDG_STATE_HOME: state,
    XDG_RUNTIME_DIR: runtime,
    CONTRACTOR_MANAGER_IMAGE: image,
    CONTRACTOR_HOST_SECRET: searched.secret,
  };
}
