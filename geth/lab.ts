/**
 * WELL-KNOWN DEVELOPMENT KEYS of the lab's own geth network; see `common/lab.ts`. Whoever reads this file can seal
 * blocks in their name, which is harmless while the network stays on loopback and holds play money, and is why no
 * network beyond one machine may use them: `npm run geth:genesis -- --fresh` is for those.
 */

/** Accounts 0 to 9 of `LAB_MNEMONIC`, which the genesis makes rich. The roles of 0 to 5 are in `common/lab.ts`. */
export const LAB_FUNDED = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
  "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
  "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
  "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
  "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
  "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
  "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
] as const;

/** A sealer's address and its private key, 0x-hex. */
export interface SealerKey {
  address: string;
  privateKey: string;
}

/** Accounts 10, 11 and 12 of `LAB_MNEMONIC`: the sealer of `geth/genesis.json`, and two more for the other profiles. */
export const LAB_SEALERS: readonly [SealerKey, SealerKey, SealerKey] = [
  {
    address: "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
    privateKey: "0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897",
  },
  {
    address: "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
    privateKey: "0x701b615bbdfb9de65240bc28bd21bbc0d996645a3dd57e7b12bc2bdf6f192c82",
  },
  {
    address: "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
    privateKey: "0xa267530f49f8280200edf313ee7af6b827f2a8bce2897751d06a843f644967b1",
  },
];
