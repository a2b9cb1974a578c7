/** A copy of an object without some of its fields, whether it has them or not. */
export function without<T extends object, K extends string>(object: T, ...fields: readonly K[]): Omit<T, K> {
  const kept = Object.entries(object).filter(([name]) => !fields.some((field) => field === name));
  return Object.fromEntries(kept) as Omit<T, K>;
}
