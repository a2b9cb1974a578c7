import { KbootError } from '../../model/error.ts';
import type { EtcdAnswer } from '../../observe/foreign-etcd.ts';
import type { Finding } from '../preflight/finding.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

/** What is known of a cluster's control-plane hosts before its etcd is queried. */
export interface ForeignEtcdGround {
  /** `/registry` */
  readonly prefix: string;
  /** ID of this cluster; undefined before its CA is created. */
  readonly clusterId: string | undefined;
  /** Control-plane hosts with this cluster's stamp and an API server, which may have written the keys. */
  readonly standing: readonly string[];
  /** Control-plane hosts that were not probed. */
  readonly unread: readonly string[];
}

/** kubeadm's requirement (ExternalEtcdVersion). */
const oldest = [3, 5, 24] as const;

/**
 * Whether the cluster exists, and what is wrong with its etcd. Pure.
 * Throws KbootError E-PROBE when no endpoint answered, since unknown is not absent, and E-FOREIGN-CLUSTER when
 * the keys belong to another cluster or to an unknown one.
 */
export function judgeForeignEtcd(
  answers: readonly EtcdAnswer[],
  ground: ForeignEtcdGround,
): { readonly state: 'absent' | 'present'; readonly findings: readonly Finding[] } {
  const heard = answers.flatMap(({ answer }) => (answer.kind === 'answers' ? [answer] : []));
  const endpoints = [...new Set(answers.map(({ endpoint }) => endpoint))].join(', ');
  if (heard.length === 0)
    throw new KbootError('E-PROBE', `no endpoint of spec.etcd.external answers`, {
      detail: answers.flatMap(silence).join('\n'),
      remedy: remedies.externalUnknown,
    });
  if (new Set(heard.map(({ clusterId }) => clusterId)).size > 1)
    throw new KbootError(
      'E-PROBE',
      `the endpoints of spec.etcd.external are not members of one etcd cluster: ${endpoints}`,
      {
        detail: answers.flatMap(etcdOf).join('\n'),
        remedy: remedies.oneEtcdCluster,
      },
    );
  const keys = Math.max(...heard.map((answer) => answer.keys));
  const owner = heard.map((answer) => answer.owner).find((id) => id !== undefined);
  const findings = [...unheard(answers), ...tooOld(answers)];
  if (keys === 0) return { state: 'absent', findings };
  const where = `etcd ${endpoints} holds ${keys} keys under ${ground.prefix}/`;
  if (owner !== undefined && owner !== ground.clusterId)
    throw new KbootError(
      'E-FOREIGN-CLUSTER',
      `${where} that belong to another cluster (${owner.slice(0, 20)}…)`,
      {
        remedy: otherPlace(ground),
      },
    );
  if (ground.standing.length > 0) return { state: 'present', findings };
  if (owner === undefined)
    throw new KbootError(
      'E-FOREIGN-CLUSTER',
      `${where}, which are not known to belong to this cluster${ground.unread.length === 0 ? '' : ` (${ground.unread.join(', ')} could not be read)`}`,
      { remedy: otherPlace(ground) },
    );
  return {
    state: 'present',
    findings: ground.unread.length > 0 ? findings : [...findings, leftover(answers, where, ground)],
  };
}

function leftover(answers: readonly EtcdAnswer[], where: string, ground: ForeignEtcdGround): Finding {
  return {
    check: 'EtcdData',
    level: 'error',
    host: answers[0]?.host ?? '',
    message: `${where}, left by an earlier installation of this cluster; its control-plane hosts were reset or are new`,
    ...remedyFields(remedies.continueOrDelete({ prefix: ground.prefix })),
  };
}

function otherPlace({ prefix }: ForeignEtcdGround): Text {
  return remedies.otherPrefix({ prefix });
}

/** Hosts that can use only some of the endpoints, or none. */
function unheard(answers: readonly EtcdAnswer[]): Finding[] {
  const hosts = [...new Set(answers.map(({ host }) => host))];
  return hosts.flatMap((host): Finding[] => {
    const own = answers.filter((each) => each.host === host);
    const silent = own.filter(({ answer }) => answer.kind === 'unavailable');
    if (silent.length === 0) return [];
    const all = silent.length === own.length;
    return [
      {
        check: 'ExternalEtcd',
        level: all ? 'error' : 'warning',
        host,
        message: `${all ? 'can use no endpoint' : 'cannot use every endpoint'} of spec.etcd.external: ${silent.map(told).join('; ')}`,
        ...remedyFields(remedies.repairMember),
      },
    ];
  });
}

function tooOld(answers: readonly EtcdAnswer[]): Finding[] {
  const seen = new Set<string>();
  return answers.flatMap(({ host, endpoint, answer }): Finding[] => {
    if (answer.kind === 'unavailable' || seen.has(endpoint) || isEnough(answer.version)) return [];
    seen.add(endpoint);
    return [
      {
        check: 'ExternalEtcdVersion',
        level: 'error',
        host,
        message: `${endpoint} is etcd ${answer.version}; Kubernetes needs ${oldest.join('.')} or later`,
        ...remedyFields(remedies.upgradeEtcd),
      },
    ];
  });
}

function isEnough(version: string): boolean {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, least] of oldest.entries()) {
    const own = numbers[index] ?? 0;
    if (own !== least) return own > least;
  }
  return true;
}

function told({ endpoint, answer }: EtcdAnswer): string {
  return `${endpoint}: ${answer.kind === 'unavailable' ? answer.why : 'answers'}`;
}

function silence(each: EtcdAnswer): string[] {
  return each.answer.kind === 'unavailable' ? [`${each.host}: ${told(each)}`] : [];
}

function etcdOf({ endpoint, answer }: EtcdAnswer): string[] {
  return answer.kind === 'unavailable' ? [] : [`${endpoint}: cluster ID ${answer.clusterId}`];
}
