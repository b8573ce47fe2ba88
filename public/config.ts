/** `GET /api/config` and which chain that is, or why there is none. */
import { type ConfigView, type ErrorView, fromWire } from "../common/api";
import type { Wire } from "../common/wire";
import { blockHash, nodeOf } from "./node";
import type { PageState } from "./state";
import { messageOf } from "./wallet/failure";

/** Block 1 has the time at which this chain began; block 0 and the contracts' addresses may be those of the one before. */
async function chainOf(view: ConfigView): Promise<string> {
  const first = view.hasRpcDoor ? await blockHash(nodeOf(view), 1) : null;
  return [view.genesisHash, view.contracts.trade, ...(first ? [first] : [])].join("/");
}

export async function fetchConfig(): Promise<PageState["config"]> {
  try {
    const response = await fetch("api/config");
    const answer = (await response.json()) as Wire<ConfigView> | ErrorView;
    if ("error" in answer)
      return { status: "failed", isWithoutContracts: answer.error.code === "noContracts" };
    const view = fromWire<ConfigView>(answer);
    return { status: "ready", view, chain: await chainOf(view) };
  } catch (error) {
    console.info("No configuration:", messageOf(error));
    return { status: "failed", isWithoutContracts: false };
  }
}
