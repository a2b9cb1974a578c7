import { matches } from '../../../kube/selector.ts';
import { few } from '../../../model/few.ts';
import type { WebhookSeen } from '../../../observe/upgrade/observation.ts';
import type { Finding } from '../finding.ts';
import { findingAt, clusterHost, turnOf, type UpgradeCheckInput } from './input.ts';
import { remedies } from '../remedies.ts';

/** A request that an upgrade makes, or needs others to make. */
interface Request {
  readonly what: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly group: string;
  readonly resource: string;
  /** Absent: not in a namespace, or in any. */
  readonly namespace?: string;
  readonly scope: 'Cluster' | 'Namespaced';
}

const inSystem = { namespace: 'kube-system', scope: 'Namespaced' } as const;

/** What kboot, kubelets and controllers do during an upgrade. */
const requests: readonly Request[] = [
  { what: 'changes of Nodes', operation: 'UPDATE', group: '', resource: 'nodes', scope: 'Cluster' },
  { what: 'evictions', operation: 'CREATE', group: '', resource: 'pods/eviction', scope: 'Namespaced' },
  { what: 'new Pods', operation: 'CREATE', group: '', resource: 'pods', scope: 'Namespaced' },
  { what: 'ConfigMaps of kube-system', operation: 'UPDATE', group: '', resource: 'configmaps', ...inSystem },
  {
    what: 'DaemonSets of kube-system',
    operation: 'UPDATE',
    group: 'apps',
    resource: 'daemonsets',
    ...inSystem,
  },
  {
    what: 'Deployments of kube-system',
    operation: 'UPDATE',
    group: 'apps',
    resource: 'deployments',
    ...inSystem,
  },
  {
    what: 'ClusterRoles',
    operation: 'UPDATE',
    group: 'rbac.authorization.k8s.io',
    resource: 'clusterroles',
    scope: 'Cluster',
  },
];

/** Webhooks that would refuse what an upgrade does: nothing answers for them now, or not while a node is drained. */
export function webhookFindings(input: UpgradeCheckInput): Finding[] {
  return input.seen.webhooks.flatMap((webhook) => {
    const refused = requests.filter((request) => concerns(webhook, request)).map(({ what }) => what);
    if (refused.length === 0) return [];
    const { service, ready, configuration, name } = webhook;
    const title = `webhook ${name} (${configuration})`;
    const behind = `Service ${service.namespace}/${service.name}`;
    // Its conditions may leave these requests out.
    const level = webhook.isConditional ? 'warning' : 'error';
    if (ready.length === 0)
      return [
        findingAt(
          clusterHost(input),
          'Webhook',
          level,
          `${title} would refuse ${few(refused, 3)}: ${behind} has no ready endpoint`,
          remedies.webhookPods,
        ),
      ];
    const turns = new Set(
      ready.map(({ node }) => (node === undefined ? 'elsewhere' : turnOf(input.cluster, node))),
    );
    const [first] = ready;
    if (turns.size > 1 || first?.node === undefined || !input.drains.includes(first.node)) return [];
    const own = concerns(webhook, { ...newPodsOf(service.namespace) });
    return [
      findingAt(
        first.node,
        'Webhook',
        level,
        `${title} would refuse ${few(refused, 3)} while this node is drained: all ready Pods of ${behind} are here (${few(
          ready.flatMap(({ pod }) => pod ?? []),
          3,
        )})` + (own ? ', and without them their own replacement is refused too' : ''),
        own ? remedies.twoReplicasOrOwn({ namespace: service.namespace }) : remedies.twoReplicas,
      ),
    ];
  });
}

const newPodsOf = (namespace: string): Request => ({
  ...{ what: 'new Pods', operation: 'CREATE', group: '', resource: 'pods', scope: 'Namespaced', namespace },
});

function concerns(webhook: WebhookSeen, request: Request): boolean {
  const { namespaceSelector, objectSelector, rules, service, namespaceLabels } = webhook;
  // Only objects with certain labels: those of an upgrade have none in common.
  if (objectSelector !== undefined && !matches(objectSelector, {})) return false;
  if (request.scope === 'Namespaced' && namespaceSelector !== undefined) {
    const own = request.namespace === service.namespace;
    const namespace = request.namespace ?? 'kube-system';
    const labels = { ...(own && namespaceLabels), 'kubernetes.io/metadata.name': namespace };
    // A request in any namespace: one without labels of its own, and kube-system.
    const candidates = request.namespace === undefined ? [labels, {}] : [labels];
    if (!candidates.some((each) => matches(namespaceSelector, each))) return false;
  }
  return rules.some(({ operations = [], apiGroups = [], resources = [], scope = '*' }) => {
    const has = (list: readonly string[], value: string): boolean =>
      list.includes('*') || list.includes(value);
    return (
      has(operations, request.operation) &&
      has(apiGroups, request.group) &&
      (scope === '*' || scope === request.scope) &&
      resources.some((resource) => covers(resource, request.resource))
    );
  });
}

/** Whether a rule's resource (`pods`, `pods/*`, `*`, both with `*`) covers one (`pods`, `pods/eviction`). */
function covers(rule: string, resource: string): boolean {
  const [kind = '', sub = ''] = rule.split('/');
  const [wantedKind = '', wantedSub = ''] = resource.split('/');
  const kindFits = kind === '*' || kind === wantedKind;
  return kindFits && (sub === '*' || sub === wantedSub);
}
