/**
 * WELL-KNOWN DEVELOPMENT KEYS. Everybody has them: they are in every Ethereum tutorial. They exist for the embedded
 * chain and for a lab's geth network, hold play money, and are refused wherever the chain is another.
 */
export const LAB_MNEMONIC = "test test test test test test test test test test test junk";

/** BIP-44 path of account i of `LAB_MNEMONIC`: m/44'/60'/0'/0/i. */
export const LAB_ACCOUNTS = {
  /** Deploys the contracts and commissions meters. */
  operator: {
    index: 0,
    address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    privateKey: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  },
  /** The house with the panel: lists offers, is paid. */
  prosumer: {
    index: 1,
    address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    privateKey: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  },
  /** The house next door. */
  consumer: {
    index: 2,
    address: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    privateKey: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  },
  /** Another house, for a second buyer. */
  consumer2: {
    index: 3,
    address: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    privateKey: "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  },
  /** The server's own account: pays the gas of settlements, owns nothing else. */
  settler: {
    index: 4,
    address: "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    privateKey: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  },
  /** Gives play ether to a newcomer's own wallet. */
  faucet: {
    index: 5,
    address: "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    privateKey: "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
  },
} as const;

export const EMBEDDED_CHAIN_ID = 13370;
export const GETH_CHAIN_ID = 13371;

/** Whether a node is asked at this machine's own address. */
export const isThisMachine = (rpcUrl: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(rpcUrl).hostname);

/**
 * Whether a chain is a lab's: its money is play money and its operator's key is everybody's. The one rule for whoever
 * signs with a well-known key, or leaves a lock open because a lock would protect nothing there. A lab's chain has a
 * lab's id, is asked on this machine (anybody may give a network of his own that id), and is worked on with the lab's
 * words (with words of one's own the operator's key is a secret). Who knows only a part of it asks with that part: a
 * wallet is told the chain's id alone.
 */
export function isLabChain(
  chainId: number,
  { rpcUrl, mnemonic = LAB_MNEMONIC }: { rpcUrl?: string; mnemonic?: string } = {},
): boolean {
  const isIdOfLab = chainId === EMBEDDED_CHAIN_ID || chainId === GETH_CHAIN_ID;
  return isIdOfLab && (rpcUrl === undefined || isThisMachine(rpcUrl)) && mnemonic === LAB_MNEMONIC;
}

/** 1 ether buys this many NWT. */
export const TOKENS_PER_ETHER = 1000n;
/** NWT issued when the token is deployed, all of them for sale. */
export const TOKEN_SUPPLY = 1_000_000_000n;
