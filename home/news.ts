/** What goes into a home and what comes out of it. */
import type { HaltView, ReceivingView } from "../common/events";
import type { HouseFigures } from "../common/house";
import type { MeterFirmware, MeterSample, MeterStatus, RegisterStart, RelayPosition } from "../common/meter";
import type { DeliveryRecord, HistoryPoint } from "../common/records";
import type { DeliveryPlan, OpenTrade, ReadingToSign } from "./plan";

/** The moment of a turn, by every clock that counts for something. */
export interface Now {
  /** Of the machine; ages and waits. */
  steadyMs: number;
  /** As `DeliveryInput` has them. */
  chainMs: number;
  latestMs: number;
  confirmedAtMs: number;
  isChainKnown: boolean;
}

export type HomeNews =
  | { about: "sample"; sample: MeterSample }
  | { about: "status"; status: MeterStatus; firmware: MeterFirmware | null; trips: number }
  | { about: "market"; market: HomeMarket }
  | { about: "receiving"; view: ReceivingView }
  | { about: "house"; figures: HouseFigures }
  | { about: "halt"; why: HaltView }
  /** It is stored. */
  | { about: "kept"; keep: Keep }
  /** The relay is where the plan wants it. */
  | { about: "done"; plan: HomePlan };

/** What the confirmed chain says of one home. */
export interface HomeMarket {
  /** Its meter's, in purchase order. */
  trades: OpenTrade[];
  /** Of those that the home does not hold yet; with `isReplaced` all that may still change. */
  records: DeliveryRecord[];
  isReplaced: boolean;
  /** What its meter signs is paid for. */
  isCommissioned: boolean;
  /** The highest that its meter has signed. */
  registerMilliWh: bigint;
}

/** A register that stood too low, and where it goes on: no energy. */
export interface Correction {
  beforeMilliWh: bigint;
  afterMilliWh: bigint;
}

/** What is stored in one transaction, before the relay closes. In this order. */
export interface Keep {
  seconds: HistoryPoint[];
  corrections: Correction[];
  register: RegisterStart;
  records: DeliveryRecord[];
  toSign: ReadingToSign[];
}

export interface HomePlan {
  relay: RelayPosition;
  /** The relay moves. */
  isEdge: boolean;
  /** Why, for a log. */
  reason: string;
  /** Null when nothing needs to be stored now. */
  keep: Keep | null;
  /** Where the meter's own register must go on; null when it stands right. */
  raiseTo: bigint | null;
  /** The trade whose turn it is, whether the relay may be closed for it now or not. */
  served: OpenTrade | null;
  /** By `deliveryKey`. */
  waits: DeliveryPlan["waits"];
  /** Trades of which something changes for people: how far they are, whose turn it is, or why they wait. */
  changed: bigint[];
}
