import { deepEqual, throws } from "node:assert/strict";
import { readOpened } from "./opened.ts";

Deno.test("readOpened takes names, addresses and ranges", () => {
  const texts = ["Mirror.example", "*.corp.example", "10.0.0.0/8", "FD00::1"];
  deepEqual(readOpened(texts), [
    "mirror.example",
    "*.corp.example",
    "10.0.0.0/8",
    "fd00::1",
  ]);
});

Deno.test("readOpened refuses what opens nothing, with the option's name", () => {
  for (const text of ["", "127.1", "http://a.example", "10.0.0.0/33", "a b"]) {
    throws(() => readOpened([text]), {
      exitCode: 2,
      message: /^Expected a host name, an address .* for --allow-private, got /,
    });
  }
  for (const text of ["0.0.0.0", "::", "224.0.0.1"]) {
    throws(() => readOpened([text]), { exitCode: 2, message: /a single host/ });
  }
});
