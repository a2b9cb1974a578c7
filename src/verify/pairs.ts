/** With more nodes than this, asking every pair costs more than it tells. */
export const everyPairUpTo = 20;
export const sampledPeers = 3;

/**
 * Which nodes ask which, as indices: every ordered pair and each node itself; of many nodes, each asks itself and
 * three others that lie spread over the list, so that each is asked as often.
 */
export function pairs(count: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count <= everyPairUpTo) return all.flatMap((a) => all.map((b) => [a, b] as const));
  const steps = [0, 1, Math.floor(count / 3), Math.floor((2 * count) / 3)];
  return all.flatMap((a) => steps.map((step) => [a, (a + step) % count] as const));
}
