/** The value with as many above as below it; of an even number, the upper of the middle two. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
}
