import assert from "node:assert/strict";
import {
  allowerOf,
  type Boundary,
  type Place,
  refusePlace,
} from "./boundary.ts";

const boundary: Boundary = {
  folder: "/home/me/clone",
  allowed: [
    { path: "/data", by: "--allow-path" },
    { path: "/images/worker.img", by: "configuration" },
  ],
};

const place = (
  real: string,
  key: Place["key"] = "source",
  written = real,
): Place => ({ key, written, real });

Deno.test("a place in the project needs nobody's word", () => {
  for (const real of ["/home/me/clone", "/home/me/clone/.git/x"]) {
    assert.equal(allowerOf(place(real), boundary), "nobody");
    assert.equal(refusePlace(place(real), boundary), undefined);
  }
});

Deno.test("what the user allows is allowed, and nothing beside it", () => {
  for (
    const [real, by] of [
      ["/data", "--allow-path"],
      ["/data/x", "--allow-path"],
      ["/images/worker.img", "configuration"],
      ["/images/worker.img2", undefined],
      ["/images", undefined],
      ["/database", undefined],
      ["/home/me/clone2", undefined],
      ["/home/me", undefined],
      ["/", undefined],
      ["/HOME/me/clone", undefined],
    ] as const
  ) {
    assert.equal(allowerOf(place(real), boundary), by);
    assert.equal(refusePlace(place(real), boundary) === undefined, !!by);
  }
});

Deno.test("a refusal shows what the spec says, where it leads and the option", () => {
  assert.deepEqual(
    refusePlace(
      place("/home/me/.config/gh", "source", "../assets/gh"),
      boundary,
    ),
    {
      message:
        'Expected a path in the project "/home/me/clone" for "source", got "../assets/gh", which leads to "/home/me/.config/gh"',
      hint: "If you want that, allow it: --allow-path /home/me/.config/gh",
    },
  );
  assert.deepEqual(
    refusePlace(place("/home/me/x"), { folder: undefined, allowed: [] }),
    {
      message:
        'Your home folder and those above it are no project: cannot use "source", got "/home/me/x"',
      hint: "If you want that, allow it: --allow-path /home/me/x",
    },
  );
});

Deno.test("a workspace is kept from where programs run things, whoever allows it", () => {
  const refusal = (real: string, folder = boundary.folder) =>
    refusePlace(place(real, "workspace"), {
      folder,
      allowed: [{ path: "/home/me/.config", by: "--allow-path" }],
    });
  assert.match(refusal("/home/me/clone/.git/ws")!.hint, /^No workspace may be/);
  assert.match(
    refusal("/home/me/.config/git")!.hint,
    /^No workspace may be in "\.config"/,
  );
  assert.match(refusal("/home/me/.vim")!.hint, /^Not even --allow-path /);
  assert.equal(refusal("/home/me/clone/ws"), undefined);
  // The user's own choice of where the project is.
  assert.equal(refusal("/h/.trees/p/ws", "/h/.trees/p"), undefined);
  assert.equal(
    refusePlace(place("/home/me/clone/.git", "source"), boundary),
    undefined,
  );
});
