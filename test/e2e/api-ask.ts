import { readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** A client of the API with a kubeconfig's credentials. */
export interface ApiAsker {
  /** One request over a connection of its own, to the kubeconfig's server or to `server`. Rejects after 2 s without data. */
  readonly ask: (method: string, path: string, body?: object, server?: string) => Promise<ApiAnswer>;
}

/**
 * For requests with a kubeconfig of kboot, without a library that keeps connections or retries. The file is read again
 * when it has changed.
 */
export function apiAsker(path: string): ApiAsker {
  let access: Access | undefined;
  const current = (): Access => {
    const { mtimeMs } = statSync(path);
    return access?.mtimeMs === mtimeMs ? access : (access = { ...readAccess(path), mtimeMs });
  };
  return {
    ask: (method, url, body, given) =>
      new Promise((resolve, reject) => {
        const { server, tls } = current();
        const agent = new Agent({ keepAlive: false });
        const to = new URL(url, given ?? server);
        const sent = request(to, { ...tls, method, agent, timeout: 2000 }, (answer) => {
          let text = '';
          answer
            .setEncoding('utf8')
            .on('data', (part: string) => (text += part))
            .on('error', reject)
            .on('end', () => {
              resolve({ status: answer.statusCode ?? 0, text });
            });
        });
        sent.on('timeout', () => sent.destroy(new Error('no answer within 2 s'))).on('error', reject);
        sent.setHeader('content-type', 'application/json');
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      }),
  };
}

interface Access {
  readonly mtimeMs: number;
  readonly server: string;
  readonly tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
}

function readAccess(path: string): Omit<Access, 'mtimeMs'> {
  const config = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  return {
    server: cluster.server,
    tls: {
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
      cert: Buffer.from(user['client-certificate-data'], 'base64'),
      key: Buffer.from(user['client-key-data'], 'base64'),
    },
  };
}
