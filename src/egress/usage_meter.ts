/**
 * Counts what a build sends and receives, by rule.
 *
 * @module
 */

import type { EgressRule } from "../shared/network/egress_rule.ts";
import type { ByteCounter } from "./relay.ts";

/** What went through the connections that one rule allowed. */
export interface RuleUsage {
  rule: EgressRule;
  connections: number;
  bytesToHost: number;
  bytesFromHost: number;
}

/** Counters for each rule that was used; as many at most as there are rules. */
export class UsageMeter {
  readonly #usage = new Map<string, RuleUsage>();

  /** Counts a connection, and gives the counter for its bytes. */
  connect(rule: EgressRule): ByteCounter {
    const usage = this.#usageOf(rule);
    usage.connections++;
    return {
      countToHost(bytes) {
        usage.bytesToHost += bytes;
      },
      countFromHost(bytes) {
        usage.bytesFromHost += bytes;
      },
    };
  }

  /** A copy of the counters, in the order of first use. */
  read(): RuleUsage[] {
    return [...this.#usage.values()].map((usage) => ({ ...usage }));
  }

  #usageOf(rule: EgressRule): RuleUsage {
    const key = `${rule.protocol}://${rule.host}:${rule.port}`;
    let usage = this.#usage.get(key);
    if (usage === undefined) {
      usage = { rule, connections: 0, bytesToHost: 0, bytesFromHost: 0 };
      this.#usage.set(key, usage);
    }
    return usage;
  }
}
