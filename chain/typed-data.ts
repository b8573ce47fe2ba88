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

/** A server's key on the bus, and since when (ms since 1970): a meter's later word replaces its earlier one. */
export interface Speaker {
  /** Ed25519, 32 bytes, 0x-hex. */
  key: string;
  sinceMs: number;
}

/** What a meter signs so that a server may speak for it. Of no contract: it moves no money. */
export const speakerData = ({ key, sinceMs }: Speaker) => ({
  types: {
    EIP712Domain: [field("name", "string"), field("version", "string")],
    Speaker: [field("key", "bytes32"), field("sinceMs", "uint64")],
  },
  primaryType: "Speaker",
  domain: { name: "neighborwatt bus", version: "1" },
  message: { key, sinceMs: BigInt(sinceMs) },
});
