/** 0x and 40 hexadecimal digits, checksummed wherever this house writes one. */
export type Address = string;

/** Whether both are there and the same, however their letters are written. */
export const sameAddress = (left: Address | null | undefined, right: Address | null | undefined): boolean =>
  !!left && !!right && left.toLowerCase() === right.toLowerCase();
