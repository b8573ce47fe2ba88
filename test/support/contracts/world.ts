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

/** The EIP-712 digest, made without the contract's help. */
export function digestOf(chainId: number, trade: string, message: Reading): string {
  const field = (name: string, type: string) => ({ name, type });
  const encoded = getEncodedEip712Data({
    types: {
      EIP712Domain: [
        field("name", "string"),
        field("version", "string"),
        field("chainId", "uint256"),
        field("verifyingContract", "address"),
      ],
      Reading: [
        field("tradeId", "uint256"),
        field("deliveredMilliWh", "uint64"),
        field("registerMilliWh", "uint64"),
        field("isFinal", "bool"),
      ],
    },
    primaryType: "Reading",
    domain: { name: "neighborwatt", version: "1", chainId, verifyingContract: trade },
    message: { ...message },
  });
  return keccak256(encoded);
}

/** A 65-byte signature over a digest. */
export function signDigest(digest: string, privateKey: string): string {
  const signature = secp256k1.sign(digest.slice(2), privateKey.slice(2));
  return `0x${signature.toCompactHex()}${(27 + signature.recovery).toString(16)}`;
}

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
  const trade = await EnergyTrade.new(token.address, { from: operator });
  await trade.grantRole(await trade.OPERATOR_ROLE(), operator, { from: operator });
  await Promise.all([
    trade.commission(meter.address, prosumer, { from: operator }),
    token.sendTransaction({ from: buyer, value: BUYER_ETHER.toString() }),
  ]);
  const sign = (message: Reading, by = meter) =>
    signDigest(digestOf(chainId, trade.address, message), by.privateKey);

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
    /** Lists an offer of the world's meter. */
    list: (milliWh: bigint, price = PRICE, window = WINDOW) =>
      trade.listOffer(meter.address, milliWh.toString(), price.toString(), window.toString(), {
        from: prosumer,
      }),
    /** Buys with one transaction of the token. */
    buy: (offerId: bigint, milliWh: bigint, payment: bigint, from = buyer) =>
      token.methods[OVERLOAD](trade.address, payment.toString(), purchaseData(offerId, milliWh), { from }),
    /** Settles with the meter's signature, brought by a stranger. */
    settle: (message: Reading) => trade.settle(message, sign(message), { from: stranger }),
    /** Tries a settlement: what it would do, changing nothing. */
    trySettle: (message: Reading, signature = sign(message)) =>
      trade.settle.call(message, signature, { from: stranger }),
    balance: async (of: string) => BigInt((await token.balanceOf(of)).toString()),
    tradeOf: (tradeId: bigint) => trade.tradeOf(tradeId.toString()),
  };
}

export type World = Awaited<ReturnType<typeof newWorld>>;
