/** The one holder of the page's state. */
import { type Action, initialState, type PageState, reduce } from "./state";

export interface Store {
  readonly state: PageState;
  dispatch(action: Action): void;
  subscribe(listener: (state: PageState) => void): () => void;
}

export function createStore(initial: PageState = initialState): Store {
  let state = initial;
  const listeners = new Set<(state: PageState) => void>();
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      state = reduce(state, action);
      for (const listener of listeners) listener(state);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
