/** What the sample isolates of the tests can do. */
export interface SampleApi {
  add: { params: { left: number; right: number }; result: number };
  count: { params: { to: number }; result: string; event: number };
  /** Counts, but waits for each number to be dealt with. */
  countHeard: { params: { to: number }; result: void; event: number };
  fail: { params: { how: string }; result: never };
  wait: { params: Record<string, never>; result: string; event: "waiting" };
  read: { params: { path: string }; result: string };
  crash: { params: { how: "throw" | "reject" }; result: never };
  /** Sends back what arrives on the port, and hands over a port of its own. */
  echo: { params: { port: MessagePort }; result: { port: MessagePort } };
  /** Reads a port's stream slowly or counts its bytes. */
  drain: { params: { port: MessagePort }; result: number };
}
