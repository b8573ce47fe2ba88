/** The setting CHAIN_NODES: which nodes the chain view shows. */
import { z } from "zod";

export interface NodeAddress {
  name: string;
  /** http(s)://…, or the absolute path of an IPC socket. */
  address: string;
}

const MAX_NODES = 50;

/** What may be asked over HTTP, without a password in its address. */
export const httpUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "";
});

const nodeAddress = z
  .string()
  .regex(/^[0-9A-Za-z._-]{1,32}=./)
  .transform((text): NodeAddress => {
    const end = text.indexOf("=");
    return { name: text.slice(0, end), address: text.slice(end + 1) };
  })
  .refine(({ address }) => address.startsWith("/") || httpUrl.safeParse(address).success);

/** "node1=/data/node1/geth.ipc,node2=http://127.0.0.1:8547": each name once. */
export const nodeList = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(nodeAddress).max(MAX_NODES))
  .refine((nodes) => new Set(nodes.map(({ name }) => name)).size === nodes.length);

/** Where CHAIN_NODES is not set: the node that the server follows. */
export const defaultNodes = (network: "embedded" | "geth", rpcUrl: string): NodeAddress[] => [
  { name: network === "embedded" ? "anvil" : "node2", address: rpcUrl },
];
