/**
 * What a person has chosen in one tab: which wallet, which house of the lab, language, appearance. A tab keeps its own
 * over a reload; a new tab begins with what was chosen last anywhere. Never for facts that tabs share.
 */
export type TabStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Given up in this tab: what another tab chose must not come in its place. */
const NONE = "";

export const tabStorage = (shared: TabStorage, tab: TabStorage): TabStorage => ({
  getItem: (key) => (tab.getItem(key) ?? shared.getItem(key)) || null,
  setItem(key, value) {
    tab.setItem(key, value);
    shared.setItem(key, value);
  },
  removeItem(key) {
    tab.setItem(key, NONE);
    shared.removeItem(key);
  },
});
