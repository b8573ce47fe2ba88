import {
  ADCMuxInputType,
  AVRADC,
  AVRIOPort,
  AVRTimer,
  AVRUSART,
  adcConfig,
  avrInstruction,
  CPU,
  PinState,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  usart0Config,
} from "avr8js";
import { WIRING } from "../wiring";
import { IdleLaps } from "./idle";

/** Crystal of an Arduino Uno, Hz. */
export const CPU_HZ = 16_000_000;
/** SRAM of an ATmega328P, bytes. */
const SRAM_BYTES = 2048;
/** The counter register of timer 0, which `micros()` reads. */
const TCNT0 = timer0Config.TCNT;
/** AVCC, the reference of every conversion, V. */
const AVCC_VOLTS = 5;

/**
 * avr8js wakes up at every count of a running timer, which is every 64 cycles. The counter is worked out from the
 * cycles whenever it is read, so waking at the overflow is enough, and leaves room for whole idle laps.
 */
class PatientCpu extends CPU {
  timer: AVRTimer | null = null;

  override addClockEvent(callback: () => void, cycles: number): () => void {
    const { timer } = this;
    if (timer === null || callback !== timer.count) return super.addClockEvent(callback, cycles);
    const countsToTop = timer.TOP - timer.debugTCNT;
    return super.addClockEvent(callback, cycles + countsToTop * timer0Config.dividers[timer.CS]);
  }
}

/** What the Uno's pins are soldered to. Times are seconds since power-on, of the Uno's own crystal. */
export interface UnoPins {
  /** Voltage at analog pin `channel`, V. */
  analogVolts(channel: number, atS: number): number;
  /** The relay pin now drives high (true), or drives low or floats (false: the pull-down holds it). */
  relayPin(isHigh: boolean, atS: number): void;
  /** A byte leaves the serial port. */
  transmit(byte: number): void;
}

/**
 * An Arduino Uno from power-on: an ATmega328P with its serial port, ADC, timer 0 and ports. Timers 1 and 2 drive PWM
 * pins to which nothing is wired here, and are left out.
 */
export class Uno {
  readonly #cpu: CPU;
  readonly #usart: AVRUSART;
  readonly #idle: IdleLaps;
  readonly #received: number[] = [];

  constructor(flash: Uint16Array, pins: UnoPins) {
    const cpu = new PatientCpu(flash.slice(), SRAM_BYTES);
    this.#cpu = cpu;
    const idle = new IdleLaps(cpu);
    this.#idle = idle;

    cpu.timer = new AVRTimer(cpu, timer0Config);
    const readCounter = cpu.readHooks[TCNT0]!;
    cpu.readHooks[TCNT0] = (address) => {
      idle.disturb();
      return readCounter(address);
    };

    new AVRIOPort(cpu, portBConfig);
    new AVRIOPort(cpu, portCConfig);
    const portD = new AVRIOPort(cpu, portDConfig);
    let wasHigh = false;
    portD.addListener(() => {
      idle.disturb();
      const isHigh = portD.pinState(WIRING.relay.digital) === PinState.High;
      if (isHigh !== wasHigh) pins.relayPin(isHigh, this.seconds);
      wasHigh = isHigh;
    });

    const adc = new AVRADC(cpu, adcConfig);
    adc.onADCRead = (input) => {
      idle.disturb();
      const volts =
        input.type === ADCMuxInputType.SingleEnded ? pins.analogVolts(input.channel, this.seconds) : 0;
      const counts = Math.min(Math.max(Math.floor((volts / AVCC_VOLTS) * 1024), 0), 1023);
      cpu.addClockEvent(() => adc.completeADCRead(counts), adc.sampleCycles);
    };

    this.#usart = new AVRUSART(cpu, usart0Config, CPU_HZ);
    // Silicon keeps UDRE set until the data register is written; avr8js clears it on entering the interrupt, after
    // which this firmware would never send again.
    (this.#usart as unknown as { UDRE: { constant: boolean } }).UDRE.constant = true;
    this.#usart.onByteTransmit = (byte) => {
      idle.disturb();
      pins.transmit(byte);
    };
    this.#usart.onRxComplete = () => this.#receiveNext();
  }

  /** Seconds since power-on, by the crystal. */
  get seconds(): number {
    return this.#cpu.cycles / CPU_HZ;
  }

  /** Runs until `seconds` since power-on, or, with `isDone`, until that says so. */
  runUntil(seconds: number, isDone?: () => boolean): void {
    const cpu = this.#cpu;
    const idle = this.#idle;
    const until = seconds * CPU_HZ;
    while (cpu.cycles < until && !isDone?.()) {
      avrInstruction(cpu);
      cpu.tick();
      idle.skip(until);
    }
  }

  /** Bytes arrive at the serial port, at the speed of the line. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#received.push(byte);
    if (!this.#usart.rxBusy) this.#receiveNext();
  }

  #receiveNext(): void {
    this.#idle.disturb();
    const byte = this.#received.shift();
    if (byte === undefined) return;
    // A receiver that is not switched on yet loses what is sent to it, here as in silicon.
    if (!this.#usart.rxEnable) this.#received.length = 0;
    else this.#usart.writeByte(byte);
  }
}
