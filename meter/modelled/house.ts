/**
 * The physics of one modelled house: a roof, a battery, a household, the street and the grid meet at one point, where
 * at every moment as much arrives as leaves. No clock: whoever steps it says how much time passes.
 */
import type { HouseSettings } from "../../common/home";
import type { HouseFigures } from "../../common/house";
import { smoothNoise, uniformNoise } from "../sim/noise";
import { WORLD_DEFAULTS } from "../sim/world";
import { householdLoad } from "./load-profile";

const JOULE_PER_MILLI_WH = 3.6;
/** What a battery keeps of what is put into it; the rest is heat. */
const CHARGING_EFFICIENCY = 0.95;
/** Of this much light at noon, that from all over the sky, which reaches every roof alike. */
const DIFFUSE_PART = 0.15;
/** Where the street lies, north of the equator. It is the day of the equinox. */
const LATITUDE = (50 * Math.PI) / 180;
/** How often in a day the clouds, and what is switched on, change. */
const CLOUDS_A_DAY = 24;
const APPLIANCES_A_DAY = 96;

/** Energy that has gone each way since the start, J. What came in equals what went out, was lost or is stored. */
export interface HouseEnergy {
  roofJ: number;
  importJ: number;
  streetInJ: number;
  loadJ: number;
  exportJ: number;
  streetOutJ: number;
  /** Heat of the battery. */
  lostJ: number;
  storedJ: number;
}

export interface SunOptions {
  /** Real seconds from midnight to midnight: the sun and the household hurry, the battery does not. */
  dayS: number;
  /** Time of day at the start, as a part of a day. */
  startOfDay: number;
}

export class House {
  readonly #settings: HouseSettings;
  readonly #sun: SunOptions;
  readonly #clouds: (x: number) => number;
  readonly #appliances: (x: number) => number;
  readonly #roof: { azimuth: number; tilt: number };
  readonly #capacityJ: number;
  readonly #energy: HouseEnergy;
  #atS = 0;
  #roofW = 0;
  #loadW = 0;
  #gridW = 0;
  #streetOutW = 0;
  #streetInW = 0;

