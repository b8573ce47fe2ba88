/** EIP-55, apart from the codec: the first look at the page needs this and no more. */
import { keccak256 } from "ethereum-cryptography/keccak";
import { toHex, utf8ToBytes } from "ethereum-cryptography/utils";
import type { Address } from "../common/address";

/** Each letter is large where the same digit of the lower-case address's Keccak-256 is 8 or more. */
export function checksumAddress(address: string): Address {
  const digits = address.slice(2).toLowerCase();
  const hash = toHex(keccak256(utf8ToBytes(digits)));
  const large = (index: number) => Number.parseInt(hash[index]!, 16) >= 8;
  return `0x${[...digits].map((digit, index) => (large(index) ? digit.toUpperCase() : digit)).join("")}`;
}
