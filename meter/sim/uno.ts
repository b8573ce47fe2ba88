import {
  ADCMuxInputType,
  AVRADC,
  AVRClock,
  AVRIOPort,
  AVRTimer,
  AVRUSART,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  PinState,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  usart0Config,
  watchdogConfig,
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

/** The watchdog has run out. */
class WatchdogReset extends Error {}

/**
 * avr8js wakes up at every count of a running timer, which is every 64 cycles. The counter is worked out from the
 * cycles whenever it is read, so waking at the top, where it matches, and at the overflow is enough, and leaves room
 * for whole idle laps.
 */
class PatientCpu extends CPU {
  timer: AVRTimer | null = null;
  isRunning = false;

  /** Resets only the processor in avr8js; an ATmega's watchdog resets everything, so a new one takes its place. */
  override reset(): void {
    if (this.isRunning) throw new WatchdogReset();
    super.reset();
  }

  override addClockEvent(callback: () => void, cycles: number): () => void {
    const { timer } = this;
    if (timer === null || callback !== timer.count) return super.addClockEvent(callback, cycles);
    const moreCounts = Math.max(timer.TOP - timer.debugTCNT - 1, 0);
    return super.addClockEvent(callback, cycles + moreCounts * timer0Config.dividers[timer.CS]);
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

/** What is made anew by a reset. */
interface Chip {
  cpu: PatientCpu;
  usart: AVRUSART;
  idle: IdleLaps;
}

/**
 * An Arduino Uno from power-on: an ATmega328P with its serial port, ADC, timer 0, watchdog and ports. Timers 1 and 2
 * drive PWM pins to which nothing is wired here, and are left out. Its boot loader takes no time.
 */
export class Uno {
  readonly #flash: Uint16Array;
  readonly #pins: UnoPins;
  #chip: Chip;
  #isRelayHigh = false;
  #received: number[] = [];
  #resets = 0;

  constructor(flash: Uint16Array, pins: UnoPins) {
    this.#flash = flash.slice();
    this.#pins = pins;
    this.#chip = this.#powerUp(0);
  }

  /** Seconds since power-on, by the crystal. */
  get seconds(): number {
    return this.#chip.cpu.cycles / CPU_HZ;
  }

  /** How often the watchdog has reset it. */
  get watchdogResets(): number {
    return this.#resets;
  }

  /** Runs until `seconds` since power-on, or, with `isDone`, until that says so. */
  runUntil(seconds: number, isDone?: () => boolean): void {
    const until = seconds * CPU_HZ;
    while (this.#chip.cpu.cycles < until && !isDone?.()) {
      try {
        this.#run(until, isDone);
      } catch (error) {
        if (!(error instanceof WatchdogReset)) throw error;
        this.#resets++;
        this.#received = [];
        // The pin floats, and the pull-down holds it.
        this.#moveRelay(false);
        this.#chip = this.#powerUp(this.#chip.cpu.cycles);
      }
    }
  }

  /** Bytes arrive at the serial port, at the speed of the line. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#received.push(byte);
    if (!this.#chip.usart.rxBusy) this.#receiveNext();
  }

  /** The sketch hangs: whatever it does next, it does for ever, and takes no interrupt. */
  hang(): void {
    const { cpu, idle } = this.#chip;
    idle.disturb();
    // cli; rjmp .-2. In this chip's copy of the flash: a reset mends it.
    cpu.progMem.set([0x94f8, 0xcfff], cpu.pc);
  }

  #run(until: number, isDone?: () => boolean): void {
    const { cpu, idle } = this.#chip;
    while (cpu.cycles < until && !isDone?.()) {
      avrInstruction(cpu);
      cpu.tick();
      idle.skip(until);
    }
  }

  #powerUp(cycles: number): Chip {
    const cpu = new PatientCpu(this.#flash.slice(), SRAM_BYTES);
    cpu.isRunning = true;
    cpu.cycles = cycles;
    const idle = new IdleLaps(cpu);

    cpu.timer = new AVRTimer(cpu, timer0Config);
    const readCounter = cpu.readHooks[TCNT0]!;
    cpu.readHooks[TCNT0] = (address) => {
      idle.disturb();
      return readCounter(address);
    };
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, CPU_HZ));

    new AVRIOPort(cpu, portBConfig);
    new AVRIOPort(cpu, portCConfig);
    const portD = new AVRIOPort(cpu, portDConfig);
    portD.addListener(() => {
      idle.disturb();
      this.#moveRelay(portD.pinState(WIRING.relay.digital) === PinState.High);
    });

    const adc = new AVRADC(cpu, adcConfig);
    adc.onADCRead = (input) => {
      idle.disturb();
      const volts =
        input.type === ADCMuxInputType.SingleEnded
          ? this.#pins.analogVolts(input.channel, cpu.cycles / CPU_HZ)
          : 0;
      const counts = Math.min(Math.max(Math.floor((volts / AVCC_VOLTS) * 1024), 0), 1023);
      cpu.addClockEvent(() => adc.completeADCRead(counts), adc.sampleCycles);
    };

    const usart = new AVRUSART(cpu, usart0Config, CPU_HZ);
    // Silicon keeps UDRE set until the data register is written; avr8js clears it on entering the interrupt, after
    // which StandardFirmata would never send again.
    (usart as unknown as { UDRE: { constant: boolean } }).UDRE.constant = true;
    usart.onByteTransmit = (byte) => {
      idle.disturb();
      this.#pins.transmit(byte);
    };
    usart.onRxComplete = () => this.#receiveNext();
    return { cpu, usart, idle };
  }

  #moveRelay(isHigh: boolean): void {
    if (isHigh === this.#isRelayHigh) return;
    this.#isRelayHigh = isHigh;
    this.#pins.relayPin(isHigh, this.seconds);
  }

  #receiveNext(): void {
    const { usart, idle } = this.#chip;
    idle.disturb();
    const byte = this.#received.shift();
    if (byte === undefined) return;
    // A receiver that is not switched on yet loses what is sent to it, here as in silicon.
    if (!usart.rxEnable) this.#received.length = 0;
    else usart.writeByte(byte);
  }
}