  /** Where the roof faces, what the battery starts with, clouds and appliances come of the seed. */
  constructor(settings: HouseSettings, sun: SunOptions) {
    this.#settings = settings;
    this.#sun = sun;
    const random = uniformNoise(settings.seed);
    // From east over south to west, of a usual pitch.
    this.#roof = {
      azimuth: Math.PI * (0.5 + random()),
      tilt: (Math.PI / 180) * (20 + 25 * random()),
    };
    this.#capacityJ = Number(settings.batteryMilliWh) * JOULE_PER_MILLI_WH;
    const storedJ = this.#capacityJ * (0.3 + 0.4 * random());
    this.#energy = {
      roofJ: 0,
      importJ: 0,
      streetInJ: 0,
      loadJ: 0,
      exportJ: 0,
      streetOutJ: 0,
      lostJ: 0,
      storedJ,
    };
    this.#clouds = smoothNoise(Math.floor(random() * 2 ** 32));
    this.#appliances = smoothNoise(Math.floor(random() * 2 ** 32));
    this.#look();
  }

  /** At the house's terminals, V: what a battery of the desk has. A house without one is kept there by the grid. */
  get volts(): number {
    const { emptyVolts, fullVolts } = WORLD_DEFAULTS;
    return emptyVolts + (fullVolts - emptyVolts) * this.#charge;
  }

  /** Of the roof, A. */
  get roofAmperes(): number {
    return this.#roofW / this.volts;
  }

  get energy(): Readonly<HouseEnergy> {
    return this.#energy;
  }

  /**
   * Lets `seconds` pass, in which `streetOutW` leave through the relay and `streetInW` arrive. What there is too much
   * of charges the battery and then goes to the grid; what is lacking comes from the battery and then from the grid.
   */
  step(seconds: number, streetOutW: number, streetInW: number): void {
    this.#streetOutW = streetOutW;
    this.#streetInW = streetInW;
    this.#look();
    const surplusJ = (this.#roofW + streetInW - this.#loadW - streetOutW) * seconds;
    const energy = this.#energy;
    energy.roofJ += this.#roofW * seconds;
    energy.loadJ += this.#loadW * seconds;
    energy.streetOutJ += streetOutW * seconds;
    energy.streetInJ += streetInW * seconds;
    const gridJ = surplusJ > 0 ? -this.#store(surplusJ) : this.#take(-surplusJ);
    if (gridJ > 0) energy.importJ += gridJ;
    else energy.exportJ -= gridJ;
    this.#gridW = gridJ / seconds;
    this.#atS += seconds;
  }

  figures(): HouseFigures {
    return {
      roofW: this.#roofW,
      loadW: this.#loadW,
      batteryCharge: this.#charge,
      streetOutW: this.#streetOutW,
      streetInW: this.#streetInW,
      gridW: this.#gridW,
      gridImportMilliWh: BigInt(Math.floor(this.#energy.importJ / JOULE_PER_MILLI_WH)),
      gridExportMilliWh: BigInt(Math.floor(this.#energy.exportJ / JOULE_PER_MILLI_WH)),
    };
  }

  get #charge(): number {
    return this.#capacityJ === 0 ? 0 : this.#energy.storedJ / this.#capacityJ;
  }

  /** @returns what the battery has no room for, J */
  #store(surplusJ: number): number {
    const room = this.#capacityJ - this.#energy.storedJ;
    const taken = Math.min(surplusJ, room / CHARGING_EFFICIENCY);
    // A full battery is full to the last bit, or what is missing would be asked for for ever.
    this.#energy.storedJ =
      taken < surplusJ ? this.#capacityJ : this.#energy.storedJ + taken * CHARGING_EFFICIENCY;
    this.#energy.lostJ += taken * (1 - CHARGING_EFFICIENCY);
    return surplusJ - taken;
  }

  /** @returns what the battery does not have, J */
  #take(neededJ: number): number {
    const given = Math.min(neededJ, this.#energy.storedJ);
    this.#energy.storedJ -= given;
    return neededJ - given;
  }

  /** What roof and household do now. */
  #look(): void {
    const { dayS, startOfDay } = this.#sun;
    const day = startOfDay + this.#atS / dayS;
    const { roofW, loadW } = this.#settings;
    const cloudless = 1 - 0.6 * this.#clouds(day * CLOUDS_A_DAY) ** 2;
    this.#roofW = roofW * this.#light(day) * cloudless;
    this.#loadW = loadW * householdLoad(day) * (0.5 + this.#appliances(day * APPLIANCES_A_DAY));
  }

  /** On the roof, as a part of what falls on one that looks into the sun. */
  #light(day: number): number {
    const hourAngle = 2 * Math.PI * (day - 0.5);
    const elevation = Math.cos(hourAngle) * Math.cos(LATITUDE);
    if (elevation <= 0) return 0;
    // East, north and up, of the sun and of the line that stands on the roof: their product is what falls on it.
    const east = -Math.sin(hourAngle);
    const north = -Math.cos(hourAngle) * Math.sin(LATITUDE);
    const { azimuth, tilt } = this.#roof;
    const direct =
      east * Math.sin(tilt) * Math.sin(azimuth) +
      north * Math.sin(tilt) * Math.cos(azimuth) +
      elevation * Math.cos(tilt);
    return (1 - DIFFUSE_PART) * Math.max(0, direct) + DIFFUSE_PART * (elevation / Math.cos(LATITUDE));
  }
}

/** A house of the street: small and large roofs, batteries and households, by its seed. */
export function seededHouse(seed: number, dayS: number): HouseSettings {
  const random = uniformNoise(seed);
  // An hour of the hurried sun is this long.
  const hourS = dayS / 24;
  const roofW = round(5 + 6 * random());
  return {
    roofW,
    // Two to six hours of the full roof.
    batteryMilliWh: BigInt(Math.round((roofW * hourS * (2 + 4 * random())) / JOULE_PER_MILLI_WH)),
    loadW: round(0.5 + 1.5 * random()),
    seed,
  };
}

const round = (watts: number): number => Math.round(watts * 10) / 10;
