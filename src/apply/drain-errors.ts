import { budgetsOf, budgetText, type Budget } from '../kube/budgets.ts';
import type { KubeClient } from '../kube/client.ts';
import { evictionLoss, podTitle } from '../kube/eviction.ts';
import { collectionPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { plural } from '../model/plural.ts';
import type { DrainPolicy } from '../plan/types.ts';
import { remedies } from './remedies.ts';

/** A Pod that was not gone at the last look. */
export interface LeftPod {
  readonly pod: KubeObject;
  readonly why: string;
  /** The API's answer to its eviction; `accepted`: it is terminating. */
  readonly answer: 'accepted' | 'budget' | 'error';
}

/** E-DRAIN before the first eviction: the policy keeps these Pods. */
export function forbidden(node: string, kept: readonly KubeObject[], policy: DrainPolicy): KbootError {
  const those = (why: ReturnType<typeof evictionLoss>): readonly string[] =>
    kept.filter((pod) => evictionLoss(pod, policy) === why).map(podTitle);
  const bare = those('bare');
  const local = those('emptyDir');
  const lines = [
    ...bare.map((pod) => `${pod} has no controller: nothing would create it again`),
    ...local.map((pod) => `${pod} has an emptyDir volume: its content would be lost`),
  ];
  const fields = [
    ...(bare.length > 0 ? ['spec.upgrade.drain.force: true'] : []),
    ...(local.length > 0 ? ['spec.upgrade.drain.deleteEmptyDirData: true'] : []),
  ];
  return new KbootError(
    'E-DRAIN',
    `${plural(kept.length, 'Pod')} of Node ${node} may not be evicted: ${few([...bare, ...local], 3)}`,
    {
      detail: lines.join('\n'),
      remedy: remedies.noPodEvicted({ fields: fields.join(' and ') }),
    },
  );
}

/** E-DRAIN or E-WAIT, as the policy states, after its time: names every Pod that is left, and what keeps it. */
export async function notDrained(
  kube: KubeClient,
  node: string,
  policy: DrainPolicy,
  left: readonly LeftPod[],
  missing: string,
): Promise<KbootError> {
  const after = `not drained after ${policy.timeoutSeconds} s`;
  if (policy.leaves === 'cordoned')
    return new KbootError('E-WAIT', `${after}: ${missing}`, {
      detail: left.map(({ pod }) => podTitle(pod)).join('\n'),
      remedy: remedies.staysCordoned({ node }),
    });
  const budgets = await readBudgets(kube, left);
  const names = left.map(({ pod }) => podTitle(pod));
  return new KbootError('E-DRAIN', `${after}: ${plural(left.length, 'Pod')} left, ${few(names, 3)}`, {
    detail: left.map((each) => `${podTitle(each.pod)}: ${whyLeft(each, budgets)}`).join('\n'),
    remedy: remedies.notUpgraded({ node }),
  });
}

function whyLeft({ pod, why, answer }: LeftPod, budgets: readonly Budget[]): string {
  if (answer === 'accepted') return terminating(pod);
  const own = budgetsOf(pod, budgets);
  const [only] = own;
  if (own.length > 1)
    return `the API evicts no Pod that has several budgets: ${own.map(budgetText).join(', ')}`;
  if (only !== undefined && answer === 'budget') return `${budgetText(only)} forbids it`;
  return why.replace(`${podTitle(pod)}: `, '');
}

/** `is terminating, with 3600 s to end; finalizers: example.com/backup` */
function terminating(pod: KubeObject): string {
  const { deletionGracePeriodSeconds, finalizers = [] } = pod.metadata as KubeObject['metadata'] & {
    readonly deletionGracePeriodSeconds?: number;
    readonly finalizers?: readonly string[];
  };
  const own = (pod['spec'] ?? {}) as { readonly terminationGracePeriodSeconds?: number };
  const seconds = deletionGracePeriodSeconds ?? own.terminationGracePeriodSeconds;
  return [
    `is terminating${seconds === undefined ? '' : `, with ${seconds} s to end`}`,
    ...(finalizers.length > 0 ? [`finalizers: ${finalizers.join(', ')}`] : []),
  ].join('; ');
}

/** The budgets of the Pods' namespaces; fewer if they cannot be read: the error is about the Pods. */
async function readBudgets(kube: KubeClient, left: readonly LeftPod[]): Promise<readonly Budget[]> {
  const namespaces = new Set(
    left.filter(({ answer }) => answer !== 'accepted').map(({ pod }) => pod.metadata.namespace ?? ''),
  );
  const lists = await Promise.all(
    [...namespaces].map(async (namespace) => {
      try {
        const answer = await kube.request(
          'GET',
          collectionPath('policy/v1', 'PodDisruptionBudget', namespace),
        );
        return answer.status === 200 ? (answer.body as { items: readonly Budget[] }).items : [];
      } catch {
        return [];
      }
    }),
  );
  return lists.flat();
}
