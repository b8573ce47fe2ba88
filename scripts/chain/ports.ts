/** TCP ports of this machine. */
import { createServer } from "node:net";

/**
 * A free TCP port on loopback: the wanted one, or any.
 * @throws when the wanted one is taken
 */
export async function freePort(wanted = 0, host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(wanted, host, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE") throw cause;
    throw new Error(`port ${wanted} is already in use`, { cause });
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error(`no free TCP port on ${host}`);
  return address.port;
}
