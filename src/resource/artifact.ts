import { quote } from './shell.ts';
import type { Artifact, Payload } from './types.ts';

/** How a release file gets to `path`: as the step's payload, or by a download on the host. Both are verified. */
export function delivery(
  artifact: Artifact,
  path: string,
): { readonly script: string; readonly payload?: Payload } {
  const verify = `kb_verify ${quote(path)} ${artifact.sha256}`;
  return artifact.source.kind === 'bundle'
    ? { script: verify, payload: { path, content: { kind: 'artifact', artifact } } }
    : { script: `kb_fetch ${quote(artifact.source.url)} ${quote(path)} && ${verify}` };
}

/** `kubelet v1.36.2 from the bundle, 61 MB, sha256 3ba68cb4f090` */
export function describeArtifact(artifact: Artifact): string {
  return `${artifact.title} ${describeDelivery(artifact)}`;
}

/** `from the bundle, 61 MB, sha256 3ba68cb4f090` */
export function describeDelivery({ source, sha256 }: Artifact): string {
  const from =
    source.kind === 'bundle'
      ? `from the bundle, ${Math.max(1, Math.round(source.size / 1e6))} MB`
      : `from ${source.url}`;
  return `${from}, sha256 ${sha256.slice(0, 12)}`;
}
