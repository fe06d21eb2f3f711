import { ChannelError } from "../shared/rpc/channel_error.ts";
import { CreditStream } from "../shared/rpc/credit_stream.ts";

/** One end of a byte stream between two isolates. */
export interface PortStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Gives up both directions; both ends see an error. */
  reset(reason: string): void;
}

type PortMessage =
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "credit"; bytes: number }
  | { kind: "end" }
  | { kind: "reset"; reason: string };

/**
 * Makes a byte stream of a message port, with the windows of a channel's
 * stream. The port is closed when both directions have ended or one end gave
 * up. The other end of the port needs a stream, too.
 */
export function openPortStream(port: MessagePort): PortStream {
  const post = (message: PortMessage, transfer: Transferable[] = []) =>
    port.postMessage(message, transfer);

  const stream = new CreditStream({
    sendData(piece) {
      // A copy of its own: what is handed over is lost to this isolate, and a
      // view would take its whole buffer along.
      const bytes = new Uint8Array(piece);
      post({ kind: "data", bytes }, [bytes.buffer]);
      return Promise.resolve();
    },
    sendCredit: (bytes) => post({ kind: "credit", bytes }),
    sendEnd: () => post({ kind: "end" }),
    sendReset(reason) {
      post({ kind: "reset", reason });
      port.close();
    },
    onDone: () => port.close(),
  });

  function receive(message: PortMessage): void {
    switch (message.kind) {
      case "data":
        return stream.receiveData(message.bytes);
      case "credit":
        return stream.receiveCredit(message.bytes);
      case "end":
        return stream.receiveEnd();
      case "reset":
        stream.receiveReset(message.reason);
        return port.close();
    }
  }

  port.onmessage = ({ data }: MessageEvent<PortMessage>) => {
    try {
      receive(data);
    } catch (error) {
      stream.reset(error instanceof ChannelError ? error.message : "failed");
    }
  };
  port.onmessageerror = () => stream.reset("unreadable message");
  return stream;
}
