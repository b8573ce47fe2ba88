/** What a reverted call says, in words. */
import type { RpcError } from "./rpc";
import { decodeContractError, decodeText } from "./web3";

export interface ContractError {
  /** The custom error's name; null where the revert carries none. */
  name: string | null;
  args: Record<string, unknown>;
  /** `TradeNotOpen(tradeId 1000001)` */
  message: string;
}

/** `Error(string)` */
const TEXT_SELECTOR = "0x08c379a0";

/** The revert in a refused call; null when the call was refused for another reason (no funds, no such block). */
export function revertOf(error: RpcError): ContractError | null {
  const isRevert = error.code === 3 || /revert/i.test(error.reason);
  if (error.data === null || error.data === "0x") {
    return isRevert ? { name: null, args: {}, message: error.reason } : null;
  }
  return decodeRevert(error.data);
}

export function decodeRevert(data: string): ContractError {
  const unknown = {
    name: null,
    args: {},
    message: `an error unknown to these contracts (${data.slice(0, 10)})`,
  };
  try {
    if (data.startsWith(TEXT_SELECTOR)) return { ...unknown, message: decodeText(`0x${data.slice(10)}`) };
    const custom = decodeContractError(data);
    if (!custom) return unknown;
    const args = Object.entries(custom.args).map(([name, value]) => `${name} ${value}`);
    return { ...custom, message: `${custom.name}(${args.join(", ")})` };
  } catch (error) {
    return { ...unknown, message: `a revert that cannot be read: ${(error as Error).message}` };
  }
}
