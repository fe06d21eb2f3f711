/** Exit codes of the `contractor` command; part of its public interface. */
export const ExitCode = {
  success: 0,
  buildFailed: 1,
  usage: 2,
  environment: 3,
  limitExceeded: 4,
  networkViolation: 5,
  interrupted: 130,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];
