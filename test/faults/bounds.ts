/** How soon the relay must be open, and how much energy a fault may cost. Seconds are the desk's. */

/** How often the server writes its journal here. */
export const JOURNAL_INTERVAL_S = 0.5;
/** From the server's death until the contact is open: the firmware's second, and a fifth for line, relay and scan. */
export const OPENS_WITHIN_S = 1.2;
/** Six scans of 19 ms, rounded up; and how often the server looks when no sample comes (home/homes.ts). */
const SAMPLE_S = 0.12;
const TICK_S = 0.25;
/** The most that the simulated load draws: a full battery, the panel at noon. */
const LOAD_W = 3;
/** Bound of the metering error at 0.42 A (docs/wiring.md). */
export const METERING_ERROR = 0.034;
const MILLI_WH_PER_WATT_SECOND = 1 / 3.6;

/** The most that a trip may cost, mWh: what flowed since the last sample is not counted. */
export const LOSS_OF_A_TRIP_MILLI_WH =
  LOAD_W * (SAMPLE_S + TICK_S + OPENS_WITHIN_S) * MILLI_WH_PER_WATT_SECOND;
/** The most that one kill may cost, mWh: what flowed since the journal's last entry as well. */
export const LOSS_OF_A_KILL_MILLI_WH =
  LOSS_OF_A_TRIP_MILLI_WH + LOAD_W * JOURNAL_INTERVAL_S * MILLI_WH_PER_WATT_SECOND;
/** The most that flows between the sample that completes an order and the open contact, mWh. */
export const OVERSHOOT_MILLI_WH = LOAD_W * (SAMPLE_S + TICK_S) * MILLI_WH_PER_WATT_SECOND;
