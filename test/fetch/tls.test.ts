import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshFolder } from '../cli/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const at = freshFolder();
let servers: readonly Server[];
let proxy: number;
const tunnels: string[] = [];

/** A server with a certificate for mirror.example, which only the proxy reaches. */
beforeEach(async () => {
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ];
  const name = ['-subj', '/CN=mirror', '-addext', 'subjectAltName=DNS:mirror.example'];
  execFileSync('openssl', [...words, ...name, '-keyout', at('key.pem'), '-out', at('ca.pem')], {
    stdio: 'ignore',
  });
  const tls = { key: readFileSync(at('key.pem')), cert: readFileSync(at('ca.pem')) };
  const mirror = createSecureServer(tls, ({ url = '' }, response) => {
    if (url.endsWith('/kubectl')) response.writeHead(302, { location: `http://127.0.0.1${url}` });
    response.end('something else');
  });
  const between = createServer().on('connect', ({ url = '' }: { url?: string }, client: Socket) => {
    tunnels.push(url);
    const onward = connect((mirror.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) socket.on('error', () => socket.destroy());
  });
  servers = [mirror, between];
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = (between.address() as AddressInfo).port;
  tunnels.length = 0;
});
afterEach(() => {
  for (const server of servers) server.close();
});

/** The detail of the error that kboot ends with, in a separate process: Node reads its CAs when it starts. */
async function create(mirror: string, env: NodeJS.ProcessEnv): Promise<string> {
  const line = ['bundle', 'create', at('bundle'), '-o', 'json', '--mirror', `https://${mirror}`];
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/main.ts', ...line, '--image-repository', mirror, '--allow-unofficial'],
    {
      cwd: root,
      env: { PATH: process.env['PATH'], HTTPS_PROXY: `http://127.0.0.1:${proxy}`, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const last = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { detail?: string };
  return last.detail ?? '';
}

describe('HTTPS through a proxy', () => {
  it('trusts the CAs in NODE_EXTRA_CA_CERTS, for the requested name', async () => {
    const env = { NODE_EXTRA_CA_CERTS: at('ca.pem') };
    const said = await create('mirror.example', env);
    expect(said).toMatch(/kubelet: has SHA-256 \w+, expected \w+$/m);
    expect(said).toMatch(/kubectl: redirects to http:\/\/127/);
    expect(tunnels).toContain('mirror.example:443');
    expect(await create('other.example', env)).toMatch(/kubelet: the certificate is for another name$/m);
  });

  it('trusts no other CA', async () => {
    expect(await create('mirror.example', {})).toMatch(
      /kubelet: the certificate is not signed by a CA that this machine trusts$/m,
    );
  });
});
