import { hostFolder } from './prelude.ts';
import { lines, quote } from '../model/shell.ts';
import type { Action, Artifact, Payload } from './types.ts';

/** Release files that were put on the host ahead, by their SHA-256. */
const folder = `${hostFolder}/fetched`;

/** Prints `fetched SHA256` for each release file that was put on the host ahead. */
export const queryFetched = `for f in ${folder}/*; do [ ! -e "$f" ] || echo "fetched \${f##*/}"; done`;

/** Parses the output of queryFetched among other lines. */
export function readFetched(output: string): ReadonlySet<string> {
  return new Set(lines(output).flatMap((line) => /^fetched ([0-9a-f]{64})$/.exec(line)?.[1] ?? []));
}

/** Puts a release file on the host ahead of the step that installs it. */
export function fetchAction(artifact: Artifact): Action {
  const temporary = `${hostFolder}/tmp/fetch-${artifact.sha256}`;
  const { script, payload } = delivery(artifact, temporary);
  return {
    verb: 'create',
    reason: `${describeArtifact(artifact)}, not installed yet`,
    // What an upgrade that was given up has left goes after a week.
    script: `mkdir -p -m 700 ${folder} && find ${folder} -type f -mtime +7 -delete && ${script} && sync -- ${temporary} && mv -f -T -- ${temporary} ${folder}/${artifact.sha256}`,
    ...(payload && { payload }),
    effects: [],
    timeoutSeconds: 900,
  };
}

/** Removes a file that was fetched ahead, once it is installed. */
export const forgetFetched = (artifact: Artifact): string => `rm -f -- ${folder}/${artifact.sha256}`;

/**
 * How a release file gets to `path`: as the step's payload, by a download on the host, or from what was fetched `ahead`.
 * It is verified in any case.
 */
export function delivery(
  artifact: Artifact,
  path: string,
  ahead = false,
): { readonly script: string; readonly payload?: Payload } {
  const verify = `kb_verify ${quote(path)} ${artifact.sha256}`;
  if (ahead) return { script: `cp -f -- ${folder}/${artifact.sha256} ${quote(path)} && ${verify}` };
  const { source } = artifact;
  const payload: Payload = { path, content: { kind: 'artifact', artifact } };
  if (source.kind === 'bundle') return { script: verify, payload };
  // What another host gave is there already.
  if (source.once === true)
    return {
      script: `{ kb_is ${quote(path)} ${artifact.sha256} || kb_fetch ${quote(source.url)} ${quote(path)}; } && ${verify}`,
      payload,
    };
  return { script: `kb_fetch ${quote(source.url)} ${quote(path)} && ${verify}` };
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
