/** Which chain the node has, and whether it is the one the store was written from. */
import { sameAddress } from "../common/address";
import { EMBEDDED_CHAIN_ID, GETH_CHAIN_ID } from "../common/lab";
import { messageOf } from "../common/log";
import { type Contracts, type DeployedContracts, readContracts } from "./artifacts";
import type { EthereumNode } from "./node";
import { NodeError } from "./rpc";
import type { ChainSink } from "./sink";

/** The node serves another chain than the one configured. */
export class WrongChainError extends NodeError {
  override name = "WrongChainError";
}

/** @throws WrongChainError, naming the mend */
export async function checkChainId(node: EthereumNode, expected: number): Promise<void> {
  const found = await node.chainId();
  if (found === expected) return;
  throw new WrongChainError(
    `the node's chain id is ${found}, not ${expected}: set NETWORK and RPC_URL so that they name the same chain`,
  );
}

export interface Recognition {
  /** Null while they are not on this chain. */
  contracts: DeployedContracts | null;
  /** Why not, and what to do. */
  detail: string;
  genesisHash: string;
}

export async function recognize(
  node: EthereumNode,
  chainId: number,
  artifactsDir: string,
): Promise<Recognition> {
  await checkChainId(node, chainId);
  const genesis = await node.header(0);
  if (!genesis) throw new NodeError("the node does not give block 0");
  const missing = (detail: string) => ({ contracts: null, detail, genesisHash: genesis.hash });
  let contracts: Contracts | null;
  try {
    contracts = readContracts(artifactsDir, chainId);
  } catch (error) {
    return missing(messageOf(error));
  }
  if (!contracts) return missing(`the contracts are not deployed on chain ${chainId}: ${remedy(chainId)}`);
  for (const address of [contracts.trade, contracts.token]) {
    if (!(await node.hasCode(address)))
      return missing(`the chain has no contract at ${address}, as after a reset: ${remedy(chainId)}`);
  }
  const gracePeriodS = await node.gracePeriodS(contracts.trade);
  return { contracts: { ...contracts, gracePeriodS }, detail: "", genesisHash: genesis.hash };
}

function remedy(chainId: number): string {
  if (chainId === EMBEDDED_CHAIN_ID)
    return "run `npm start`, or `npx truffle migrate --reset --network embedded`";
  return `run \`npx truffle migrate --reset --network ${chainId === GETH_CHAIN_ID ? "geth" : "<its name>"}\``;
}

/**
 * Makes the store belong to the chain that was found, forgetting what is of another chain or another contract.
 * @returns what was forgotten and why; null when the store was of this chain already, or empty
 */
export function adopt(sink: ChainSink, { contracts, genesisHash }: Recognition): string | null {
  const stored = sink.chainIdentity();
  const isSameChain = stored?.genesisHash === genesisHash;
  // A chain without contracts: only what is of another chain has to go; ours may come back (a node catching up).
  if (!contracts && (stored === null || isSameChain)) return null;
  if (isSameChain && sameAddress(stored.trade, contracts?.trade)) return null;
  sink.reset({ genesisHash, trade: contracts?.trade ?? null });
  if (stored === null || (isSameChain && stored.trade === null)) return null;
  return isSameChain
    ? "the contracts were deployed anew: offers and trades of the old ones are forgotten"
    : "the chain was reset (another genesis block): offers and trades of the old one are forgotten";
}
