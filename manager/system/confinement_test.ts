import assert from "node:assert/strict";
import { confine } from "./confinement.ts";
import { dhcpArguments } from "../egress/dhcp.ts";
import { describeLink } from "../egress/network.ts";

const least = { user: 65000, memoryBytes: 1024, fileBytes: 0 };

Deno.test("confine() grants nothing beyond what was asked for", () => {
  assert.deepEqual(confine("qemu-img", ["info", "/image"], least), [
    ...["--data=1024", "--stack=2097152", "--fsize=0"],
    ...["--nofile=64", "--core=0"],
    ...["setpriv", "--reuid=65000", "--regid=65000", "--clear-groups"],
    "--no-new-privs",
    ...["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
    "--landlock-access=fs",
    "--landlock-rule=path-beneath:execute,read-file:/usr",
    "--landlock-rule=path-beneath:read-file:/etc",
    "--landlock-rule=path-beneath:read-file:/dev/urandom",
    "--landlock-rule=path-beneath:read-file,write-file:/dev/null",
    "--seccomp-filter=/run/contractor/plain.seccomp",
    ...["--", "qemu-img", "info", "/image"],
  ]);
});

Deno.test("confine() grants files, a capability and sockets one by one", () => {
  const added = (more: Partial<Parameters<typeof confine>[2]>) => {
    const before = confine("it", [], least);
    return confine("it", [], { ...least, ...more })
      .filter((argument) => !before.includes(argument));
  };
  assert.deepEqual(added({ reads: ["/image"] }), [
    "--landlock-rule=path-beneath:read-file:/image",
  ]);
  assert.deepEqual(added({ reads: ["/dev/sda"] }), [
    "--regid=6",
    "--landlock-rule=path-beneath:read-file:/dev/sda",
  ]);
  assert.deepEqual(added({ writes: ["/copy"] }), [
    "--landlock-rule=path-beneath:read-file,write-file,truncate:/copy",
  ]);
  assert.deepEqual(added({ sockets: true }), [
    "--seccomp-filter=/run/contractor/sockets.seccomp",
  ]);
  assert.deepEqual(added({ capability: "net_bind_service" }), [
    "--bounding-set=-all,+net_bind_service",
    "--inh-caps=-all,+net_bind_service",
    "--ambient-caps=-all,+net_bind_service",
  ]);
});

Deno.test("the DHCP server needs no more than its port", () => {
  // dnsmasq asks for CAP_NET_ADMIN without the one, for CAP_NET_RAW without
  // the other, and does not start.
  const args = dhcpArguments(describeLink(0));
  assert.ok(args.includes("--dhcp-broadcast"));
  assert.ok(args.includes("--no-ping"));
});
