/**
 * Who lives in a lab's street: the homes that `npm start` makes where no others are named, their households' accounts
 * and what they sell. The same number of homes is the same street each time.
 */

import { checksumAddress } from "../chain/checksum";
import { privateKeysAt } from "../chain/settler-key";
import { privateKeyToAddress } from "../chain/web3";
import { type Address, sameAddress } from "../common/address";
import { LAB_ACCOUNTS, LAB_MNEMONIC } from "../common/lab";
import { BASE_UNITS } from "../common/units";

/** What a household promises to sell. */
export interface OfferTerms {
  milliWh: bigint;
  /** Base units. */
  pricePerKWh: bigint;
}

/** A household's account, whose key is everybody's. */
export interface LabAccount {
  address: Address;
  privateKey: string;
}

/** What a newcomer finds at the first house: quantities of a lab battery, prices below the grid's 180 NWT. */
export const FIRST_OFFERS: readonly OfferTerms[] = [
  { milliWh: 500n, pricePerKWh: 120n * BASE_UNITS },
  { milliWh: 2_000n, pricePerKWh: 135n * BASE_UNITS },
  { milliWh: 10_000n, pricePerKWh: 150n * BASE_UNITS },
];

/** What `npm start` writes into the data folder. */
export const STREET_FILE = "homes.json";

/** Of the households from the third on: m/44'/60'/0'/0/(100 + n) of the lab's words. */
const FIRST_INDEX = 100;

/**
 * The accounts of households 1 to `count`. The first two are those that lab wallet and lessons call the house with the
 * panel and the house next door: the wire that they tell of goes from house 1 to house 2.
 */
export function labHouseholds(count: number): LabAccount[] {
  const known = [LAB_ACCOUNTS.prosumer, LAB_ACCOUNTS.consumer].slice(0, count);
  const derived = privateKeysAt(
    LAB_MNEMONIC,
    Array.from({ length: count - known.length }, (_, i) => FIRST_INDEX + known.length + i + 1),
  );
  return [
    ...known.map(({ address, privateKey }) => ({ address, privateKey })),
    ...derived.map((privateKey) => ({
      address: checksumAddress(privateKeyToAddress(privateKey)),
      privateKey,
    })),
  ];
}

/** The lab's own key of an account; null where somebody else has it. */
export function labKeyOf(account: Address, households: LabAccount[]): string | null {
  const known = [...households, ...Object.values(LAB_ACCOUNTS)];
  return known.find(({ address }) => sameAddress(address, account))?.privateKey ?? null;
}

/** What home `n`, from 1, sells at first. */
export function firstOffersOf(n: number): readonly OfferTerms[] {
  if (n === 1) return FIRST_OFFERS;
  const draw = draws(n);
  return [
    {
      milliWh: 500n * BigInt(draw(2, 16)),
      pricePerKWh: BigInt(draw(100, 170)) * BASE_UNITS,
    },
  ];
}

/**
 * The text of a file for HOMES. House 1 has the real firmware on a simulated Arduino, and the wire behind its relay ends
 * at a second one in house 2. All other meters are modelled, which costs least.
 */
export function streetFile(count: number): string {
  const households = labHouseholds(count);
  const homes = households.map(({ address }, i) => {
    const n = i + 1;
    const name = `House ${n}`;
    if (n === 1) {
      const meter = { role: "delivering", kind: "simulated", keyFile: "meter-key.json" };
      return { name, account: address, meters: [meter] };
    }
    const meter = { role: "delivering", kind: "modelled", keyFile: `meter-key-${n}.json` };
    const receiving = { role: "receiving", kind: "simulated", wireFrom: "House 1" };
    return { name, account: address, meters: n === 2 ? [meter, receiving] : [meter], house: houseOf(n) };
  });
  return `${JSON.stringify(homes, null, 2)}\n`;
}

/** A panel as on the first house's desk, of 8 W, and a battery that a day of ten minutes fills and empties. */
function houseOf(n: number) {
  const draw = draws(n + 1_000);
  return {
    roofW: draw(50, 110) / 10,
    batteryMilliWh: 10 * draw(8, 32),
    loadW: draw(5, 20) / 10,
    seed: n,
  };
}

/** Whole numbers from `least` to `most`, always the same ones for a seed (mulberry32). */
function draws(seed: number): (least: number, most: number) => number {
  let state = seed * 0x9e3779b1;
  return (least, most) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const part = ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    return least + Math.floor(part * (most - least + 1));
  };
}
