/** Which pin of the Arduino goes where; docs/wiring.md draws it. */
export const WIRING = {
  /** ACS712-05B in the wire from the relay to the neighbour. */
  neighborCurrent: { analog: 0 },
  /** Middle of the divider across the battery. */
  batteryVolts: { analog: 1 },
  /** ACS712-05B in the wire from the panel to the battery. */
  panelCurrent: { analog: 2 },
  /** Input of the relay module, active high, 10 kΩ to ground. */
  relay: { digital: 7 },
} as const;
