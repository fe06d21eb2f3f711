import assert from "node:assert/strict";
import { UsageError } from "../shared/errors.ts";
import { FakeBuild } from "./testing/fake_build.ts";
import { imageDigest } from "./testing/fake_host.ts";
import { refusal } from "./testing/fake_manager.ts";

Deno.test("an image that takes too much is the user's mistake", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call === "image.import") {
      throw refusal("image.import", "image-too-large");
    }
  };
  const { exitCode, report } = await build.run();
  assert.equal(exitCode, 2);
  assert.equal(report?.error?.code, "image-too-large");
  assert.match(
    report.error.message,
    /"\/project\/worker\.img": its file takes/,
  );
  assert.equal(report.image?.sha256, imageDigest);
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("an image that changes while it is copied is not kept", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call !== "requireUnchangedImage") return;
    throw new UsageError("image-changed", "It changed");
  };
  const { exitCode, trace } = await build.run();
  assert.equal(exitCode, 2);
  assert.ok(trace.includes("image.import") && !trace.includes("image.keep"));
  assert.equal(build.manager.images.size, 0);
  assert.deepEqual(build.leftOpen(), []);
});
