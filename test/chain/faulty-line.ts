/** Between server and node: a line that can be cut, a node that hangs, or one that lies. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = { id?: unknown; result?: unknown; error?: unknown };
export type Request = { id: number; method: string; params: unknown[] };

export class FaultyLine {
  /** `cut` closes every connection, `hang` never answers. */
  fault: "cut" | "hang" | null = null;
  requests: Request[] = [];
  /** Changes one answer; by default as it came. */
  tamper: (request: Request, answer: Answer) => unknown = (_, answer) => answer;
  /** Called before a request reaches the node. */
  before: (request: Request) => Promise<void> = async () => {};
  /** Answers in the node's place with this text, whatever was asked. */
  say: string | null = null;
  /** Answers HTTP 503 and a JSON-RPC error of these words, as a door to a node does that is away. */
  refusal: string | null = null;
  private server: Server | null = null;

  constructor(public target: string) {}

  get url(): string {
    return `http://127.0.0.1:${(this.server!.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", async () => {
        const body = Buffer.concat(chunks).toString();
        const asked = [JSON.parse(body)].flat() as Request[];
        this.requests.push(...asked);
        if (this.fault === "hang") return;
        if (this.fault === "cut") return request.socket.destroy();
        if (this.say !== null) return response.end(this.say);
        if (this.refusal !== null) {
          const error = { code: -32000, message: this.refusal };
          return response.writeHead(503).end(JSON.stringify({ jsonrpc: "2.0", id: asked[0]!.id, error }));
        }
        try {
          for (const one of asked) await this.before(one);
          const headers = { "content-type": "application/json" };
          const answer = await (await fetch(this.target, { method: "POST", body, headers })).json();
          const all = ([answer].flat() as Answer[]).map((one) => {
            const to = asked.find(({ id }) => id === one.id);
            return to ? this.tamper(to, one) : one;
          });
          response.end(JSON.stringify(Array.isArray(answer) ? all : all[0]));
        } catch {
          request.socket.destroy();
        }
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
