/**
 * The page's own way to the chain: `/rpc` of its server, or else the node that the configuration names. A wallet has a
 * node of its own, which may stand some blocks behind, or on a chain that is no more.
 */
import type { ConfigView } from "../common/api";
import { type Provider, rpcProvider } from "./wallet/provider";

type Where = Pick<ConfigView, "hasRpcDoor" | "rpcUrl">;

/** Relative, as every address of the page: a proxy may serve it under a path. */
const DOOR = "rpc";

/** For what the page sends itself: the lab's keys. */
export const nodeOf = ({ hasRpcDoor, rpcUrl }: Where): Provider => rpcProvider(hasRpcDoor ? DOOR : rpcUrl);

export async function blockHash(provider: Provider, block: number): Promise<string | null> {
  const params = [`0x${block.toString(16)}`, false];
  const header = (await provider.request({ method: "eth_getBlockByNumber", params })) as {
    hash?: string;
  } | null;
  return header?.hash?.toLowerCase() ?? null;
}
