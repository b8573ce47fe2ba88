/** What a modelled house says of itself: its power at this moment, and what its grid meter has counted. */
export interface HouseFigures {
  /** The roof gives, W. */
  roofW: number;
  /** The household takes, W. */
  loadW: number;
  /** How full the battery is, 0 to 1. */
  batteryCharge: number;
  /** Leaves through the relay, at the house's own terminals, W. */
  streetOutW: number;
  /** Arrives from neighbours, after the loss of their wires, W. */
  streetInW: number;
  /** From the grid, W; below nothing: the house feeds in. */
  gridW: number;
  /** Bought from the grid and fed into it since this server started, whole mWh. */
  gridImportMilliWh: bigint;
  gridExportMilliWh: bigint;
}
