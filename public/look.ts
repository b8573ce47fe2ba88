/** Tells the server which house is on show and whose trades are one's own, whenever that has become another. */
import type { Look } from "../common/events";
import { shownHouse } from "./select";
import type { PageState } from "./state";
import type { Store } from "./store";

/** A person who steps through the houses by key looks at none of those between. */
const SETTLED_MS = 150;

const wanted = (state: PageState): Look => ({
  house: shownHouse(state) ?? state.ui.house,
  account: state.wallet.account,
});

/** The server shows it already: it was asked for, or is the one that it shows when none is. */
const isShown = (state: PageState, asked: Look, { house, account }: Look): boolean =>
  asked.account === account &&
  (asked.house === house || (asked.house === null && house !== null && house in state.meters));

export function lookOf(store: Store) {
  let asked: Look = { house: null, account: null };
  let timer = 0;
  return {
    /** Of a new connection. */
    first(): Look {
      asked = wanted(store.state);
      return asked;
    },
    /** Calls `send` when another look is wanted than the one that was asked for last. */
    when(send: (look: Look) => void): void {
      const isDue = () => {
        const { state } = store;
        return state.server === "online" && state.hasSnapshot && !isShown(state, asked, wanted(state));
      };
      if (timer !== 0 || !isDue()) return;
      timer = window.setTimeout(() => {
        timer = 0;
        if (!isDue()) return;
        asked = wanted(store.state);
        send(asked);
      }, SETTLED_MS);
    },
  };
}
