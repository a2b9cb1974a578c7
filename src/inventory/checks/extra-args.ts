import { withRole } from '../outline.ts';
import { ownedFlags } from '../owned-flags.ts';
import { describePath, error, warning, type Problem } from '../position.ts';
import { statedComponents, type StatedFlag } from './components.ts';
import type { Check } from './check.ts';

/** Kubernetes' components accept `_` for `-` in flags (cliflag.WordSepNormalizeFunc). */
const normal = (flag: string): string => flag.replaceAll('_', '-');

/** Flags that kboot derives other things from are set through the fields that it derives them from. */
export const derivedFlagsAreLeftAlone: Check = (input) => {
  const controlPlanes = withRole(input.outline, 'control-plane').length;
  return statedComponents(input).flatMap(({ field, flags }) => {
    const rules = ownedFlags[field];
    const byName = new Map<string, StatedFlag[]>();
    for (const flag of flags) byName.set(normal(flag.name), [...(byName.get(normal(flag.name)) ?? []), flag]);
    return [...byName].flatMap(([name, occurrences]): Problem[] => {
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      const [first] = occurrences;
      const values = occurrences.map(({ value }) => value);
      if (rule === undefined || first === undefined || rule.allows?.(values, { controlPlanes }) === true)
        return [];
      const where = [...first.path, 'name'];
      const make = rule.warns === true ? warning : error;
      return [make(where, `${describePath(where)}: ${name} ${rule.why}`)];
    });
  });
};

/** The API server accepts only one of the two. */
export const authorizationIsStatedOnce: Check = (input) =>
  statedComponents(input).flatMap(({ field, flags }) => {
    const find = (name: string): StatedFlag | undefined => flags.find((flag) => normal(flag.name) === name);
    const mode = find('authorization-mode');
    if (field !== 'apiServer' || mode === undefined || find('authorization-config') === undefined) return [];
    const path = [...mode.path, 'name'];
    return [
      error(path, `${describePath(path)}: authorization-mode and authorization-config exclude each other`),
    ];
  });

/** Flags of etcd that kboot always sets: etcd does not start if the environment has another value for one. */
const etcdFlags = [
  ...['name', 'data-dir', 'listen-client-urls', 'advertise-client-urls', 'listen-peer-urls'],
  ...['initial-advertise-peer-urls', 'initial-cluster', 'initial-cluster-state', 'cert-file', 'key-file'],
  ...['trusted-ca-file', 'client-cert-auth', 'peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file'],
  ...['peer-client-cert-auth', 'snapshot-count', 'listen-metrics-urls', 'feature-gates'],
  ...['watch-progress-notify-interval', 'experimental-initial-corrupt-check'],
  ...['experimental-watch-progress-notify-interval'],
];

/** Environment variables are stated once, and do not contradict flags. */
export const environmentIsSound: Check = (input) =>
  statedComponents(input).flatMap(({ field, path, draft, flags }) => {
    const seen = new Set<string>();
    return (draft.extraEnvs ?? []).flatMap((env, index): Problem[] => {
      if (env?.name === undefined) return [];
      const where = [...path, 'extraEnvs', index, 'name'];
      const isFirst = !seen.has(env.name);
      seen.add(env.name);
      if (!isFirst) return [error(where, `${describePath(where)} ${env.name} is already set above`)];
      const flag = /^ETCD_/.test(env.name) ? env.name.slice(5).toLowerCase().replaceAll('_', '-') : '';
      if (field !== 'etcd' || flag === '') return [];
      const known = [...Object.keys(ownedFlags.etcd), ...etcdFlags, ...flags.map(({ name }) => name)];
      if (!known.includes(flag)) return [];
      return [
        error(
          where,
          `${describePath(where)}: etcd does not start if ${env.name} and the flag --${flag} are both set; use extraArgs`,
        ),
      ];
    });
  });
