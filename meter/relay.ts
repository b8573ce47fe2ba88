import type { RelayPosition } from "../common/meter";

/** What the relay needs of a board. */
export interface RelayPin {
  /** Commands the position. */
  writeRelay(position: RelayPosition): void;
  /** Asks the firmware where the pin's latch stands; the answer comes to `confirmed`. */
  askRelay(): void;
}

/**
 * The relay of one connection: what is wanted, and what the firmware says of the pin. Every command is followed by a
 * question, and a latch that stands elsewhere than commanded (a reset, a lost byte) is commanded again.
 */
export class Relay {
  readonly #pin: RelayPin;
  #commanded: RelayPosition = "open";
  #confirmed: RelayPosition | null = null;
  #isAnswered = false;

  constructor(pin: RelayPin) {
    this.#pin = pin;
  }

  command(position: RelayPosition): void {
    this.#isAnswered &&= position === this.#commanded;
    this.#commanded = position;
    this.#pin.writeRelay(position);
    this.#pin.askRelay();
  }

  /** Asks again, without a command: a latch can change by itself when the Arduino resets. */
  check(): void {
    this.#pin.askRelay();
  }

  /** The firmware's answer. True when it changes what is known. */
  confirm(position: RelayPosition): boolean {
    const isNews = position !== this.#confirmed;
    this.#confirmed = position;
    this.#isAnswered = true;
    if (position !== this.#commanded) this.command(this.#commanded);
    return isNews;
  }

  /** As last commanded and acknowledged; not known is open. */
  get position(): RelayPosition {
    return this.#confirmed ?? "open";
  }

  /** False only when the latch is known to be open and nobody asked for anything else. */
  get mayConduct(): boolean {
    return this.#commanded === "closed" || this.#confirmed !== "open" || !this.#isAnswered;
  }
}
