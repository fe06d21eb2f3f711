/**
 * Serves the `egress` isolate's methods.
 *
 * @module
 */

import { z } from "zod";
import type { IsolateHandlers } from "../isolate/isolate.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import {
  type Destination,
  egressRuleSchema,
} from "../shared/network/egress_rule.ts";
import { toAttempt } from "./attempt.ts";
import {
  createDialer,
  type Dialed,
  type Dialer,
  type DialerOptions,
  type DialEvent,
} from "./dialer.ts";
import type { EgressApi } from "./egress.ts";
import { EgressRefusedError } from "./egress_error.ts";
import { Findings } from "./findings.ts";
import { isHostPattern } from "../shared/network/host_patterns.ts";
import { proxySettingsSchema } from "./proxy_settings.ts";
import { relay } from "./relay.ts";
import { Traffic } from "./traffic.ts";
import { UsageMeter } from "./usage_meter.ts";

/** As many streams as a channel to the manager can have open. */
const MAX_CONNECTIONS = 256;

const patternsSchema = z.array(z.string().refine(isHostPattern)).max(1000);

const settingsSchema = z.strictObject({
  rules: z.array(egressRuleSchema).max(2000),
  learn: z.boolean(),
  denied: patternsSchema,
  opened: patternsSchema,
  proxy: proxySettingsSchema,
  limits: z.strictObject({
    totalBytes: z.int().min(0).optional(),
    bitsPerSecond: z.int().min(1).optional(),
  }),
});

/**
 * Makes the handlers; they allow nothing until configured.
 *
 * @param options how to resolve and connect, where not as usual
 */
export function createEgressHandlers(
  options: Pick<DialerOptions, "resolve" | "connect" | "limits"> = {},
): IsolateHandlers<EgressApi> {
  const meter = new UsageMeter();
  const findings = new Findings();
  const traffic = new Traffic((record) => findings.addLimit(record));
  /** Connections of which it is not known yet whether they are allowed. */
  const undecided = new Set<Promise<void>>();
  let connections = 0;
  let superseded = new AbortController();
  let dialer: Dialer = createDialer({ ...options, rules: [] });

  function noteRefusal(destination: Destination, error: unknown): void {
    if (!(error instanceof EgressRefusedError)) return;
    const attempt = toAttempt(destination, error);
    if (attempt !== undefined) findings.addAttempt(attempt);
  }

  /** Dials; what is refused is held against the build. */
  async function dial(
    wanted: Destination,
    onEvent: (event: DialEvent) => void,
  ): Promise<Dialed> {
    const decided = Promise.withResolvers<void>();
    undecided.add(decided.promise);
    try {
      return await dialer.dial(wanted, (event) => {
        decided.resolve();
        onEvent(event);
      });
    } catch (error) {
      noteRefusal(wanted, error);
      throw error;
    } finally {
      decided.resolve();
      undecided.delete(decided.promise);
    }
  }

  return {
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    async configure(settings) {
      const { rules, learn, limits, ...others } = settingsSchema.parse(
        settings,
      );
      superseded.abort();
      superseded = new AbortController();
      traffic.configure(limits);
      findings.forgetLearned();
      dialer = createDialer({
        ...options,
        ...others,
        rules,
        learn: learn ? (rule) => findings.addLearned(rule) : undefined,
      });
    },

    async open({ destination, port }, { signal, emit }) {
      const stream = openPortStream(port);
      const over = AbortSignal.any([signal, superseded.signal, traffic.ended]);
      connections++;
      try {
        if (connections > MAX_CONNECTIONS) {
          throw new EgressRefusedError(
            "too-many",
            `Refused a connection: ${MAX_CONNECTIONS} are open already`,
          );
        }
        if (traffic.isExceeded) {
          throw new EgressRefusedError(
            "over-limit",
            "Refused a connection: the build's total of bytes is used up",
          );
        }
        const wanted = egressRuleSchema.parse(destination);
        const { connection, rule } = await dial(wanted, emit);
        const counter = meter.connect(rule);
        await relay(connection, stream, {
          counter,
          gate: traffic,
          signal: over,
        });
      } catch (error) {
        const isRefused = error instanceof EgressRefusedError;
        stream.reset(isRefused ? error.code : "failed");
        throw error;
      } finally {
        connections--;
      }
    },

    watch: (_params, { signal, emit }) => findings.watch(emit, signal),

    async verdict() {
      await Promise.all(undecided);
      return findings.read();
    },

    usage: () => Promise.resolve(meter.read()),
  };
}
