import { z } from "zod";

/** A quantity in JSON, read as the bigint that it is. */
export const decimal = z
  .string()
  .regex(/^\d+$/, "must be a whole number in decimal digits")
  .transform(BigInt);
