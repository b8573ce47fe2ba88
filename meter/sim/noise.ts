/** How far mulberry32's state goes for each number. */
const STRIDE = 0x6d2b79f5;

/** mulberry32's number of a state, in [0, 1). */
function numberOf(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** mulberry32: uniform numbers in [0, 1), the same ones for the same seed. */
export function uniformNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + STRIDE) >>> 0;
    return numberOf(state);
  };
}

/** A line through uniform numbers in [0, 1), one at every whole `x`: for what changes, but not at once. */
export function smoothNoise(seed: number): (x: number) => number {
  const knot = (at: number) => numberOf((seed + Math.imul(at, STRIDE)) >>> 0);
  return (x) => {
    const at = Math.floor(x);
    const before = knot(at);
    return before + (knot(at + 1) - before) * (x - at);
  };
}

/** Normally distributed numbers, mean 0, sigma 1 (Box and Muller, 1958), the same ones for the same seed. */
export function gaussianNoise(seed: number): () => number {
  const uniform = uniformNoise(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
