/**
 * What a worker may reach, one destination at a time.
 *
 * @module
 */

import { z } from "zod";
import { HOST_NAME, MAX_HOST_LENGTH } from "./host.ts";
import { PLAIN, protocolNames } from "./protocols.ts";

/** A host name in lower case, or one below `*.`. */
export const hostNameSchema = z.string().max(MAX_HOST_LENGTH).regex(HOST_NAME);

/** One allowed destination: a name, a TCP port and what is spoken there. */
export const egressRuleSchema = z.strictObject({
  host: hostNameSchema,
  port: z.int().min(1).max(65535),
  protocol: z.enum([...protocolNames, PLAIN]),
});
export type EgressRule = z.infer<typeof egressRuleSchema>;

/** A connection that a worker asks for; the host is no wildcard. */
export type Destination = Readonly<EgressRule>;
