/** The server's word: a snapshot on connecting and again after each reconnection, then changes. */
import { io, type Socket } from "socket.io-client";
import { fromWire } from "../common/api";
import type {
  ClientToServerEvents,
  HomeView,
  MeterView,
  OfferView,
  SampleView,
  ServerToClientEvents,
  Snapshot,
  TradeView,
} from "../common/events";
import { loadHistory } from "./history";
import { lookOf } from "./look";
import type { Store } from "./store";

export interface Feed {
  /** Tries at once instead of waiting for the next turn of the back-off. */
  retry(): void;
  stop(): void;
}

/** @param returned is called when the server is there again: it may be another one */
export function startFeed(store: Store, returned: () => void): Feed {
  const looked = lookOf(store);
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io({
    reconnectionDelayMax: 5000,
    auth: (tell) => tell(looked.first()),
  });
  const unsubscribe = store.subscribe(() => looked.when((look) => socket.emit("look", look)));
  const lost = () => store.dispatch({ type: "server", server: "lost" });
  socket.on("connect", () => {
    const wasLost = store.state.server === "lost";
    store.dispatch({ type: "server", server: "online" });
    if (wasLost) returned();
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", lost);
  socket.on("snapshot", (sent) => {
    const snapshot = fromWire<Snapshot>(sent);
    store.dispatch({ type: "snapshot", snapshot });
    // What is measured elsewhere, this server has no history of.
    for (const meter of snapshot.meters) if (meter.state !== "elsewhere") void loadHistory(store, meter);
  });
  socket.on("offer", (offer) => store.dispatch({ type: "offer", offer: fromWire<OfferView>(offer) }));
  socket.on("trade", (trade) => store.dispatch({ type: "trade", trade: fromWire<TradeView>(trade) }));
  socket.on("meter", (meter) => store.dispatch({ type: "meter", meter: fromWire<MeterView>(meter) }));
  socket.on("home", (home) => store.dispatch({ type: "home", home: fromWire<HomeView>(home) }));
  socket.on("street", (houses) => store.dispatch({ type: "street", houses }));
  socket.on("sample", (sample) => store.dispatch({ type: "sample", sample: fromWire<SampleView>(sample) }));
  socket.on("chain", (chain) => store.dispatch({ type: "chain", chain }));
  socket.on("bus", (bus) => store.dispatch({ type: "bus", bus }));
  socket.on("network", (network) => store.dispatch({ type: "network", network }));
  socket.on("config", (version) => store.dispatch({ type: "configVersion", version }));
  return {
    retry: () => void socket.connect(),
    stop() {
      unsubscribe();
      socket.disconnect();
    },
  };
}
