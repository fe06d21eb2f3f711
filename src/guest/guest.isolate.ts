/**
 * The `guest` isolate: it reads what the manager sends. It may reach the RPC
 * socket and write the log, and nothing else.
 *
 * @module
 */

import { EnvironmentError } from "../shared/errors.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import { serveIsolate } from "../isolate/isolate.ts";
import { type ChannelStream, MAX_STREAMS } from "../shared/rpc/channel.ts";
import type { ByteStream } from "../shared/rpc/credit_stream.ts";
import { BuildLog } from "./session/build_log.ts";
import type { EgressRequest, GuestApi } from "./guest.ts";
import { AgentSession, type EgressPurpose } from "./session/agent_session.ts";

let session: AgentSession | undefined;
let log: BuildLog | undefined;
let announceEgress: ((request: EgressRequest) => Promise<void>) | undefined;
let onText: (text: string) => Promise<void> = () => Promise.resolve();

/** Connections that the main thread was told of and has not done with. */
let announced = 0;

/**
 * Most of them, so that a manager that opens and gives up streams all the time
 * fills no memory. A stream may be over for the manager before it is for us.
 */
const MAX_ANNOUNCED = 2 * MAX_STREAMS;

serveIsolate<GuestApi>({
  async connect({ socket, timeoutMs }, { signal }) {
    const connected = await AgentSession.connect({
      socket,
      timeoutMs,
      signal,
      onEgress,
    });
    session = connected.session;
    return connected.hello;
  },

  request({ method, params }, { signal }) {
    return requireSession().call(method, params as never, { signal });
  },

  relayEgress(_, { signal, emit }) {
    announceEgress = (request) => emit(request, [request.port]);
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        announceEgress = undefined;
        resolve();
      });
    });
  },

  openLog({ path, limit }) {
    log = new BuildLog(path, limit, (text) => onText(text));
    return Promise.resolve();
  },

  async runStep({ worker, step }, { signal, emit }) {
    const current = requireLog();
    onText = (text) => emit({ text });
    try {
      const exitCode = await requireSession().runStep(
        worker,
        step,
        (bytes) => current.write(bytes),
        signal,
      );
      return { exitCode };
    } finally {
      await current.endStep();
    }
  },

  closeLog() {
    const bytes = log?.bytes ?? 0;
    log?.close();
    log = undefined;
    return Promise.resolve({ bytes });
  },

  async disconnect() {
    await session?.close();
    session = undefined;
  },
});

function onEgress(purpose: EgressPurpose, stream: ChannelStream): void {
  if (announceEgress === undefined) return stream.reset("not relayed");
  if (announced >= MAX_ANNOUNCED) return stream.reset("too many");
  const { port1, port2 } = new MessageChannel();
  splice(stream, openPortStream(port1));
  announced++;
  announceEgress({ purpose, port: port2 }).finally(() => announced--);
}

function requireSession(): AgentSession {
  if (session !== undefined) return session;
  throw new EnvironmentError("not-connected", "Not connected to the manager");
}

function requireLog(): BuildLog {
  if (log !== undefined) return log;
  throw new EnvironmentError("log-closed", "The build's log is not open");
}

/** Copies both ways; an error of one stream ends the other. */
function splice(left: ByteStream, right: ByteStream): void {
  left.readable.pipeTo(right.writable).catch(() => {});
  right.readable.pipeTo(left.writable).catch(() => {});
}
