/** JSON-RPC over a node's IPC socket: the only door of a sealer, and the one with `admin`, `clique` and `miner`. */
import net from "node:net";

const TIMEOUT_MS = 10_000;

/**
 * Asks one question over a connection of its own.
 * @throws Error when the socket is not there, the node refuses, or no answer comes within 10 s
 */
export function ask<T>(ipcPath: string, method: string, ...params: unknown[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(ipcPath);
    let received = "";
    const give = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(
      () => give(() => reject(new Error(`${method}: no answer within ${TIMEOUT_MS / 1000} s`))),
      TIMEOUT_MS,
    );
    socket.once("error", (error) => give(() => reject(error)));
    socket.once("close", () => give(() => reject(new Error(`${method}: the node hung up`))));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      // geth ends each answer with a newline, and JSON has none inside.
      if (!received.endsWith("\n")) return;
      const answer = JSON.parse(received) as { result?: T; error?: { message: string } };
      if (answer.error) give(() => reject(new Error(`${method}: ${answer.error!.message}`)));
      else give(() => resolve(answer.result as T));
    });
    socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
  });
}

/** Asks until `isGood` likes the answer; a node that does not answer yet is asked again. */
export async function askUntil<T>(
  what: string,
  question: () => Promise<T>,
  isGood: (answer: T) => boolean,
  withinMs: number,
  giveUp: () => string | null = () => null,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last = "nothing";
  for (;;) {
    try {
      const answer = await question();
      if (isGood(answer)) return answer;
      last = JSON.stringify(answer);
    } catch (error) {
      last = (error as Error).message;
    }
    const reason = giveUp();
    if (reason !== null) throw new Error(`${what}: ${reason}`);
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${withinMs / 1000} s; the last answer was ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
