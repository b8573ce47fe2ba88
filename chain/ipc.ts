/** One question over a node's IPC socket, a file that only the node's owner opens: the one door of a sealer. */
import net from "node:net";

/**
 * Sends a line and reads the answering one, over a connection of its own.
 * @throws Error with the system's `code` where there is one (ENOENT: no such socket), or the signal's reason;
 * RangeError when the answer has more than `maxBytes`
 */
export function exchangeLine(
  path: string,
  line: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path, signal });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("the node hung up")));
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > maxBytes) return fail(new RangeError(`more than ${maxBytes} bytes`));
      chunks.push(chunk);
      // geth ends each answer with a newline, and its JSON has none inside.
      if (chunk.at(-1) !== 0x0a) return;
      resolve(Buffer.concat(chunks).toString("utf8"));
      socket.destroy();
    });
    socket.write(`${line}\n`);
  });
}
