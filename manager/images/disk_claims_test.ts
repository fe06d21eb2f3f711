import assert from "node:assert/strict";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { claimDisk, DiskClaims } from "./disk_claims.ts";

Deno.test("what is claimed counts until it is written or given back", async () => {
  const claims = new DiskClaims();
  assert.equal(await claims.outstanding(), 0);
  const [first, second] = [claims.add(100), claims.add(20)];
  assert.equal(await claims.outstanding(), 120);
  let written = 30;
  first.measureBy(() => Promise.resolve(written));
  assert.equal(await claims.outstanding(), 90);
  // More than it may have: its build is about to end.
  written = 110;
  assert.equal(await claims.outstanding(), 20);
  // Its worker is gone, and the next one not there yet.
  written = 0;
  assert.equal(await claims.outstanding(), 120);
  first.release();
  first.release();
  assert.equal(await claims.outstanding(), 20);
  second.release();
  assert.equal(await claims.outstanding(), 0);
});

Deno.test("a build that might fill the disk for others is refused", async () => {
  const claims = new DiskClaims();
  const cache = {
    async makeRoom() {
      if (await claims.outstanding() > 100) {
        throw new AgentError("disk-full", "");
      }
    },
  };
  const first = await claimDisk(60, claims, cache);
  await assert.rejects(claimDisk(41, claims, cache), {
    code: "no-capacity",
    message: /no 0\.0 GiB for the build/,
  });
  assert.equal(await claims.outstanding(), 60);
  await claimDisk(40, claims, cache);
  first.release();
  await claimDisk(60, claims, cache);
});

Deno.test("of two builds at once that do not fit together, one begins", async () => {
  const claims = new DiskClaims();
  const cache = {
    async makeRoom() {
      // As long as it takes to look at the disk.
      await new Promise((resolve) => setTimeout(resolve));
      if (await claims.outstanding() > 100) {
        throw new AgentError("disk-full", "");
      }
    },
  };
  const begun = await Promise.allSettled(
    [60, 60, 40].map((bytes) => claimDisk(bytes, claims, cache)),
  );
  assert.deepEqual(
    begun.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.equal(await claims.outstanding(), 100);
});

Deno.test("what a copy may write counts while it is made", async () => {
  const claims = new DiskClaims();
  let written = 0;
  const options = {
    makeRoom: () => Promise.resolve(),
    measure: () => Promise.resolve(written),
  };
  const copied = await claims.during(100, options, async () => {
    assert.equal(await claims.outstanding(), 100);
    written = 70;
    assert.equal(await claims.outstanding(), 30);
    return "copied";
  });
  assert.equal(copied, "copied");
  assert.equal(await claims.outstanding(), 0);
  const broken = new Error("broken");
  const fail = () => Promise.reject(broken);
  await assert.rejects(claims.during(100, options, fail), broken);
  assert.equal(await claims.outstanding(), 0);
  let begun = false;
  await assert.rejects(
    claims.during(100, { ...options, makeRoom: fail }, () => {
      begun = true;
      return Promise.resolve();
    }),
    broken,
  );
  assert.ok(!begun);
});

Deno.test("what else keeps room from being made is told as it is", async () => {
  const claims = new DiskClaims();
  const broken = new Error("broken");
  const cache = { makeRoom: () => Promise.reject(broken) };
  await assert.rejects(claimDisk(1, claims, cache), broken);
  assert.equal(await claims.outstanding(), 0);
});
