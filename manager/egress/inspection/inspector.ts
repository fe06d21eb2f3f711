/**
 * Checks what a worker sends on a connection against what was declared for it,
 * before any of it is handed on.
 *
 * @module
 */

import type { EgressRule } from "../../../src/shared/network/egress_rule.ts";
import {
  type CheckName,
  PLAIN,
  protocols,
} from "../../../src/shared/network/protocols.ts";
import type { ContentKind, Refusal } from "../../../src/shared/rpc/verdict.ts";
import { GitRequestCheck } from "./git_request.ts";
import { HoldingInspector } from "./holding_inspector.ts";
import { HttpRequestsCheck } from "./http_requests.ts";
import type { ProtocolCheck } from "./protocol_step.ts";
import { SshBannerCheck } from "./ssh_banner.ts";
import { TlsClientHelloCheck } from "./tls_client_hello.ts";

/** Why a connection must end, and what was sent on it. */
export interface Refused {
  refusal: Refusal;
  /** What the refused bytes look like. */
  content: ContentKind;
  /** The name that was claimed in them, fit to be shown. */
  claimed: string | null;
}

/** What became of the bytes of one push. */
export interface Inspected {
  /**
   * May go to the host now, in order. Often a view of what was pushed: use or
   * copy it before the buffer is filled again.
   */
  forward: Uint8Array;
  /** Nothing more needs to be inspected: all later bytes may go. */
  done: boolean;
  /** Nothing may go after `forward`. */
  refused?: Refused;
}

/** Looks at what a client sends on one connection. */
export interface Inspector {
  /** Takes the next bytes, in order. */
  push(bytes: Uint8Array): Inspected;
  /** The client has ended its direction. */
  end(): Refused | undefined;
}

/** The inspector of a new connection to `host`, allowed by `rule`. */
export function createInspector(
  { protocol, port }: EgressRule,
  host: string,
): Inspector {
  if (protocol === PLAIN) return letAllPass;
  const createCheck = checks[protocols[protocol].check];
  return new HoldingInspector(createCheck(host.toLowerCase(), port));
}

/** The checks that protocols name. */
const checks: Record<
  CheckName,
  (host: string, port: number) => ProtocolCheck
> = {
  "http-requests": (host, port) => new HttpRequestsCheck(host, port),
  "tls-client-hello": (host) => new TlsClientHelloCheck(host),
  "ssh-banner": () => new SshBannerCheck(),
  "git-request": (host, port) => new GitRequestCheck(host, port),
};

/** Even a worker that says nothing may go on: the host may speak first. */
const letAllPass: Inspector = {
  push: (bytes) => ({ forward: bytes, done: true }),
  end: () => undefined,
};
