import { minorOf } from '../../../model/minor.ts';
import { few } from '../../../model/few.ts';
import { plural } from '../../../model/plural.ts';
import type { DeprecatedUse } from '../../../observe/upgrade/observation.ts';
import type { Finding } from '../finding.ts';
import { hasBegun } from './begun.ts';
import { clusterHost, findingAt, type UpgradeCheckInput } from './input.ts';
import { remedies } from '../remedies.ts';

/** API versions that the new Kubernetes no longer serves and that somebody uses, or has objects of. */
export function apiFindings(input: UpgradeCheckInput): Finding[] {
  return [...requested(input), ...stored(input)];
}

function requested(input: UpgradeCheckInput): Finding[] {
  const { seen, to } = input;
  const gone = new Map<string, DeprecatedUse[]>();
  for (const use of seen.deprecated) {
    if (minorOf(use.removedRelease) > minorOf(to)) continue;
    const key = JSON.stringify({ ...use, host: '' });
    gone.set(key, [...(gone.get(key) ?? []), use]);
  }
  return [...gone.values()].flatMap((uses) => {
    const [first] = uses;
    if (first === undefined) return [];
    const { group, version, resource, subresource, removedRelease } = first;
    const api = `${resource}${subresource === '' ? '' : `/${subresource}`} of ${group === '' ? version : `${group}/${version}`}`;
    const hosts = uses.map(({ host }) => host);
    return findingAt(
      clusterHost(input),
      'DeprecatedAPI',
      'error',
      `clients have requested ${api} since the API servers of ${few(hosts, 3)} started; Kubernetes v${removedRelease} no longer serves it`,
      remedies.findClients,
    );
  });
}

function stored(input: UpgradeCheckInput): Finding[] {
  const { seen, from, to } = input;
  return seen.stored
    .filter(({ lostIn }) => minorOf(from) < lostIn && lostIn <= minorOf(to))
    .map(({ groupVersion, resource, lostIn, names, count }) =>
      findingAt(
        clusterHost(input),
        'StoredObjects',
        'error',
        `${plural(count, 'object')} of ${resource} in ${groupVersion}, which Kubernetes v1.${lostIn} can neither serve nor read from etcd: ${few(names, 3)}`,
        remedies.saveObjects({ resource, group: groupVersion.replace(/^(.*)\/(.*)$/, '$2.$1') }),
      ),
    );
}

/** What could not be read is not taken as absent. Once the upgrade has begun, an API server may be down for it. */
export function unreadFindings(input: UpgradeCheckInput): Finding[] {
  const { unread } = input.seen;
  if (unread.length === 0) return [];
  return [
    findingAt(
      clusterHost(input),
      'UpgradeUnread',
      hasBegun(input) ? 'warning' : 'error',
      `it is not known whether something would stop the upgrade half-way, since the API did not answer: ${few(unread, 3)}`,
      remedies.askApiAgain,
    ),
  ];
}
