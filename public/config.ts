/** `GET /api/config`, or why there is none. */
import type { ConfigView, ErrorView } from "../common/api";
import type { PageState } from "./state";

export async function fetchConfig(): Promise<PageState["config"]> {
  try {
    const response = await fetch("api/config");
    const answer = (await response.json()) as ConfigView | ErrorView;
    if (!("error" in answer)) return { status: "ready", view: answer };
    return { status: "failed", isWithoutContracts: answer.error.code === "noContracts" };
  } catch (error) {
    console.info("No configuration:", error instanceof Error ? error.message : error);
    return { status: "failed", isWithoutContracts: false };
  }
}
