/** What every view is given: the state, the words, and what the person may do. A view is a pure function of it. */
import type { TemplateResult } from "lit-html";
import { nothing } from "lit-html";
import type { OfferView } from "../../common/events";
import type { Language, Translate } from "../i18n";
import type { Notice } from "../notices";
import { walletName } from "../select";
import type { PageState, PurchaseDraft, Theme } from "../state";

/** As `EnergyTrade.listOffer` takes it. */
export interface NewOffer {
  meter: string;
  milliWh: bigint;
  pricePerKWh: bigint;
  deliveryWindowS: bigint;
  smallestOrderMilliWh: bigint;
}

export interface Actions {
  pressConnect(): void;
  connect(uuid: string): void;
  closeChooser(): void;
  disconnect(): void;
  mend(notice: Notice): void;
  dismiss(): void;
  setLanguage(language: Language): void;
  setTheme(theme: Theme): void;
  draft(id: string, text: string): void;
  showHouse(meter: string): void;
  showAllTrades(): void;
  buyEnergy(offer: OfferView, milliWh: bigint): void;
  buyTokens(tokens: bigint): void;
  redeem(tokens: bigint): void;
  listOffer(offer: NewOffer): void;
  withdrawOffer(offerId: bigint): void;
  refund(tradeId: bigint): void;
  askFaucet(): void;
  watchToken(): void;
  forgetPurchase(purchase: PurchaseDraft): void;
  forgetTransaction(hash: string): void;
  copy(text: string, control: string): void;
}

export interface View {
  state: PageState;
  t: Translate;
  language: Language;
  act: Actions;
}

/**
 * A busy control is not disabled, since a disabled one loses the focus for good; it says so and does nothing, because
 * `send` takes no second call of the same control.
 */
export const busyMark = ({ state }: View, control: string) => (control in state.busy ? "true" : nothing);

/** What the button of a busy action says instead of its name. */
export function buttonText({ state, t }: View, control: string, idle: string): string {
  const phase = state.busy[control];
  if (phase === "checking") return t("busy.checking");
  if (phase === "wallet") return t("busy.wallet", { wallet: walletName(state) });
  return idle;
}

/** A number someone has typed: its value, or the sentence that says what is wrong. */
export type Parsed = { value: bigint; problem: null } | { value: null; problem: string };

/** Empty text has no problem to tell yet. */
export function parsed(text: string, parse: (text: string) => bigint, problem: string): Parsed {
  if (text.trim() === "") return { value: null, problem: "" };
  try {
    const value = parse(text);
    return value > 0n ? { value, problem: null } : { value: null, problem };
  } catch (error) {
    if (error instanceof RangeError) return { value: null, problem };
    throw error;
  }
}

export const when = (condition: unknown, template: () => TemplateResult) =>
  condition ? template() : nothing;

export const inputText = (event: Event): string =>
  (event.target as HTMLInputElement | HTMLSelectElement).value;
