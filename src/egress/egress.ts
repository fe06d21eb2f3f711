/**
 * What the `egress` isolate does for the main thread: it opens the connections
 * that the build's workers ask for. It has the network and nothing else.
 *
 * @module
 */

import type { Destination, EgressRule } from "../shared/network/egress_rule.ts";
import type { Verdict } from "../shared/rpc/verdict.ts";
import type { DialEvent } from "./dialer.ts";
import type { Finding } from "./findings.ts";
import type { ProxySettings } from "./proxy_settings.ts";
import type { TrafficLimits } from "./traffic.ts";
import type { RuleUsage } from "./usage_meter.ts";

type Nothing = Record<string, never>;

/** What a build, or a phase of it, may reach. */
export interface EgressSettings {
  rules: EgressRule[];
  /** Also dial public hosts by names that no rule allows, and tell them. */
  learn: boolean;
  /** Names, addresses and ranges that are never dialed; they win over rules. */
  denied: string[];
  /** Closed places that the user opens, written alike, to what rules name. */
  opened: string[];
  proxy: ProxySettings;
  /** For the whole build; what went through before counts. */
  limits: TrafficLimits;
}

export type EgressApi = {
  /** Replaces the settings, and ends the connections of those before. */
  configure: { params: EgressSettings; result: void };
  /**
   * Dials and carries bytes until both directions ended. The port, which is
   * handed over, is the worker's stream.
   *
   * @throws {EgressRefusedError} having reset the stream
   */
  open: {
    params: { destination: Destination; port: MessagePort };
    result: void;
    /** Tells once whether it was dialed or refused. */
    event: DialEvent;
  };
  /**
   * Tells what was found against the build since the isolate started, what was
   * learned under the current settings, and what follows, until aborted.
   */
  watch: { params: Nothing; result: void; event: Finding };
  /** All that was found against the build, with counts. */
  verdict: { params: Nothing; result: Verdict };
  /** What went through since the isolate started, by rule. */
  usage: { params: Nothing; result: RuleUsage[] };
};
