import { TextLineStream } from "./text_lines.ts";

/** Asks a QEMU what the product never asks it, past the product's own list. */
export async function queryQemu(
  socket: string,
  command: string,
): Promise<unknown> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  const requests = ["qmp_capabilities", command].map((execute, id) =>
    JSON.stringify({ execute, id }) + "\n"
  );
  await connection.write(new TextEncoder().encode(requests.join("")));
  const lines = connection.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const message = JSON.parse(line);
    if (message.id !== 1) continue;
    if ("return" in message) return message.return;
    throw new Error(`QEMU refused ${command}: ${message.error.desc}`);
  }
  throw new Error(`QEMU did not answer ${command}`);
}
