/** What the settings say of a home: which meters it has and who owns it. What a home does is in `home/`. */
import type { Address } from "./address";

/**
 * `serial`: an Arduino on a USB port. `simulated`: the same code with the real firmware on an AVR simulator.
 * `modelled`: physics alone, hundreds in one process.
 */
export type MeterKind = "serial" | "simulated" | "modelled";

/** The meter behind the relay: it delivers, and its key signs readings. */
export interface MeterSettings {
  kind: MeterKind;
  /** Of a serial one, such as /dev/ttyACM0; null for the others. */
  port: string | null;
  /** What a simulated Arduino runs when it is not our own firmware: StandardFirmata. */
  firmware: string | null;
  /** What was measured on a real board, for `parseCalibration`; empty for what the data sheets say. */
  calibration: string;
  /** Name of the encrypted keystore in DATA_DIR. Every home has its own. */
  keyFile: string;
}

/** The meter at the other end of a neighbour's wire: no relay, no key. */
export interface ReceivingMeterSettings extends Omit<MeterSettings, "keyFile"> {
  /** Name of the home whose relay feeds this wire; null where nobody said (a serial one meters what it is wired to). */
  wireFrom: string | null;
}

/** What a modelled home has. Sizes of a desk, not of a street: a roof of about 8 W. */
export interface HouseSettings {
  /** Peak power of the roof, W. */
  roofW: number;
  batteryMilliWh: bigint;
  /** Mean power of the household over a day, W. */
  loadW: number;
  /** Of its noise: 0 to 4294967295. The same seed gives the same day. */
  seed: number;
}

export interface HomeSettings {
  /** Unique in its list; what people read. */
  name: string;
  /** Who owns the meters and is paid; null where only the contract knows. */
  account: Address | null;
  meter: MeterSettings;
  receivingMeter: ReceivingMeterSettings | null;
  /** Of a home whose `meter` is modelled; null for the others. */
  house: HouseSettings | null;
}
