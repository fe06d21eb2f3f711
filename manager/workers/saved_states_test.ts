import assert from "node:assert/strict";
import {
  NoRoomError,
  SavedStates,
  UnsuitedError,
  type WorkerKind,
} from "./saved_states.ts";
import type { WorkerPlan } from "./worker_plan.ts";

const plan: WorkerPlan = {
  base: { image: "a".repeat(64) },
  cpus: 1,
  memoryBytes: 1024,
  diskBytes: 4096,
  hasNetwork: true,
};

const kind: WorkerKind = { plan, link: null };

const never = new AbortController().signal;

/** The kind with one thing changed, for each of the values. */
function plans(
  changes: { [K in keyof WorkerPlan]?: WorkerPlan[K][] },
): WorkerKind[] {
  return Object.entries(changes).flatMap(([key, values]) =>
    values.map((value) => ({ ...kind, plan: { ...plan, [key]: value } }))
  );
}

interface Stage {
  states: SavedStates;
  /** How many hold their image. */
  held(): number;
  /** Makes a saved worker, and counts. */
  make(): Promise<string>;
  made(): number;
  /** Names of what is saved on the disk. */
  list(): string[];
}

async function onStage(test: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  let made = 0;
  let held = 0;
  try {
    const states = new SavedStates(folder, {
      createOverlay: (overlay) => Deno.writeTextFile(overlay, ""),
      hold: () => {
        held++;
        return () => held--;
      },
    });
    await states.open();
    await test({
      states,
      make: async () => {
        const directory = `${folder}/made-${++made}`;
        await Deno.mkdir(directory);
        await Deno.writeTextFile(`${directory}/memory`, "x");
        return directory;
      },
      made: () => made,
      held: () => held,
      list: () => [...Deno.readDirSync(`${folder}/saved`)].map((e) => e.name),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a kind of worker is made once, and found from then on", () =>
  onStage(async ({ states, make, made }) => {
    const first = await states.take(kind, 1, make, never);
    const second = await states.take(kind, 1, make, never);
    assert.deepEqual([first?.fresh, second?.fresh], [true, false]);
    assert.equal(made(), 1);
    assert.equal(first!.files.memory, second!.files.memory);
    assert.equal(await Deno.readTextFile(second!.files.memory), "x");
  }));

Deno.test("each thing that a kind consists of makes another one", () =>
  onStage(async ({ states, make, made }) => {
    const others: WorkerKind[] = [
      ...plans({
        base: [
          { image: "b".repeat(64) },
          { ...plan.base, prepared: "a".repeat(64) },
        ],
        cpus: [2],
        memoryBytes: [2048],
        diskBytes: [8192],
        hasNetwork: [false],
      }),
      { ...kind, link: 0 },
    ];
    for (const other of [kind, ...others]) {
      await states.take(other, 64, make, never);
    }
    assert.equal(made(), 1 + others.length);
  }));

Deno.test("with none to keep, a build boots its own", () =>
  onStage(async ({ states, make, made }) => {
    assert.equal(await states.take(kind, 0, make, never), undefined);
    assert.equal(made(), 0);
  }));

Deno.test("two builds that want the same wait for one that is made", () =>
  onStage(async ({ states, make, made }) => {
    const [a, b] = await Promise.all([
      states.take(kind, 1, make, never),
      states.take(kind, 1, make, never),
    ]);
    assert.equal(made(), 1);
    assert.deepEqual([a?.fresh, b?.fresh], [true, false]);
  }));

Deno.test("who waits makes one, if the first build was interrupted", () =>
  onStage(async ({ states, make, made }) => {
    const interrupted = Promise.withResolvers<string>();
    const first = states.take(kind, 1, () => interrupted.promise, never);
    const second = states.take(kind, 1, make, never);
    interrupted.reject(new Error("interrupted"));
    await assert.rejects(first, /interrupted/);
    assert.equal((await second)?.fresh, true);
    assert.equal(made(), 1);
  }));

Deno.test("who waits can be interrupted", () =>
  onStage(async ({ states, make }) => {
    const making = Promise.withResolvers<string>();
    const first = states.take(kind, 1, () => making.promise, never);
    const stop = new AbortController();
    const second = states.take(kind, 1, make, stop.signal);
    stop.abort(new Error("stopped"));
    await assert.rejects(second, /stopped/);
    making.resolve(await make());
    await first;
  }));

Deno.test("a kind that is not suited twice is not tried again", () =>
  onStage(async ({ states, make, made }) => {
    const unsuited = () => Promise.reject(new UnsuitedError("it spoke"));
    for (let i = 0; i < 2; i++) {
      assert.equal(await states.take(kind, 1, unsuited, never), undefined);
    }
    assert.equal(await states.take(kind, 1, make, never), undefined);
    assert.equal(made(), 0);
  }));

Deno.test("a kind for which there was no room is made once there is", () =>
  onStage(async ({ states, make, made }) => {
    const noRoom = () => Promise.reject(new NoRoomError("builds need it"));
    for (let i = 0; i < 3; i++) {
      assert.equal(await states.take(kind, 1, noRoom, never), undefined);
    }
    assert.equal((await states.take(kind, 1, make, never))?.fresh, true);
    assert.equal(made(), 1);
  }));

Deno.test("what cannot be kept is removed, and the build boots its own", () =>
  onStage(async ({ states, list }) => {
    const missing = () => Promise.resolve("/nowhere");
    assert.equal(await states.take(kind, 1, missing, never), undefined);
    assert.deepEqual(list(), []);
  }));

Deno.test("one is kept when a clone fails, and goes with its last clone when two do", () =>
  onStage(async ({ states, make, made, list }) => {
    const clone = await states.take(kind, 1, make, never);
    clone!.reject();
    const second = await states.take(kind, 1, make, never);
    assert.equal(made(), 1);
    second!.reject();
    second!.release();
    assert.equal(list().length, 1);
    assert.equal(await states.take(kind, 1, make, never), undefined);
    clone!.release();
    clone!.release();
    while (list().length > 0) await new Promise((done) => setTimeout(done, 1));
    assert.equal((await states.size()).count, 0);
  }));

Deno.test("one that is rejected when no clone is left goes at once", () =>
  onStage(async ({ states, make, list }) => {
    const clone = await states.take(kind, 1, make, never);
    clone!.release();
    clone!.reject();
    clone!.reject();
    while (list().length > 0) await new Promise((done) => setTimeout(done, 1));
  }));

Deno.test("the one that was not used for longest makes room, never one in use", () =>
  onStage(async ({ states, make, made, held, list }) => {
    const [other, third] = plans({ cpus: [2, 3] });
    const used = await states.take(kind, 2, make, never);
    (await states.take(other!, 2, make, never))!.release();
    (await states.take(third!, 2, make, never))!.release();
    assert.equal(list().length, 2);
    assert.equal(held(), 2);
    (await states.take(kind, 2, make, never))!.release();
    assert.equal(made(), 3);
    assert.equal(await states.removeOldest(), true);
    assert.equal(await states.removeOldest(), false);
    used!.release();
    assert.equal(await states.removeOldest(), true);
    assert.deepEqual(list(), []);
    assert.equal(held(), 0);
  }));

Deno.test("what an earlier agent saved is removed", () =>
  onStage(async ({ states, make, list }) => {
    await states.take(kind, 1, make, never);
    await states.open();
    assert.deepEqual(list(), []);
  }));
