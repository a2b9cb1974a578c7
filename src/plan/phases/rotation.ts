import type { RotationWork } from '../rotation/decide.ts';
import type { Dependency, Phase } from '../types.ts';
import { after, existing, phase, together } from './build.ts';

/**
 * What an exchange of CAs does through the API once every host has reached its stage: what Kubernetes publishes for others
 * follows, then whatever holds an old token or CA is restarted.
 */
export function rotationPhases(work: RotationWork, needs: readonly Dependency[]): readonly Phase[] {
  const published = phase('published-cas', 'addon', 'exchange of CAs: what others read', needs, [
    together('cluster', work.withdrawals, work.published),
  ]);
  const tokens = phase(
    'tokens',
    'addon',
    'exchange of CAs: tokens in Secrets',
    [...needs, ...after('all', published)],
    [together('cluster', work.tokens)],
  );
  const restarts = phase(
    'restarts',
    'addon',
    'exchange of CAs: workloads with old tokens and CAs',
    [...needs, ...after('all', published, tokens)],
    work.restarts.map(({ steps, gates }) => together('cluster', steps, gates)),
  );
  return existing(published, tokens, restarts);
}
