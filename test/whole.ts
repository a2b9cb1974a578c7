/** Every member required and not `readonly`: a member that only one side has makes the types not assignable. */
export type Whole<T> = T extends readonly (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]-?: Whole<T[K]> }
    : T;

/** Whether two types have the same members of the same types. */
export type IsSame<A, B> = [Whole<A>] extends [Whole<B>]
  ? [Whole<B>] extends [Whole<A>]
    ? true
    : false
  : false;
