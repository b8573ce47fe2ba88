/** Whether this machine can serve an address, and who answers at one. */
import { get } from "node:http";
import { createServer } from "node:net";

/** Names this server in its answer to `/healthz`. */
export const SERVER_ID_HEADER = "neighborwatt-server";

const ASK_WITHIN_MS = 2_000;
const LISTEN_WITHIN_MS = 5_000;
/** Nobody is there, or the machine has no such address. */
const NOBODY = new Set(["ECONNREFUSED", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ENETUNREACH", "EHOSTUNREACH"]);

/** Who answers at `address`; a program that says nothing is another's. */
export function answersAt(
  address: string,
  port: number,
  serverId: string,
): Promise<"ours" | "other" | "nobody"> {
  return new Promise((resolve) => {
    const headers = { host: `localhost:${port}` };
    const request = get({ host: address, port, path: "/healthz", headers, agent: false }, (response) => {
      resolve(response.headers[SERVER_ID_HEADER] === serverId ? "ours" : "other");
      response.destroy();
    });
    request.setTimeout(ASK_WITHIN_MS, () => {
      resolve("other");
      request.destroy();
    });
    request.on("error", (error: NodeJS.ErrnoException) =>
      resolve(NOBODY.has(error.code ?? "") ? "nobody" : "other"),
    );
  });
}

export function whyNotListening(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} is already in use. Stop what listens there, or set PORT to another.`;
    case "EACCES":
      return `Port ${port} is not for everybody: set PORT to one above 1023.`;
    default:
      return `Cannot listen on ${host}, port ${port} (${error.message}): set HOST to an address of this machine.`;
  }
}

/** Why nothing can listen on HOST, whatever the port; null when something can. Takes a free port for a moment. */
export function hostProblem(host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    const timer = setTimeout(() => resolve("nobody says within 5 s which address it is"), LISTEN_WITHIN_MS);
    const answer = (problem: string | null) => {
      clearTimeout(timer);
      resolve(problem);
    };
    server.once("error", (error: NodeJS.ErrnoException) => answer(error.code ?? error.message));
    server.listen(0, host, () => server.close(() => answer(null)));
  });
}
