/** What a reverted call says, in words. */
import { decodeError, decodeReason } from "./codec";
import type { RpcError } from "./rpc";

export interface ContractError {
  /** The custom error's name; null where the revert carries none. */
  name: string | null;
  args: Record<string, unknown>;
  /** `TradeNotOpen(tradeId 1000001)` */
  message: string;
}

/** The revert in a refused call; null when the call was refused for another reason (no funds, no such block). */
export function revertOf(error: RpcError): ContractError | null {
  const isRevert = error.code === 3 || /revert/i.test(error.reason);
  if (error.data === null || error.data === "0x") {
    return isRevert ? { name: null, args: {}, message: error.reason } : null;
  }
  return decodeRevert(error.data);
}

export function decodeRevert(data: string): ContractError {
  const custom = decodeError(data);
  if (!custom) {
    const message =
      decodeReason(data) ?? `an error unknown to these contracts, or cut off (${data.slice(0, 10)})`;
    return { name: null, args: {}, message };
  }
  const args = Object.entries(custom.args).map(([name, value]) => `${name} ${value}`);
  return { ...custom, message: `${custom.name}(${args.join(", ")})` };
}
