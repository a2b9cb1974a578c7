import { isNode } from '../../../model/cluster.ts';
import { levelOf, type PastCheck, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/** A folder where iptables wants its lock file: a container that was started with this path made it. */
export const lockFolder: PastCheck = (host, seen) =>
  !isNode(host) || !seen.past.lockIsFolder
    ? []
    : [
        {
          check: 'XtablesLock',
          level: levelOf(seen),
          message: '/run/xtables.lock is a folder: neither iptables nor kube-proxy and flannel can lock it',
          ...remedyFields(remedies.removeLockFolder),
        },
      ];

/** Packet filter rules that a service restores at boot. */
export const savedRules: PastCheck = (host, seen) => {
  if (!isNode(host)) return [];
  const { savedRules: rules } = seen.past;
  const rejecting = rules.filter(({ rule }) => rule.startsWith('-A '));
  const chains = rules.filter(({ rule }) => rule.startsWith(':'));
  const files = [...new Set(chains.map(({ file }) => file))];
  return [
    ...rejecting.map((each): Shortcoming => ({
      check: 'SavedRules',
      // A rule for INPUT may follow others that accept the hosts; one for FORWARD precedes flannel's.
      level: each.rule.startsWith('-A FORWARD') ? levelOf(seen) : 'warning',
      message: `${each.file}:${each.line} rejects all traffic that no earlier rule accepts (${each.rule})`,
      ...remedyFields(remedies.removeRule({ file: each.file, rule: each.rule.slice(3) })),
    })),
    ...files.map((file): Shortcoming => ({
      check: 'SavedRules',
      level: 'warning',
      message: `${file} restores chains of an earlier cluster's Services and Pods at boot (${(chains.find((each) => each.file === file)?.rule ?? '').split(' ')[0]?.slice(1)} and others)`,
      ...remedyFields(remedies.removeChains({ file })),
    })),
  ];
};
