import { encryptionFile } from '../../desire/encryption.ts';
import type { Desire } from '../../desire/context.ts';
import { desireHost } from '../../desire/host.ts';
import type { Host } from '../../model/cluster.ts';
import { encryptionPath, type EncryptionConfig } from '../../model/encryption.ts';
import type { HostFacts } from '../../model/facts.ts';
import { contentDigest, file } from '../../resource/file.ts';
import { quote } from '../../model/shell.ts';
import { podProcess, staticPod } from '../../resource/static-pod.ts';
import type { Action, FileResource, StaticPodResource } from '../../resource/types.ts';
import type { HostChange } from '../diff/host.ts';
import type { ShellStep } from '../types.ts';

const server = podProcess('kube-apiserver');

/** What an API server has before a round. */
export interface Before {
  readonly config: EncryptionConfig;
  /** SHA-256 of kboot's file; `absent`; null: a key in it is only made when the plan is applied. */
  readonly digest: string | null;
}

/** The same after a round. */
export function afterRound(desire: Desire, config: EncryptionConfig): Before {
  const want = encryptionFile(desire, config);
  return { config, digest: want === undefined ? 'absent' : contentDigest(want.content) };
}

/**
 * The changes that give the API server of a host another configuration: its file, then the server itself, which reads it
 * when it starts. A file that the server no longer reads is removed after it has restarted.
 */
export function roundChanges(
  desire: Desire,
  host: Host,
  facts: HostFacts,
  before: Before,
  config: EncryptionConfig,
  round: string,
): HostChange<ShellStep>[] {
  const change = (
    target: { readonly kind: 'file' | 'static-pod'; readonly name: string },
    action: Action,
  ): HostChange<ShellStep> => ({
    host: host.name,
    stage: 'control-plane',
    step: {
      ...action,
      type: 'shell',
      id: `${host.name}: ${target.kind} ${target.name}, ${round}`,
      target,
    },
  });
  const path = { kind: 'file', name: encryptionPath } as const;
  const want = encryptionFile(desire, config);
  const written = want && fileAction(want, before.digest);
  const podTarget = { kind: 'static-pod', name: 'kube-apiserver' } as const;
  const digest = contentDigest({ kind: 'text', text: podOf(desire, host, facts, before.config).text });
  const pod = staticPod.action(
    podOf(desire, host, facts, config),
    { state: 'present', found: { mode: '600', digest: digest ?? '', current: written === undefined } },
    { disturbed: new Set(written === undefined ? [] : [server]) },
  );
  const removes = want === undefined && before.digest !== 'absent';
  return [
    ...(written === undefined ? [] : [change(path, written)]),
    ...(pod === undefined ? [] : [change(podTarget, pod)]),
    ...(removes ? [change(path, removal(before.digest))] : []),
  ];
}

function fileAction(want: FileResource, digest: Before['digest']): Action | undefined {
  return file.action(
    want,
    digest === 'absent' ? { state: 'absent' } : { state: 'present', found: { mode: want.mode, digest } },
    { disturbed: new Set() },
  );
}

/** Removes a file that no API server reads. */
export function removal(digest: Before['digest']): Action {
  const path = quote(encryptionPath);
  return {
    verb: 'delete',
    reason: 'no API server reads it any more',
    script: `[ ! -e ${path} ] || { ${digest === null ? '' : `kb_expect ${path} ${digest} && `}kb_disown ${path}; }`,
    effects: [],
    timeoutSeconds: 30,
  };
}

function podOf(desire: Desire, host: Host, facts: HostFacts, config: EncryptionConfig): StaticPodResource {
  const own = { ...desire, encryption: new Map([[host.name, config]]) };
  const found = desireHost(own, host, facts).find(
    (each): each is StaticPodResource => each.kind === 'static-pod' && each.name === 'kube-apiserver',
  );
  if (found === undefined) throw new Error(`${host.name} has no API server`);
  return found;
}
