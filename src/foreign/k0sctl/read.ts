import { readDocuments } from '../../inventory/document.ts';
import type { Environment } from '../../inventory/environment.ts';
import { never, partOf } from '../component-rules.ts';
import { left, taken } from '../outcome.ts';
import { ForeignDocument, unreadable } from '../problem.ts';
import { applyRules, type TreeRules } from '../tree-rules.ts';
import type { Foreign, SeenKey } from '../types.ts';
import { flagOf, textOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';
import { versionOutcome } from '../versions.ts';
import { configRules } from './config.ts';
import { hostRules, hostsOf } from './hosts.ts';
import { withEnvironment } from './environment.ts';
import { remedies } from '../remedies.ts';

/**
 * What a file of k0sctl says (k0sctl.k0sproject.io/v1beta1), with a ClusterConfig of k0s in it or as a document of its own.
 * Throws KbootError E-USAGE for the first problem, with its place.
 */
export function readK0sctl(
  { file, text }: { readonly file: string; readonly text: string },
  env: Environment,
  knownVersions: readonly string[],
): Foreign {
  const documents = readDocuments(withEnvironment(text, file, env), 'the file').map(
    (source) => new ForeignDocument(file, source),
  );
  const ofKind = (kind: string, group: string): readonly ForeignDocument[] =>
    documents.filter(({ data }) => {
      const { kind: own, apiVersion } = recordOf(data) ?? {};
      return own === kind && typeof apiVersion === 'string' && apiVersion.startsWith(group);
    });
  const [main, second] = ofKind('Cluster', 'k0sctl.k0sproject.io/');
  const configs = ofKind('ClusterConfig', 'k0s.k0sproject.io/');
  if (main === undefined)
    throw unreadable(
      documents[0]?.at([]) ?? { file, line: 1, column: 1 },
      'the file has no Cluster of k0sctl.k0sproject.io/v1beta1',
      remedies.k0sctlFile,
    );
  if (second !== undefined)
    throw unreadable(second.at([]), 'a second Cluster of k0sctl begins here; one is allowed');
  const other = documents.find((document) => document !== main && !configs.includes(document));
  if (other !== undefined)
    throw unreadable(other.at([]), 'this document is neither a Cluster of k0sctl nor a ClusterConfig of k0s');
  const read = [
    applyRules(
      main,
      { ...clusterRules(knownVersions), ...hostRules, ...configRules('spec.k0s.config.') },
      fallback,
    ),
    ...configs.map((config) => applyRules(config, configRules(''), fallback)),
  ];
  const data = recordOf(main.data) ?? {};
  const name =
    textOf(recordOf(data['metadata'])?.['name']) ??
    textOf(recordOf(recordOf(recordOf(recordOf(data['spec'])?.['k0s'])?.['config'])?.['metadata'])?.['name']);
  return {
    what: 'a file of k0sctl',
    ...(name !== undefined && { name }),
    hosts: hostsOf(main),
    fields: read.flatMap(({ fields }) => fields),
    keys: read.flatMap(({ keys }): readonly SeenKey[] => keys),
    guesses: [],
  };
}

const fallback = (key: string): string =>
  key.startsWith('spec.k0s') || !key.startsWith('spec.')
    ? 'kboot knows no such key of k0s'
    : 'kboot knows no such key of k0sctl';

function clusterRules(knownVersions: readonly string[]): TreeRules {
  const drain = ['spec', 'upgrade', 'drain'];
  const seconds = (name: string) => (value: unknown) => {
    const found = secondsOf(textOf(value) ?? '');
    return found === undefined || found === 0
      ? left('it is not a number of seconds')
      : taken([...drain, name], found);
  };
  const flag = (name: string) => (value: unknown) => {
    const found = flagOf(value);
    return found === undefined ? left('it is neither true nor false') : taken([...drain, name], found);
  };
  return {
    apiVersion: partOf('apiVersion'),
    kind: partOf('kind'),
    'metadata.name': partOf('metadata.name'),
    'metadata.user': never("the administrator's name in kubeconfigs is kboot's"),
    'spec.k0s.version': (value) => {
      const version = textOf(value);
      return version === undefined ? left('it is empty') : versionOutcome(version, knownVersions);
    },
    'spec.k0s.versionChannel': never('a version is stated in full'),
    'spec.k0s.dynamicConfig': never('the inventory is the only source of the configuration'),
    'spec.options.wait': never('kboot always waits until a step has had its effect'),
    'spec.options.drain.enabled': (value) =>
      flagOf(value) === false
        ? left('kboot always drains a worker before it upgrades it')
        : { became: 'as kboot does it' },
    'spec.options.drain.timeout': seconds('timeoutSeconds'),
    'spec.options.drain.gracePeriod': seconds('gracePeriodSeconds'),
    'spec.options.drain.force': flag('force'),
    'spec.options.drain.deleteEmptyDirData': flag('deleteEmptyDirData'),
    'spec.options.concurrency.limit': never('--concurrency N of the command'),
    'spec.options.concurrency.uploads': never('--concurrency N of the command'),
    'spec.options.concurrency.workerDisruptionPercent': (value) => {
      const percent = wholeOf(value);
      return percent === undefined || percent < 1 || percent > 100
        ? left('it is not a percentage from 1 to 100')
        : taken(['spec', 'upgrade', 'maxUnavailable'], `${percent}%`);
    },
    'spec.options.evictTaint': never('kboot drains nodes by evicting their Pods'),
  };
}

/** `2m`, `1h30m`, `90s`, in seconds; undefined: no duration of Go. */
export function secondsOf(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+)(h|m|s)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text) return undefined;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}
