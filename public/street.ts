/** What the page knows of its street: the houses by name, who sells to whom, and what a house has gained by its trades. */
import { type Address, sameAddress } from "../common/address";
import type { StreetHouseView } from "../common/events";
import { paymentFor } from "../common/units";
import { shortHex } from "./format";
import { translator } from "./i18n";
import { configOf } from "./select";
import type { PageState } from "./state";

/** Below this it is the sensor's noise: half a step of the 10-bit converter through an ACS712-05B at 12 V. */
export const FLOWING_W = 0.15;

export const houses = (state: PageState): StreetHouseView[] => Object.values(state.street);

/** A house of another server has no name here; its meter's address is all that this one knows. */
export function houseName(state: PageState, meter: Address): string {
  const name = state.street[meter]?.name;
  return name ?? translator(state.ui.language)("street.nameless", { meter: shortHex(meter) });
}

export const isOwnHouse = (state: PageState, { prosumer }: StreetHouseView): boolean =>
  sameAddress(prosumer, state.wallet.account);

/** An account as a neighbour: oneself, the house that sells by it, or its address. */
export function neighbourName(state: PageState, account: Address): string {
  if (sameAddress(account, state.wallet.account)) return translator(state.ui.language)("street.you");
  const house = houses(state).find(({ prosumer }) => sameAddress(prosumer, account));
  return house ? houseName(state, house.meter) : shortHex(account);
}

export interface Sale {
  seller: StreetHouseView;
  buyer: Address;
  isFlowing: boolean;
}

/** What is being delivered now, in the order of the houses. */
export const salesOf = (state: PageState): Sale[] =>
  houses(state).flatMap((seller) =>
    seller.sellsTo === null
      ? []
      : [{ seller, buyer: seller.sellsTo, isFlowing: (seller.watts ?? 0) > FLOWING_W }],
  );

export interface Gains {
  /** Of how many trades that the page knows. */
  trades: number;
  /** Paid less than the grid would have asked, token base units; below nothing: more. */
  saved: bigint;
  /** Got more than the grid would have paid, token base units; below nothing: less. */
  earned: bigint;
}

/** What `account` has gained by what was settled for it; null while the grid's prices are not known, or nothing was. */
export function gainsOf(state: PageState, account: Address): Gains | null {
  const config = configOf(state);
  if (!config || config.gridTariffPerKWh === 0n) return null;
  const gains: Gains = { trades: 0, saved: 0n, earned: 0n };
  for (const { buyer, seller, settledMilliWh, paid } of Object.values(state.trades)) {
    if (settledMilliWh === 0n) continue;
    const isBuyer = sameAddress(buyer, account);
    const isSeller = sameAddress(seller, account);
    if (isBuyer) gains.saved += paymentFor(settledMilliWh, config.gridTariffPerKWh) - paid;
    if (isSeller) gains.earned += paid - paymentFor(settledMilliWh, config.feedInPerKWh);
    if (isBuyer || isSeller) gains.trades += 1;
  }
  return gains.trades === 0 ? null : gains;
}
