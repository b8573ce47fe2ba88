/** Accounts of a wallet's words (BIP-39, BIP-44). The server's own one pays the gas of settlements and owns nothing else. */
import { mnemonicToSeedSync, validateMnemonic } from "ethereum-cryptography/bip39";
import { wordlist } from "ethereum-cryptography/bip39/wordlists/english";
import { HDKey } from "ethereum-cryptography/hdkey";
import { isLabChain, LAB_ACCOUNTS, LAB_MNEMONIC } from "../common/lab";
import { bytesToHex } from "./web3";

/** The private keys at m/44'/60'/0'/0/index, in the order asked for. */
export function privateKeysAt(mnemonic: string, indices: number[]): string[] {
  const wallet = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic)).derive("m/44'/60'/0'/0");
  return indices.map((index) => bytesToHex(wallet.deriveChild(index).privateKey!));
}

/**
 * The private key at m/44'/60'/0'/0/index of a mnemonic.
 * @throws Error when the mnemonic is none, or is the lab's on a chain that is not
 */
export function settlerKey(
  mnemonic: string,
  chainId: number,
  index: number = LAB_ACCOUNTS.settler.index,
): string {
  const words = mnemonic.trim().toLowerCase().split(/\s+/).join(" ");
  if (!validateMnemonic(words, wordlist))
    throw new Error("the settler's mnemonic is not valid (BIP-39, English): check its words and their order");
  if (words === LAB_MNEMONIC && !isLabChain(chainId))
    throw new Error(
      `the lab's mnemonic is known to everybody and refused on chain ${chainId}: set one of your own`,
    );
  return privateKeysAt(words, [index])[0]!;
}
