/**
 * Who sealed a block. Clique (EIP-225) keeps the block's `coinbase` zero and puts the sealer's signature into the last
 * 65 bytes of `extraData`, over the header without those bytes.
 */
import { RLP } from "@ethereumjs/rlp";
import type { Address } from "../common/address";
import { keccak256, recoverAddress } from "./web3";

/** A header as `eth_getBlockByNumber` gives it: 0x-hex, quantities without leading zeros. */
export interface RawHeader {
  hash: string;
  parentHash: string;
  sha3Uncles: string;
  miner: string;
  stateRoot: string;
  transactionsRoot: string;
  receiptsRoot: string;
  logsBloom: string;
  difficulty: string;
  number: string;
  gasLimit: string;
  gasUsed: string;
  timestamp: string;
  extraData: string;
  mixHash: string;
  nonce: string;
  /** From London on. */
  baseFeePerGas?: string | undefined;
}

const VANITY_BYTES = 32;
const SEAL_BYTES = 65;

/**
 * The address that sealed the block; null where there is no clique seal (block 0, anvil), or where the seal is not
 * over this very header.
 */
export function sealerOf(header: RawHeader): Address | null {
  const extra = Buffer.from(header.extraData.slice(2), "hex");
  if (BigInt(header.number) === 0n || extra.length < VANITY_BYTES + SEAL_BYTES) return null;
  // A header with fields of a later fork would hash otherwise, and a wrong sealer be recovered from it.
  if (hashOf(header, extra) !== header.hash.toLowerCase()) return null;
  const unsealed = extra.subarray(0, extra.length - SEAL_BYTES);
  return recoverAddress(hashOf(header, unsealed), extra.subarray(extra.length - SEAL_BYTES));
}

function hashOf(header: RawHeader, extra: Uint8Array): string {
  const fields = [
    header.parentHash,
    header.sha3Uncles,
    header.miner,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    quantity(header.difficulty),
    quantity(header.number),
    quantity(header.gasLimit),
    quantity(header.gasUsed),
    quantity(header.timestamp),
    extra,
    header.mixHash,
    header.nonce,
  ];
  if (header.baseFeePerGas !== undefined) fields.push(quantity(header.baseFeePerGas));
  return keccak256(RLP.encode(fields));
}

/** RLP wants no leading zeros, and zero as the empty string: @ethereumjs/rlp does that for bigint. */
const quantity = (hex: string): string | Uint8Array => (BigInt(hex) === 0n ? new Uint8Array() : evenHex(hex));
const evenHex = (hex: string) => (hex.length % 2 === 0 ? hex : `0x0${hex.slice(2)}`);
