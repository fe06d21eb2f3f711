import { EnvironmentError, type ErrorDetails } from "../errors.ts";

/** What ended a channel or one of its streams. */
export type ChannelErrorCode =
  /** The peer broke the protocol. */
  | "channel-violation"
  /** The transport below failed, or the peer stopped reading. */
  | "channel-broken"
  /** The channel is closed, by either side. */
  | "channel-closed"
  /** The message or the stream does not fit into the channel's bounds. */
  | "channel-limit"
  /** The manager's greeting did not arrive. */
  | "greeting-missing"
  /** One side gave up the stream. */
  | "stream-reset";

/** A channel, or a stream of it, came to an end other than a clean one. */
export class ChannelError extends EnvironmentError {
  constructor(
    override readonly code: ChannelErrorCode,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, message, details);
  }
}

/** The error of a channel whose peer broke the protocol. */
export function violation(message: string): ChannelError {
  return new ChannelError("channel-violation", message);
}

/** The error of a channel that ended with any error of its transport. */
export function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  return new ChannelError("channel-broken", "The channel failed", {
    cause: error,
  });
}
