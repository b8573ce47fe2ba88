import type { RelayPosition } from "../../common/meter";
import { Uno } from "./uno";

/** What stands at the pins of a seat's Arduino, and what its relay moves. Times are the desk's, s. */
export interface SeatWiring {
  analogVolts(channel: number, atS: number): number;
  relay(position: RelayPosition, atS: number): void;
}

/** What comes out of a seat's USB cable. */
export interface CableEvents {
  /** Bytes came out of the Arduino's USB port while it was open. */
  data(bytes: Uint8Array): void;
  /** The USB plug was drawn, and the system noticed. */
  closed(): void;
}

/** A power-on that takes longer than this, in the Uno's seconds, never sends its banner. */
const BOOT_LIMIT_S = 10;

/** An Uno on a desk, and its USB cable. */
export class Seat {
  readonly #flash: Uint16Array;
  readonly #wiring: SeatWiring;
  readonly #events: CableEvents;
  #uno: Uno | null = null;
  /** Desk time at which the Uno's crystal stood at zero. */
  #unoStartS = 0;
  #nowS = 0;
  #isPlugged = true;
  #isOpen = false;
  #isStalled = false;
  #sent: number[] = [];

  constructor(flash: Uint16Array, wiring: SeatWiring, events: CableEvents) {
    this.#flash = flash;
    this.#wiring = wiring;
    this.#events = events;
  }

  /**
   * Opens the port, which resets the Uno. Its power-on, which is two seconds of blinking, takes no desk time.
   * @throws Error when the cable is out.
   */
  open(): void {
    if (!this.#isPlugged) throw new Error("the simulated Arduino is unplugged");
    this.#losePower();
    const uno = new Uno(this.#flash, {
      analogVolts: (channel, atS) => this.#wiring.analogVolts(channel, this.#unoStartS + atS),
      relayPin: (isHigh, atS) => this.#wiring.relay(isHigh ? "closed" : "open", this.#unoStartS + atS),
      transmit: (byte) => this.#sent.push(byte),
    });
    uno.runUntil(BOOT_LIMIT_S, () => this.#sent.length > 0);
    this.#unoStartS = this.#nowS - uno.seconds;
    this.#uno = uno;
    this.#isOpen = true;
  }

  /** Closes the port. The Uno, powered by the cable, goes on. */
  close(): void {
    this.#isOpen = false;
  }

  /** Bytes from the computer. */
  send(bytes: Uint8Array): void {
    if (this.#isOpen && !this.#isStalled) this.#uno?.receive(bytes);
  }

  /** Lets the Uno run until `nowS` on the desk. */
  runUntil(nowS: number): void {
    if (this.#uno !== null && !this.#isStalled) this.#uno.runUntil(nowS - this.#unoStartS);
    this.#nowS = Math.max(this.#nowS, nowS);
  }

  /** Hands over the bytes that came out of the Uno. */
  deliver(): void {
    if (this.#sent.length === 0) return;
    const bytes = Uint8Array.from(this.#sent);
    this.#sent = [];
    if (this.#isOpen) this.#events.data(bytes);
  }

  /** Draws the plug: no power, the relay falls open. With `isNoticed` false the system misses it, as Linux at times does. */
  unplug(isNoticed = true): void {
    this.#isPlugged = false;
    this.#losePower();
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    if (wasOpen && isNoticed) this.#events.closed();
  }

  replug(): void {
    this.#isPlugged = true;
  }

  /** Stops the crystal: nothing is sent, nothing obeyed, the pins stay as they are. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    if (this.#isStalled && this.#uno !== null) this.#unoStartS = this.#nowS - this.#uno.seconds;
    this.#isStalled = false;
  }

  /** Noise on the line, towards the computer. */
  garbage(bytes: Uint8Array): void {
    this.#sent.push(...bytes);
    this.deliver();
  }

  #losePower(): void {
    this.#uno = null;
    this.#isStalled = false;
    this.#sent = [];
    this.#wiring.relay("open", this.#nowS);
  }
}
