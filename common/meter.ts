/** What a meter says and takes: the seam between `meter/`, which knows no trades, and `server/`, which knows no Arduino. */

/** `closed`: current flows. `open`: it does not. Anything unknown means `open`. */
export type RelayPosition = "open" | "closed";

/** One measurement, already calibrated. */
export interface MeterSample {
  /** When the sample was taken, ms since 1970. */
  atMs: number;
  /** Across the battery, V. */
  volts: number;
  /** Through the relay to the neighbour, A. Below nothing: it flows backwards, which sells nothing. */
  amperes: number;
  /** Of the panel into the battery, W; null where no sensor for it is fitted. */
  panelWatts: number | null;
  /** To the neighbour, W. */
  watts: number;
  /** Energy register, cumulative over the meter's life, whole milliwatt-hours, never backwards. */
  registerMilliWh: bigint;
  /** The part of the register below one milliwatt-hour, in µJ (0 … 3 599 999): journal both, or a restart loses it. */
  registerRestMicroJoule: bigint;
  /** The relay pin's position as last commanded and acknowledged. */
  relay: RelayPosition;
}

/**
 * A measurement that no sound wiring gives. The relay stays open, but for those of the panel, whose sensor meters
 * nothing that is sold.
 */
export const METER_FAULTS = [
  "currentBackwards",
  "currentOutOfRange",
  "currentThroughOpenRelay",
  "noBatteryVolts",
  "batteryOutOfRange",
  "panelBackwards",
  "panelOutOfRange",
] as const;
export type MeterFault = (typeof METER_FAULTS)[number];

/** `connecting`: first attempt or retrying; `online`: fresh samples; `lost`: no fresh sample, relay held open. */
export type MeterState = "stopped" | "connecting" | "online" | "lost";

export interface MeterStatus {
  state: MeterState;
  /** Plain English for a log or an operator: "no sample for 1.0 s; next attempt in 2 s". */
  detail: string;
  /** The same without what changes from one attempt to the next: once in a log is enough. */
  reason?: string;
  /** Null or missing: what is measured can be. */
  fault?: MeterFault | null;
  atMs: number;
}

/** What runs on the Arduino. */
export interface MeterFirmware {
  /** Name and version, as it says them. */
  name: string;
  /** True: it opens the relay by itself when it has not been affirmed for a second. */
  opensByItself: boolean;
}

/** The register a meter starts from: what the journal holds. */
export interface RegisterStart {
  registerMilliWh: bigint;
  registerRestMicroJoule: bigint;
}

/** What a meter without a relay says: the same, but for the relay's position. */
export type ReceivedSample = Omit<MeterSample, "relay">;

/** A meter that measures. Every listener is called in order; none may throw. A **receiving meter** is this alone. */
export interface Metering<Sample extends ReceivedSample = ReceivedSample> {
  readonly status: MeterStatus;
  onSample(listener: (sample: Sample) => void): () => void;
  onStatus(listener: (status: MeterStatus) => void): () => void;
  /**
   * Lifts the register to `toMilliWh` where it stands below, and does nothing where it does not: it never goes down.
   * What is lifted counts in every later sample, at any time: before connecting, while online and while lost. The part
   * below one milliwatt-hour stays.
   */
  raiseRegister(toMilliWh: bigint): void;
  /** Connects and keeps reconnecting with back-off until `disconnect`. Resolves at the first fresh sample. */
  connect(): Promise<void>;
  /** Opens the relay, if there is one, and ends the transport; safe to call twice. */
  disconnect(): Promise<void>;
}

/** A meter that switches: what its relay obeys, and what it says of it. */
export interface Switching {
  /**
   * The wanted position. Applied now, and again after every reconnection; `open` while the meter is lost. After a trip
   * (the relay opened by itself) `open` is what is wanted until this is called again.
   */
  setRelay(position: RelayPosition): void;
  /**
   * The heartbeat: whoever decides about the relay calls it in every turn, at least every 250 ms, when what it decided
   * holds. No timer may: firmware that knows it opens the relay a second after the last, also when only the decision hangs.
   */
  affirm(): void;
  /** How often the relay has opened by itself since the start. */
  readonly trips: number;
  /** Of the last connection; null before the first. */
  readonly firmware: MeterFirmware | null;
}

/** A meter of a house that sells: it measures and it switches. */
export type Meter = Metering<MeterSample> & Switching;
