import { parseCertificate, validity } from '../../pki/parse.ts';
import type { Obstacle } from '../read-back.ts';
import { paths } from '../text/paths.ts';
import type { SeenHost } from './types.ts';
import { remedies } from '../remedies.ts';

/** Why the API of a control plane cannot be asked: certificates that have ended. */
export function entranceObstacles(
  name: string,
  { files }: Pick<SeenHost, 'files'>,
  credentials: { readonly certificatePem: string },
  now: Date,
): readonly Obstacle[] {
  const ended = [
    ['the client certificate in /etc/kubernetes/admin.conf', credentials.certificatePem],
    [`${paths.pki}/apiserver.crt`, files.get(`${paths.pki}/apiserver.crt`) ?? ''],
  ].flatMap(([title = '', pem = '']) => {
    const certificate = parseCertificate(pem);
    const end = certificate && validity(certificate).notAfter;
    return end !== undefined && end < now ? [`${title} expired on ${end.toISOString().slice(0, 10)}`] : [];
  });
  return ended.map((message) => ({
    message: `${name}: ${message}: its API cannot be asked for the other hosts`,
    remedy: remedies.renewWithKubeadm,
  }));
}
