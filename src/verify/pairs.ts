/** With more nodes than this, testing every pair costs more than it reveals. */
export const everyPairUpTo = 20;
export const sampledPeers = 3;

/**
 * Pairs of nodes to test, as indices: every ordered pair and each node with itself; with many nodes, each node with
 * itself and three others spread over the list, so that each is a target equally often.
 */
export function pairs(count: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count <= everyPairUpTo) return all.flatMap((a) => all.map((b) => [a, b] as const));
  const steps = [0, 1, Math.floor(count / 3), Math.floor((2 * count) / 3)];
  return all.flatMap((a) => steps.map((step) => [a, (a + step) % count] as const));
}
