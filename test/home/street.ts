/** What two homes trade in street.test.ts, for the test and for the process that it has killed. */
import { commissioned, type Happening, listed, METER, OTHER_METER, opened } from "../server/support";

/** Of the two homes. */
export const HERS = 1_000_001n;
export const HIS = 2_000_001n;
export const METERS = [METER, OTHER_METER];
export const ORDERED = 20n;

/** Both are commissioned, and each offers something: two blocks. */
export const STREET: Happening[][] = [
  [commissioned(METER), commissioned(OTHER_METER)],
  [listed(1n), listed(2n, 1000n, OTHER_METER)],
];
export const SALE: Happening[] = [opened(HERS, ORDERED), opened(HIS, ORDERED)];
