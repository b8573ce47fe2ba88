/** What a meter signs (EIP-712), as EnergyTrade hashes it: see `hashReading` and `hashCommission` there. */
import type { Address } from "../common/address";

export interface Domain {
  chainId: number;
  /** The EnergyTrade contract. */
  trade: Address;
}

const field = (name: string, type: string) => ({ name, type });

const types = {
  EIP712Domain: [
    field("name", "string"),
    field("version", "string"),
    field("chainId", "uint256"),
    field("verifyingContract", "address"),
  ],
  Reading: [
    field("tradeId", "uint256"),
    field("buyer", "address"),
    field("orderedMilliWh", "uint64"),
    field("deadline", "uint64"),
    field("deliveredMilliWh", "uint64"),
    field("registerMilliWh", "uint64"),
    field("isFinal", "bool"),
  ],
  Commission: [field("prosumer", "address"), field("baselineMilliWh", "uint64"), field("nonce", "uint256")],
};

export type SignedType = "Reading" | "Commission";

/** For `eth_signTypedData_v4`, or for a key at hand. It counts for one EnergyTrade on one chain. */
export const typedData = (
  { chainId, trade }: Domain,
  primaryType: SignedType,
  message: Record<string, unknown>,
) => ({
  types,
  primaryType,
  domain: { name: "neighborwatt", version: "2", chainId, verifyingContract: trade },
  message,
});
