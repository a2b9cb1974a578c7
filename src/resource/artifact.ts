import { quote } from './shell.ts';
import type { Artifact, Payload } from './types.ts';

/** How a release file gets to `path`: as the step's payload, or by a download on the host. Both end verified. */
export function delivery(artifact: Artifact, path: string): { readonly script: string; readonly payload?: Payload } {
  const verify = `kb_verify ${quote(path)} ${artifact.sha256}`;
  return artifact.source.kind === 'bundle'
    ? { script: verify, payload: { path, content: { kind: 'artifact', artifact } } }
    : { script: `kb_fetch ${quote(artifact.source.url)} ${quote(path)} && ${verify}` };
}

/** `from the bundle, 61 MB, sha256 3ba68cb4f090` */
export function describeArtifact(artifact: Artifact): string {
  const from =
    artifact.source.kind === 'bundle'
      ? `from the bundle, ${megabytes(artifact.source.size)}`
      : `from ${artifact.source.url}`;
  return `${artifact.title} ${from}, sha256 ${artifact.sha256.slice(0, 12)}`;
}

/** Whole megabytes, at least one. */
export function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
