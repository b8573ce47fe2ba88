/** A fresh neighbourhood for each test: both contracts, one commissioned meter, a buyer with tokens. */
import { secp256k1 } from "ethereum-cryptography/secp256k1";
import { encodeParameters, getEncodedEip712Data } from "web3-eth-abi";
import { privateKeyToAddress } from "web3-eth-accounts";
import { keccak256, toChecksumAddress } from "web3-utils";

const EnergyToken = artifacts.require("EnergyToken");
const EnergyTrade = artifacts.require("EnergyTrade");

export const NWT = 10n ** 18n;
export const SUPPLY = 1_000_000n * NWT;
export const PRICE = 120n * NWT;
export const WINDOW = 3_600n;
export const GRACE = 600n;
/** More than anything costs here. */
export const ANY_PAYMENT = (2n ** 255n).toString();
/** Ether a buyer starts with in tokens: 1 ether, 1,000 NWT. */
const BUYER_ETHER = NWT;

export interface Meter {
  address: string;
  privateKey: string;
}

/** A meter whose key is one byte, repeated. */
export function meterWithKey(byte: number): Meter {
  const privateKey = `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
  return { address: toChecksumAddress(privateKeyToAddress(privateKey)), privateKey };
}

export interface Reading {
  tradeId: string;
  deliveredMilliWh: string;
  registerMilliWh: string;
  isFinal: boolean;
}

export const reading = (
  tradeId: bigint,
  deliveredMilliWh: bigint,
  registerMilliWh: bigint,
  isFinal = false,
): Reading => ({
  tradeId: tradeId.toString(),
  deliveredMilliWh: deliveredMilliWh.toString(),
  registerMilliWh: registerMilliWh.toString(),
  isFinal,
});

/** What makes a trade this one and no other. */
export interface Purchase {
  buyer: string;
  orderedMilliWh: string;
  /** Unix seconds. */
  deadline: string;
}

const field = (name: string, type: string) => ({ name, type });
const TYPES = {
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

/** The EIP-712 digest, made without the contract's help. */
function digest(
  chainId: number,
  trade: string,
  primaryType: "Reading" | "Commission",
  message: object,
): string {
  const domain = { name: "neighborwatt", version: "2", chainId, verifyingContract: trade };
  return keccak256(getEncodedEip712Data({ types: TYPES, primaryType, domain, message: { ...message } }));
}

export const digestOf = (chainId: number, trade: string, message: Reading, purchase: Purchase): string =>
  digest(chainId, trade, "Reading", { ...message, ...purchase });

export interface Signature {
  r: string;
  vs: string;
}

/** A signature over a digest, in ERC-2098's 64 bytes. */
export function signDigest(digest: string, privateKey: string): Signature {
  const { r, s, recovery } = secp256k1.sign(digest.slice(2), privateKey.slice(2));
  const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
  return { r: word(r), vs: word(s | (BigInt(recovery) << 255n)) };
}

/** A meter's consent to be commissioned. */
export const consentOf = (
  chainId: number,
  trade: string,
  meter: Meter,
  prosumer: string,
  baselineMilliWh = 0n,
  nonce = 0n,
): Signature =>
  signDigest(
    digest(chainId, trade, "Commission", {
      prosumer,
      baselineMilliWh: baselineMilliWh.toString(),
      nonce: nonce.toString(),
    }),
    meter.privateKey,
  );

/** What `transferAndCall` takes for a purchase. */
export const purchaseData = (offerId: bigint, milliWh: bigint): string =>
  encodeParameters(["uint256", "uint64"], [offerId, milliWh]);

export const OVERLOAD = "transferAndCall(address,uint256,bytes)" as const;

export async function newWorld() {
  const [operator, prosumer, buyer, stranger] = (await web3.eth.getAccounts()) as [
    string,
    string,
    string,
    string,
  ];
  const chainId = Number(await web3.eth.getChainId());
  const meter = meterWithKey(0x11);
  const token = await EnergyToken.new(SUPPLY.toString(), "1000", { from: operator });
  const trade = await EnergyTrade.new(token.address, GRACE.toString(), { from: operator });
  await trade.grantRole(await trade.OPERATOR_ROLE(), operator, { from: operator });
  const consent = consentOf(chainId, trade.address, meter, prosumer);
  await trade.commission(meter.address, prosumer, 0, consent, { from: operator });
  await token.sendTransaction({ from: buyer, value: BUYER_ETHER.toString() });
  /** As the contract has it now; zeros for a trade that is not open. */
  const purchaseOf = async (tradeId: string): Promise<Purchase> => {
    const { buyer, orderedMilliWh, deadline } = await trade.tradeOf(tradeId);
    return { buyer, orderedMilliWh: String(orderedMilliWh), deadline: String(deadline) };
  };
  const sign = async (message: Reading, by = meter, purchase?: Purchase): Promise<Signature> =>
    signDigest(
      digestOf(chainId, trade.address, message, purchase ?? (await purchaseOf(message.tradeId))),
      by.privateKey,
    );

  return {
    token,
    trade,
    operator,
    prosumer,
    buyer,
    stranger,
    meter,
    chainId,
    sign,
    purchaseOf,
    /** Trusts another meter, with its consent. */
    commission: (of: Meter, owner: string, baseline = 0n, from = operator) =>
      trade.commission(
        of.address,
        owner,
        baseline.toString(),
        consentOf(chainId, trade.address, of, owner, baseline),
        { from },
      ),
    /** Tries the same: what it would do, changing nothing. */
    tryCommission: (of: Meter, owner: string, baseline = 0n, consent?: Signature, from = operator) =>
      trade.commission.call(
        of.address,
        owner,
        baseline.toString(),
        consent ?? consentOf(chainId, trade.address, of, owner, baseline),
        { from },
      ),
    /** Lists an offer of the world's meter. */
    list: (milliWh: bigint, price = PRICE, window = WINDOW, smallest = 1n) =>
      trade.listOffer(
        meter.address,
        milliWh.toString(),
        price.toString(),
        window.toString(),
        smallest.toString(),
        { from: prosumer },
      ),
    /** Buys with one transaction of the token. */
    buy: (offerId: bigint, milliWh: bigint, payment: bigint, from = buyer) =>
      token.methods[OVERLOAD](trade.address, payment.toString(), purchaseData(offerId, milliWh), { from }),
    /** Settles with the meter's signature, brought by a stranger. */
    settle: async (message: Reading, from = stranger) => trade.settle(message, await sign(message), { from }),
    /** Tries a settlement: what it would do, changing nothing. */
    trySettle: async (message: Reading, signature?: Signature) =>
      trade.settle.call(message, signature ?? (await sign(message)), { from: stranger }),
    balance: async (of: string) => BigInt((await token.balanceOf(of)).toString()),
    tradeOf: (tradeId: bigint) => trade.tradeOf(tradeId.toString()),
  };
}

export type World = Awaited<ReturnType<typeof newWorld>>;
