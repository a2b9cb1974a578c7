import { isIP } from 'node:net';
import { hostsWith } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { parseCertificate } from '../pki/parse.ts';
import type { Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';

/** An address of the API for users outside of the cluster's network. */
export interface StatedServer {
  readonly url: string;
  /** DNS name, or IP address without brackets. */
  readonly host: string;
}

/** `--server`: `https://HOST[:PORT]`. Throws KbootError E-USAGE. */
export function serverOf(text: string): StatedServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const rest = url && url.username + url.password + url.search + url.hash + url.pathname.replace(/^\/$/, '');
  if (url?.protocol !== 'https:' || url.hostname === '' || rest !== '')
    throw new KbootError(
      'E-USAGE',
      `--server must be a URL such as https://203.0.113.5:6443, not "${text}"`,
      {
        remedy: remedies.serverAddress,
      },
    );
  return { url: `https://${url.host}`, host: url.hostname.replace(/^\[|\]$/g, '') };
}

/** Why clients will not trust the API servers under that name; undefined if every certificate issued for one names it. */
export function serverNotNamed({ cluster, pki }: Workspace, { host }: StatedServer): string | undefined {
  const without = hostsWith(cluster, 'control-plane').filter(({ name }) => {
    if (!pki.isIssued('apiserver', name)) return true;
    const certificate = parseCertificate(pki.certificate('apiserver', name).cert);
    const named = isIP(host) === 0 ? certificate?.checkHost(host) : certificate?.checkIP(host);
    return named === undefined;
  });
  if (without.length === 0) return undefined;
  const names = without.map(({ name }) => name).join(', ');
  const stated = cluster.apiServer.certSANs.includes(host);
  const remedy = stated ? 'run `kboot up`' : `add it to spec.apiServer.certSANs, then run \`kboot up\``;
  return `the API server's certificate of ${names} does not name ${host}, so clients refuse it; ${remedy}`;
}
