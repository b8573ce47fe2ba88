/**
 * A household's load over the day: the standard load profile H0 of the German electricity industry, a working day of
 * the transition season, W for a household of 1,000 kWh a year, a value for each quarter of an hour from midnight.
 *
 * Source: BDEW/VDEW, "Repräsentative VDEW-Lastprofile" (1999), bdew.de/energie/standardlastprofile-strom.
 */
const H0_WATTS: readonly number[] = [
  77.8, 69.6, 62.4, 56.6, 52.5, 49.7, 47.9, 46.6, 45.5, 44.5, 43.8, 43.3, 43, 43, 43.1, 43.3, 43.4, 43.7,
  44.2, 44.9, 46.3, 48.9, 53.7, 61.6, 72.9, 86.3, 100.1, 112.4, 121.8, 128.5, 132.9, 135.7, 137.2, 137.7,
  137.7, 137.3, 136.9, 136.4, 135.7, 134.8, 133.7, 132.4, 131.4, 130.7, 130.6, 131.5, 133.6, 137.3, 142.6,
  148.2, 152.8, 154.8, 153.2, 148.9, 143.2, 137.3, 132.4, 128.4, 124.8, 121.5, 118.1, 114.8, 111.7, 109,
  106.9, 105.7, 105.5, 106.5, 109.1, 113.1, 118.3, 124.8, 132.4, 140.6, 149.1, 157.3, 164.9, 171.1, 175.2,
  176.5, 174.5, 170.5, 165.7, 161.5, 158.9, 157.2, 155.4, 152.3, 147.2, 140.3, 132.1, 123.2, 114, 104.8, 95.6,
  86.6,
];
const MEAN_WATTS = H0_WATTS.reduce((sum, watts) => sum + watts, 0) / H0_WATTS.length;

/** What a household takes at a part of the day (0: midnight, 0.5: noon), as a part of its mean over the day. */
export function householdLoad(timeOfDay: number): number {
  const quarter = (timeOfDay - Math.floor(timeOfDay)) * H0_WATTS.length;
  const index = Math.floor(quarter);
  const now = H0_WATTS[index]!;
  const next = H0_WATTS[(index + 1) % H0_WATTS.length]!;
  return (now + (next - now) * (quarter - index)) / MEAN_WATTS;
}
